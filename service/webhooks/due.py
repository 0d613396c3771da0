"""The jobs of webhooks, by the names that stand in the database."""

DELIVER = "deliver_webhooks"
PRUNE = "prune_events"
