"""
GraphQL over what imports wrote: a stand-in for the portal's API where its image isn't.

`alembic upgrade head` in this folder makes or upgrades the tables, `python -m examples.api` serves them.
"""
