"""Results: who may see them (`visibility`), what they are (`counting`), and how they are kept at hand.

Every way out of VoteBooth that carries a number (REST, WebSocket, SSE, export) asks `visibility.may_see`
about what `service.Results` has read, and nothing else.
"""
