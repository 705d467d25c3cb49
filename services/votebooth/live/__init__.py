"""Live results: one watcher per watched poll in each process, fanned out to WebSocket and SSE clients.

A watcher reads the poll when it hears that it changed, at most ten times a second (less often while its process has
many connections), and looks once a second by itself, since what it hears are only hints. What each client gets is
decided by `results.visibility` at every push. A slow client misses pushes and then gets a snapshot; it holds up nobody.
"""
