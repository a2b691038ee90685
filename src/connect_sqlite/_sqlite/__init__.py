"""How SQLite is driven.  Only `operations` and `schema` know the table."""
