// Express apps with express-session on the original store, one for each set of options.
// Driven by lines of JSON: ["command", ...args] in, {"result"} or {"error"} out.
const readline = require('readline')
const express = require('express')
const session = require('express-session')
const SQLiteStore = require('@sailscastshq/connect-sqlite')(session)

// Time as the tests set it: all that express-session and its store ask is Date.now().
let now = 0
Date.now = () => now

const sites = []

class Site {
  constructor({ file, options, harness }) {
    this.store = new SQLiteStore({ url: file })
    this.forget()
    this.watch(harness)
    const app = express()
    const guarded = harness.mount ? express() : app
    if (harness.trust) app.set('trust proxy', true)
    for (const name of harness.twice ? [options.name, 'second.sid'] : [options.name]) {
      guarded.use(session({ ...named(options), name, store: this.store }))
    }
    if (harness.another) {
      session({ ...named(options), cookie: { maxAge: 60_000 }, store: this.store })
    }
    guarded.use((req, res) => (pages[req.path.split('/').pop()] || pages.show)(req, res))
    guarded.use((err, req, res, next) => {
      this.errors.push(err.name)
      if (!res.headersSent) res.status(500).json({ error: err.name })
    })
    if (harness.mount) app.use(harness.mount, guarded)
    this.app = app
  }

  forget() {
    Object.assign(this, { calls: [], errors: [], failures: {}, gate: null })
  }

  // Every call is noted; it fails or waits if the test said so.
  watch({ touchless, deferred }) {
    if (touchless) this.store.touch = undefined
    for (const name of ['get', 'set', 'touch', 'destroy']) {
      const call = this.store[name] && this.store[name].bind(this.store)
      if (!call) continue
      this.store[name] = (...args) => {
        this.calls.push(name)
        const [callback] = args.slice(-1)
        if (this.failures[name]) {
          return callback(Object.assign(new Error('the store failed'), this.failures[name]))
        }
        if (name !== 'get' && this.gate) {
          const gate = this.gate
          this.gate = null
          gate.enter()
          return gate.opened.then(() => call(...args))
        }
        return deferred ? setImmediate(() => call(...args)) : call(...args)
      }
    }
  }
}

function later() {
  let settle
  const promise = new Promise((resolve) => { settle = resolve })
  return [promise, settle]
}

// Options that are functions go by name.
const functions = {
  odd: () => 'a/b+c d%é',
  number: () => 5,
  asked: (req) => req.get('x-id'),
  chosen: (req) => (req.get('x-long') ? { maxAge: 60_000 } : {}),
  auto: () => ({ secure: 'auto', sameSite: 'auto' })
}

function named(options) {
  const read = (value) => (typeof value === 'string' && functions[value]) || value
  return { ...options, genid: read(options.genid), cookie: read(options.cookie) }
}

const data = (session) => {
  if (!session) return null
  const { cookie, _session, ...rest } = session
  return rest
}

const pages = {
  show(req, res) { res.json(data(req.session)) },
  nothing(req, res) { res.json({}) },
  id(req, res) { res.json(req.sessionID) },
  count(req, res) {
    req.session.n = (req.session.n || 0) + 1
    res.json(data(req.session))
  },
  set(req, res) {
    Object.assign(req.session, req.query)
    res.json({})
  },
  put(req, res) {
    for (const key in req.query) req.session[key] = JSON.parse(req.query[key])
    res.json({})
  },
  dig(req, res) {
    req.session[req.query.key][req.query.inner] = req.query.value
    res.json({})
  },
  'set-and-unset'(req, res) {
    req.session.passing = 1
    delete req.session.passing
    res.json({})
  },
  reorder(req, res) {
    const value = req.session.a
    delete req.session.a
    req.session.a = value
    res.json({})
  },
  clear(req, res) {
    for (const key in data(req.session)) delete req.session[key]
    res.json({})
  },
  'max-age'(req, res) {
    req.session.cookie.maxAge = Number(req.query.ms)
    res.json({})
  },
  expires(req, res) {
    req.session.cookie.expires = new Date(Number(req.query.at))
    if (req.query.a) req.session.a = req.query.a
    res.json({})
  },
  cookie(req, res) {
    const { maxAge, originalMaxAge } = req.session.cookie
    res.json({ left: maxAge, whole: originalMaxAge })
  },
  regenerate(req, res, then = () => res.json({})) {
    req.session.regenerate(() => {
      Object.assign(req.session, req.query)
      then()
    })
  },
  'regenerate-and-save'(req, res) {
    pages.regenerate(req, res, () => req.session.save(() => res.json({})))
  },
  // What a sign-in does that keeps the data.
  rotate(req, res) {
    const kept = data(req.session)
    pages.regenerate(req, res, () => {
      Object.assign(req.session, kept)
      res.json({})
    })
  },
  destroy(req, res) { req.session.destroy(() => res.json({ left: req.session || null })) },
  null(req, res) {
    Object.assign(req.session, req.query)
    req.session = null
    res.json({})
  },
  delete(req, res) {
    delete req.session
    res.json({})
  },
  save(req, res) {
    Object.assign(req.session, req.query)
    req.session.save(() => res.json({}))
  },
  'save-then-set'(req, res) {
    Object.assign(req.session, req.query)
    req.session.save(() => {
      req.session.after = 'yes'
      res.json({})
    })
  },
  reload(req, res) {
    req.session.local = 1
    req.session.reload((err) => res.json(err ? 'failed' : data(req.session)))
  },
  touch(req, res) {
    req.session.touch()
    res.json({})
  },
  throw(req) {
    Object.assign(req.session, req.query)
    throw new Error('the handler failed')
  },
  redirect(req, res) {
    Object.assign(req.session, req.query)
    res.redirect('/show')
  },
  'own-cookies'(req, res) {
    Object.assign(req.session, req.query)
    res.append('Set-Cookie', 'one=1; Path=/')
    res.append('Set-Cookie', 'two=2; Path=/')
    res.json({})
  },
  stream(req, res) {
    Object.assign(req.session, req.query)
    res.write('first ')
    res.end('last')
  },
  'late-set'(req, res) {
    res.write('first ')
    Object.assign(req.session, req.query)
    res.end('last')
  },
  'end-twice'(req, res) {
    Object.assign(req.session, req.query)
    res.end('once')
    res.end('twice')
  },
  'assign-id'(req, res) {
    const before = req.session.id
    try { req.session.id = 'mine' } catch {}
    res.json(before === req.session.id)
  },
  names(req, res) {
    const found = Object.keys(req.session).filter((key) => key !== 'cookie' && key !== '_session')
    res.json(found.sort())
  }
}

const commands = {
  async start(given) {
    const site = new Site(given)
    const server = site.app.listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    return { site: sites.push(site) - 1, port: server.address().port }
  },
  now(ms) { now = ms },
  forget(site) { sites[site].forget() },
  calls(site) { return sites[site].calls.splice(0) },
  errors(site) { return sites[site].errors.splice(0) },
  fail(site, name, code) { sites[site].failures[name] = { code } },
  emit(site, event) { sites[site].store.emit(event) },
  hold(site) {
    const [entered, enter] = later()
    const [opened, open] = later()
    Object.assign(sites[site], { gate: { enter, opened }, entered, open })
  },
  held(site) { return sites[site].entered },
  release(site) { sites[site].open() }
}

async function answer(line) {
  try {
    const [name, ...args] = JSON.parse(line)
    return { result: await commands[name](...args) }
  } catch (error) {
    return { error: error.name, message: error.message }
  }
}

const lines = readline.createInterface({ input: process.stdin })
lines.on('line', async (line) => process.stdout.write(JSON.stringify(await answer(line)) + '\n'))
lines.on('close', () => process.exit())
