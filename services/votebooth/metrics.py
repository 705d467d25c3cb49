"""VoteBooth's metrics."""

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
LIVE_CLIENTS = Gauge("votewave_votebooth_live_clients", "Open live connections.")
