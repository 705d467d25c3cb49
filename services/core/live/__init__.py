"""Live streams: what changes is sent at once, by one protocol for everything, over WebSocket and SSE.

A `Source` says what a kind of stream is made of; a `Watch` reads one stream for all who follow it in this process; the
`Hub` holds the connections. docs/api/live.md tells clients, docs/decisions/0042-one-live-protocol.md why.
"""
