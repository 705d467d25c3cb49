"""The gate: puts a VoteWave under load and says whether it is good enough; docs/load.md explains it.

`stage` makes polls and voters through the public API, `loadtests.generator` (a process of its own, Locust) votes,
reads and watches, `checks` compares what is stored with what was acknowledged, `verdict` holds all of it against
`loadtests/gates.toml`.
"""
