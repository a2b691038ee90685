// The Express app.  Its twin is app.py: the same routes in the same order, on the same sessions.
const { createHash } = require('crypto')
const { readFileSync } = require('fs')
const Database = require('better-sqlite3')
const express = require('express')
const session = require('express-session')
const SQLiteStore = require('@sailscastshq/connect-sqlite')(session)

const { DATABASE, SECRET, PORT, OTHER } = process.env
const NAME = 'express-and-fastapi'

// As docs/sharing.md has it: this SQLite had better make no checkpoints, so the Python side does.
const db = new Database(DATABASE)
db.pragma('journal_mode = WAL')
db.pragma('wal_autocheckpoint = 0')

const app = express()
app.use(
  session({
    store: new SQLiteStore({ client: db }),
    secret: SECRET,
    name: NAME,
    resave: false,
    saveUninitialized: false,
    cookie: { sameSite: 'lax' }
  })
)
app.use(express.urlencoded())

app.get('/', (req, res) => {
  const { user, count = 0 } = req.session
  res.set('Cache-Control', 'no-store')
  if (!user) return res.send(page('signed-out', { count }))
  return res.send(page('signed-in', { count, handle: handle(req), name: user.name, by: user.by }))
})

app.post('/sign-in', async (req, res) => {
  const name = String(req.body?.name ?? '').trim()
  if (!name || name.length > 40) return res.status(400).send('A name has 1 to 40 characters.')
  await rotate(req)
  req.session.user = { name, by: 'Express' }
  return back(req, res)
})

app.post('/count', (req, res) => {
  req.session.count = (req.session.count ?? 0) + (req.body?.step === '10' ? 10 : 1)
  back(req, res)
})

app.post('/rotate', async (req, res) => {
  if (req.session.user) await rotate(req)
  back(req, res)
})

app.post('/sign-out', (req, res, next) => {
  req.session.destroy((error) => {
    if (error) return next(error)
    return res.clearCookie(NAME).redirect(303, '/')
  })
})

app.get('/style.css', (req, res) => res.sendFile(`${__dirname}/pages/style.css`))

// A new id for the same data, the old one dead: what session.rotate() does on the other side.
async function rotate(req) {
  const { cookie, ...data } = req.session
  await new Promise((resolve, reject) => {
    req.session.regenerate((error) => (error ? reject(error) : resolve()))
  })
  Object.assign(req.session, data)
}

// What session.handle says on the other side: a name that may be shown, unlike the id.
function handle(req) {
  const digest = createHash('sha256').update('connect-sqlite handle:' + req.sessionID).digest()
  return digest.subarray(0, 16).toString('base64url')
}

// Express sends a redirect's headers before it saves; whoever follows them must find the session.
function back(req, res) {
  req.session.save((error) => (error ? res.sendStatus(503) : res.redirect(303, '/')))
}

function page(file, values) {
  const all = { ...values, here: 'Express', there: 'FastAPI', other: OTHER }
  return readFileSync(`${__dirname}/pages/${file}.html`, 'utf8').replace(/\$(\w+)/g, (_, key) =>
    String(all[key]).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
  )
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    db.close()
    process.exit(0)
  })
}

app.listen(Number(PORT), '127.0.0.1', (error) => {
  if (error) throw error
})
