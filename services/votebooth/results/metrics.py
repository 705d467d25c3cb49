"""Metrics of results; names and labels as in `core.metrics`."""

from prometheus_client import Counter, Histogram

COUNT_SECONDS = Histogram(
    "votewave_count_duration_seconds",
    "Time to count a poll from its counters.",
    ["method"],
    buckets=(0.001, 0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10),
)
RECOUNT_MISMATCHES = Counter(
    "votewave_recount_mismatches_total", "Polls whose counters a recount of the ballots contradicted."
)
RECOUNTS = Counter("votewave_recounts_total", "Polls recounted and compared with their counters.")
