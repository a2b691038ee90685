"""Three keys, and looks into a file by somebody who has none of them."""

import apsw

OLD, NEW, OTHER = (bytes([number]) * 32 for number in (1, 2, 3))
LATER = 1_900_000_000_000


def rows(path):
    with apsw.Connection(str(path)) as db:
        found = db.execute("SELECT sid, sess, expired FROM sessions ORDER BY sid").fetchall()
    db.close()
    return found


def write(path, sql, *values):
    """As somebody would who may write the file, and has no key."""
    with apsw.Connection(str(path)) as db:
        db.execute("PRAGMA busy_timeout = 5000")
        db.execute(sql, values)
    db.close()


def everything(path):
    """All that is on the disk of a database that is open."""
    return b"".join(each.read_bytes() for each in sorted(path.parent.iterdir()))


def unreadable(store):
    """How many rows it has met that it could not read."""
    return store.stats()["errors"].get("unreadable", 0)
