/* The limit behind a pipe: what a session store on SQLite must do, and nothing else.
 * The protocol is told in _child.py.   c_limit DATABASE SESSIONS
 *
 * Prepared statements, one transaction a call, WAL, synchronous NORMAL, 64 MiB of cache; no index on
 * expiry.  A read copies the text and the expiry out, as a caller needs them; JSON is not parsed. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY_MS 86400000LL

struct session {
    char *id, *unknown, *text;
    char *views; /* where the text counts views: six digits that change before each save */
};

static sqlite3 *db;
static sqlite3_stmt *get_stmt, *set_stmt, *touch_stmt, *create_stmt, *destroy_stmt;
static struct session *sessions;
static size_t count;
static long long changes;
static char copied[65536];
static long long copied_expiry;

static void fail(const char *what) {
    printf("error %s: %s\n", what, db ? sqlite3_errmsg(db) : "");
    exit(1);
}

static long long now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static long long monotonic_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static sqlite3_stmt *prepare(const char *sql) {
    sqlite3_stmt *stmt;
    if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL) != SQLITE_OK)
        fail(sql);
    return stmt;
}

static void open_database(const char *path) {
    if (sqlite3_open(path, &db) != SQLITE_OK) fail("open");
    if (sqlite3_exec(db,
                     "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
                     "PRAGMA cache_size = -65536;"
                     "CREATE TABLE sessions (sid TEXT PRIMARY KEY, sess TEXT NOT NULL,"
                     " expired INTEGER NOT NULL)",
                     NULL, NULL, NULL) != SQLITE_OK)
        fail("create");
    get_stmt = prepare("SELECT sess, expired FROM sessions WHERE sid = ? AND expired > ?");
    set_stmt = prepare("INSERT INTO sessions VALUES (?, ?, ?) ON CONFLICT DO UPDATE"
                       " SET sess = excluded.sess, expired = excluded.expired");
    touch_stmt = prepare("UPDATE sessions SET expired = ? WHERE sid = ? AND expired > ?");
    create_stmt = prepare("INSERT INTO sessions VALUES (?, ?, ?)");
    destroy_stmt = prepare("DELETE FROM sessions WHERE sid = ?");
}

/* Does what the statement says; for a read, copies the row.  1 if there was a row. */
static int step(sqlite3_stmt *stmt) {
    int code = sqlite3_step(stmt), found = code == SQLITE_ROW;
    if (found) {
        const char *text = (const char *)sqlite3_column_text(stmt, 0);
        size_t size = (size_t)sqlite3_column_bytes(stmt, 0);
        if (size >= sizeof copied) fail("a session is too large");
        memcpy(copied, text, size);
        copied[size] = 0;
        copied_expiry = sqlite3_column_int64(stmt, 1);
    } else if (code != SQLITE_DONE) {
        fail("step");
    }
    sqlite3_reset(stmt);
    return found;
}

static void bind_id(sqlite3_stmt *stmt, int at, const char *id) {
    sqlite3_bind_text(stmt, at, id, (int)strlen(id), SQLITE_STATIC);
}

static int get(const char *id) {
    bind_id(get_stmt, 1, id);
    sqlite3_bind_int64(get_stmt, 2, now_ms());
    return step(get_stmt);
}

static void save(sqlite3_stmt *stmt, struct session *s) {
    bind_id(stmt, 1, s->id);
    sqlite3_bind_text(stmt, 2, s->text, (int)strlen(s->text), SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 3, now_ms() + DAY_MS);
    step(stmt);
}

static void touch(struct session *s) {
    long long now = now_ms();
    sqlite3_bind_int64(touch_stmt, 1, now + DAY_MS + changes);
    bind_id(touch_stmt, 2, s->id);
    sqlite3_bind_int64(touch_stmt, 3, now);
    step(touch_stmt);
    changes++;
}

static void destroy(const char *id) {
    bind_id(destroy_stmt, 1, id);
    step(destroy_stmt);
}

static void change(struct session *s) {
    char digits[8];
    snprintf(digits, sizeof digits, "%06lld", ++changes % 1000000);
    memcpy(s->views, digits, 6);
}

static void load(const char *path) {
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t space = 0, room = 0;
    ssize_t length;
    if (!file) fail("sessions");
    while ((length = getline(&line, &space, file)) > 0) {
        if (line[length - 1] == '\n') line[length - 1] = 0;
        if (count == room) {
            room = room ? room * 2 : 1024;
            sessions = realloc(sessions, room * sizeof *sessions);
            if (!sessions) fail("memory");
        }
        struct session *s = &sessions[count++];
        s->id = strdup(strtok(line, "\t"));
        s->unknown = strdup(strtok(NULL, "\t"));
        s->text = strdup(strtok(NULL, "\t"));
        s->views = strstr(s->text, "\"views\":");
        if (!s->views) fail("a session counts no views");
        s->views += strlen("\"views\":");
    }
    free(line);
    fclose(file);
}

static void run(const char *name, char *numbers) {
    static size_t *order;
    size_t n = 0;
    if (!order && !(order = malloc(count * sizeof *order))) fail("memory");
    for (char *word = strtok(numbers, " "); word && n < count; word = strtok(NULL, " "))
        order[n++] = strtoul(word, NULL, 10);
    int saves = !strcmp(name, "set") || !strcmp(name, "create") || !strcmp(name, "set_then_get");
    for (size_t i = 0; saves && i < n; i++) change(&sessions[order[i]]);

    long long began = monotonic_ns();
    if (!strcmp(name, "get"))
        for (size_t i = 0; i < n; i++) get(sessions[order[i]].id);
    else if (!strcmp(name, "miss"))
        for (size_t i = 0; i < n; i++) get(sessions[order[i]].unknown);
    else if (!strcmp(name, "set"))
        for (size_t i = 0; i < n; i++) save(set_stmt, &sessions[order[i]]);
    else if (!strcmp(name, "touch"))
        for (size_t i = 0; i < n; i++) touch(&sessions[order[i]]);
    else if (!strcmp(name, "set_then_get"))
        for (size_t i = 0; i < n; i++) {
            save(set_stmt, &sessions[order[i]]);
            get(sessions[order[i]].id);
        }
    else if (!strcmp(name, "destroy"))
        for (size_t i = 0; i < n; i++) destroy(sessions[order[i]].id);
    else if (!strcmp(name, "create"))
        for (size_t i = 0; i < n; i++) save(create_stmt, &sessions[order[i]]);
    else
        fail("unknown operation");
    printf("%lld\n", monotonic_ns() - began);
}

static void check(void) {
    change(&sessions[0]);
    save(set_stmt, &sessions[0]);
    int same = get(sessions[0].id) && !strcmp(copied, sessions[0].text) && copied_expiry > now_ms();
    puts(same && !get(sessions[0].unknown) ? "ok" : "error it did not return what was saved");
}

int main(int argc, char **argv) {
    char *line = NULL;
    size_t space = 0;
    ssize_t length;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc != 3) fail("usage: c_limit DATABASE SESSIONS");
    open_database(argv[1]);
    load(argv[2]);
    for (size_t i = 0; i < count; i++) save(set_stmt, &sessions[i]);
    puts(sqlite3_libversion());
    while ((length = getline(&line, &space, stdin)) > 0) {
        line[strcspn(line, "\n")] = 0;
        if (!strncmp(line, "run ", 4)) {
            char *name = line + 4, *numbers = strchr(name, ' ');
            *numbers++ = 0;
            run(name, numbers);
        } else {
            check();
        }
    }
    free(line);
    return sqlite3_close_v2(db);
}
