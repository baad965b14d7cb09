"""What the cellar knows, in SQLite: bottles, racks, people and what they did.

Plain functions over a `sqlite3.Connection`. Nothing here knows of requests or of the framework,
so the same functions serve pages, JSON, sockets and commands.
"""
