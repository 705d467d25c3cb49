"""VoteBooth's metrics; names and labels as in `core.observe.metrics`."""

from prometheus_client import Counter, Gauge, Histogram

VOTES = Counter(
    "votewave_votebooth_ballots_total", "Requests to cast, change or withdraw a ballot, by outcome.", ["outcome"]
)
BATCH = Histogram(
    "votewave_votebooth_batch_ballots",
    "Ballots written in one transaction.",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
)
WAITING = Gauge("votewave_votebooth_waiting_ballots", "Ballots left waiting when a transaction begins.")
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
