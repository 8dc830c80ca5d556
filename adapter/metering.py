"""What this process counts of itself, for Prometheus; what the database knows is told when it is asked for."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

COUNTED = CollectorRegistry()
"""Of this process, not of this library."""

ATTEMPTS = Counter(
    "paingate_attempts", "Attempts of this process to bring or fetch something, by what came of them.",
    ["partner", "outcome"], registry=COUNTED,
)  # fmt: skip
REQUESTS = Histogram(
    "paingate_request_seconds", "Requests that this process answered, and how long that took.",
    ["door", "method", "status"], registry=COUNTED,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)  # fmt: skip
