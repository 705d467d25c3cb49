"""Prometheus metrics that every service has. Names follow https://prometheus.io/docs/practices/naming/.

Labels are bounded: a route's template, never its path; no id of a person, poll or session.
"""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("votewave_http_requests_total", "Requests answered.", ["method", "route", "status"])
LATENCY = Histogram(
    "votewave_http_request_duration_seconds",
    "Time from the first byte read to the answer's start.",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
EVENTS_RELAYED = Counter("votewave_events_relayed_total", "Events sent to the stream.", ["service"])
EVENTS_HANDLED = Counter("votewave_events_handled_total", "Events handled or parked.", ["service", "kind", "outcome"])
JOB_RUNS = Counter("votewave_job_runs_total", "Runs of periodic jobs.", ["service", "job", "outcome"])
READY = Gauge("votewave_ready", "1 while the process takes requests.")
DISCOVERY_AGE = Gauge(
    "votewave_discovery_age_seconds",
    "Time since Consul last said where a peer's instances are; it does so every 11 s or sooner.",
    ["peer"],
)
DISCOVERY_INSTANCES = Gauge("votewave_discovery_instances", "Healthy instances of a peer, says Consul.", ["peer"])
LIVE_CONNECTIONS = Gauge("votewave_live_connections", "Open live connections, WebSocket and SSE.", ["service"])
LIVE_ENDED = Counter("votewave_live_connections_ended_total", "Live connections that ended.", ["service", "reason"])
