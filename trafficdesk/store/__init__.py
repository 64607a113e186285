"""History: what was seen survives. One schema, an embedded database by default, any SQLAlchemy URL instead.

`schema` says what is kept and how a row meets its predecessor, `database` is one open store, `rollup` makes rows of
packets, `writer` writes them without ever holding up a capture, `history` answers questions.
"""
