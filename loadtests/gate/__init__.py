"""The gate: puts VoteWave under load and decides whether it is good enough; docs/load.md explains it.

`setup` creates polls and voters through the public API, `loadtests.generator` (a separate process, Locust) votes,
reads and watches, `checks` compares what is stored with what was acknowledged, and `verdict` compares all results with
the thresholds in `loadtests/gates.toml`.
"""
