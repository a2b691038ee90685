// Express with the session as Sails 1.5 sets it up: its cookie's name, its options, and its rule
// for which requests have none.  Prints the port it listens on; answers with what it has.
const express = require('express')
const session = require('express-session')
const SQLiteStore = require('@sailscastshq/connect-sqlite')(session)

// Sails's LOOKS_LIKE_ASSET_RX.
const LOOKS_LIKE_ASSET = /^[^?]*\/[^?\/]+\.[^?\/]+(\?.*)?$/

const sessions = session({
  store: new SQLiteStore({ url: process.env.DATABASE }),
  secret: process.env.SECRET,
  name: 'sails.sid',
  resave: true,
  saveUninitialized: true
})

const app = express()
app.use((req, res, next) => (LOOKS_LIKE_ASSET.test(req.path) ? next() : sessions(req, res, next)))
app.use((req, res) => {
  if (!req.session) return res.json(null)
  if (req.query.set) req.session.user = { name: req.query.set }
  const { cookie, ...data } = req.session
  return res.json({ id: req.sessionID, data })
})
const server = app.listen(0, '127.0.0.1', () => console.log(server.address().port))
