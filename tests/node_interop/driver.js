// The original store, driven by lines of JSON: ["call", ...args] in, {"result"} or {"error"} out.
const readline = require('readline')
const Database = require('better-sqlite3')
const session = require('express-session')
const SQLiteStore = require('@sailscastshq/connect-sqlite')(session)

let store

// A session as express-session makes it, with its Cookie, and as it loads one.
function made(sid, data, maxAge) {
  const made = new session.Session({ sessionID: sid }, data)
  made.cookie = new session.Cookie(maxAge === null ? {} : { maxAge })
  return made
}

const calls = {
  open(options) { store = new SQLiteStore(options) },
  // As docs/sharing.md says, for an SQLite that had better make no checkpoints.
  openWithoutCheckpoints(path) {
    const db = new Database(path)
    db.pragma('journal_mode = WAL')
    db.pragma('wal_autocheckpoint = 0')
    store = new SQLiteStore({ client: db })
  },
  close() { store.close() },
  save(sid, data, maxAge) { return call('set', sid, made(sid, data, maxAge)) },
  retouch(sid, data, maxAge) { return call('touch', sid, made(sid, data, maxAge)) },
  load(sid) {
    const found = call('get', sid)
    if (!found) return null
    const loaded = store.createSession({ sessionID: sid, sessionStore: store }, found)
    const { cookie, ...data } = loaded
    return { data, maxAge: cookie.maxAge, originalMaxAge: cookie.originalMaxAge }
  },
  query(sql) { return store.db.prepare(sql).all() },
  // Many calls in a row, so that both programs write at once; what each answered.
  burst(list) { return list.map(([name, ...args]) => call(name, ...args)) }
}

function call(name, ...args) {
  if (Object.hasOwn(calls, name)) return calls[name](...args)
  let error, result
  store[name](...args, (err, res) => { error = err; result = res })
  if (error) throw error
  return result
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  let answer
  try {
    answer = { result: call(...JSON.parse(line)) }
  } catch (error) {
    answer = { error: String(error) }
  }
  process.stdout.write(JSON.stringify(answer) + '\n')
})
