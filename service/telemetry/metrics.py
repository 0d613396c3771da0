"""Every metric, declared once. No label ever holds a tenant, person, unit, code or answer."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("pouls_requests_total", "HTTP requests", ["method", "route", "status"])
REQUEST_SECONDS = Histogram(
    "pouls_request_seconds",
    "Time to the end of the answer, in seconds",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
INTAKE_RECORDED = Counter("pouls_intake_recorded_total", "Responses committed")
INTAKE_WAITING = Gauge("pouls_intake_waiting", "Responses waiting for their group commit")
INTAKE_BATCH = Histogram(
    "pouls_intake_batch_responses", "Responses in one group commit", buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
)
JOBS = Counter("pouls_jobs_total", "Due work taken", ["kind", "outcome"])
RELEASE_SECONDS = Histogram(
    "pouls_release_seconds", "Time to build one release, in seconds", ["stage"], buckets=(0.01, 0.1, 0.5, 1, 5, 30, 120)
)
RELEASE_CELLS = Counter("pouls_release_cells_total", "Release cells by outcome", ["status"])
WEBHOOKS = Counter("pouls_webhook_attempts_total", "Attempts to deliver an event", ["outcome"])
WEBHOOK_SECONDS = Histogram(
    "pouls_webhook_seconds", "Time of one attempt to deliver an event, in seconds", buckets=(0.05, 0.25, 1, 5, 15, 60)
)
WEBHOOKS_DISABLED = Counter("pouls_webhook_endpoints_disabled_total", "Endpoints given up", ["outcome"])
