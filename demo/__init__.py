"""A small FastAPI app whose logins are Connect SQLite sessions.  Run it with `make demo`.

Read `app.py` first: it is all that an app needs.  `pages.py` uses the session, `devices.py` finds
the other sessions of a person.
"""
