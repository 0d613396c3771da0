"""What a key may be allowed to do."""

from enum import StrEnum


class Scope(StrEnum):
    people_write = "people:write"
    webhooks_write = "webhooks:write"
    questionnaires_write = "questionnaires:write"
    campaigns_write = "campaigns:write"
    invitations_read = "invitations:read"
    participations_write = "participations:write"
    aggregates_read = "aggregates:read"
    admin = "admin"
