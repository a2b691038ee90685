"""Carries sessions over from other stores: `python -m connect_sqlite.migrate --help`.

Nothing is ever unpickled.
"""
