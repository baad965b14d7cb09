"""What the cellar knows: bottles, racks, people and what they did.

The tables are classes in `models`. Each module beside it says what can be asked and done: questions are
`select(...)` statements, which a `def` view gives to `db.session` and an `async def` view to
`db.async_session`; deeds use the session of the moment and leave the transaction to their caller.
Nothing here knows of requests.
"""
