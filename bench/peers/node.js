// Node's original behind a pipe.  The protocol is told in _child.py.
//   node --expose-gc node.js NODE_MODULES DATABASE SESSIONS
// With `-` for SESSIONS it opens the database once, answers how long that took, and ends.
const fs = require('fs')
const path = require('path')
const readline = require('readline')

const [modules, database, sessionsFile] = process.argv.slice(2)
const load = (name) => require(path.join(path.resolve(modules), name))
const SQLiteStore = load('@sailscastshq/connect-sqlite')(load('express-session'))

const DAY = 86_400_000
const opening = process.hrtime.bigint()
const store = new SQLiteStore({ url: database })
const opened = process.hrtime.bigint() - opening
const ignore = () => {}

if (sessionsFile === '-') {
  console.log(String(opened))
  store.close()
  process.exit(0)
}

const ids = []
const unknown = []
const sessions = []
for (const line of fs.readFileSync(sessionsFile, 'utf8').split('\n')) {
  if (line === '') continue
  const [id, other, text] = line.split('\t')
  ids.push(id)
  unknown.push(other)
  sessions.push(JSON.parse(text))
}

const start = Date.now() + DAY
let changes = 0
function change(number) {
  changes += 1
  sessions[number].views += 1
  sessions[number].cookie.expires = new Date(start + changes).toISOString()
}

const operations = {
  get: (n) => store.get(ids[n], ignore),
  miss: (n) => store.get(unknown[n], ignore),
  set: (n) => store.set(ids[n], sessions[n], ignore),
  touch: (n) => store.touch(ids[n], sessions[n], ignore),
  set_then_get: (n) => {
    store.set(ids[n], sessions[n], ignore)
    store.get(ids[n], ignore)
  },
  destroy: (n) => store.destroy(ids[n], ignore),
  create: (n) => store.set(ids[n], sessions[n], ignore),
}
const writes = new Set(['set', 'touch', 'set_then_get', 'create'])

function run(name, order) {
  const operation = operations[name]
  if (writes.has(name)) for (const number of order) change(number)
  global.gc()
  const began = process.hrtime.bigint()
  for (const number of order) operation(number)
  return String(process.hrtime.bigint() - began)
}

function check() {
  let answer = 'error it did not return what was saved'
  change(0)
  store.set(ids[0], sessions[0])
  store.get(ids[0], (failed, found) => {
    store.get(unknown[0], (alsoFailed, missing) => {
      const same = found !== null && found.views === sessions[0].views
      if (!failed && !alsoFailed && same && missing === null) answer = 'ok'
    })
  })
  return answer
}

ids.forEach((_, number) => operations.set(number))
console.log(load('@sailscastshq/connect-sqlite/package.json').version)
readline
  .createInterface({ input: process.stdin })
  .on('line', (line) => {
    const [command, name, ...order] = line.split(' ')
    console.log(command === 'run' ? run(name, order.map(Number)) : check())
  })
  .on('close', () => store.close())
