"""Live results: polls as live streams, `poll:ID`.

A poll's watch reads it when it hears that it changed, at most ten times a second (less often while its process has many
connections), and looks once a second by itself, since what it hears are only hints. What each viewer gets is decided by
`results.visibility` at every push.
"""
