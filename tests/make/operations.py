"""Every operation behind a key, with its scope, and what is put into its path and body to be refused for it."""

from typing import Any

from tests.make.world import QUESTIONNAIRE

HOOK = "https://hris.example/hook"

OPERATIONS = [
    ("people:write", "PUT", "/v1/org-units"),
    ("people:write", "GET", "/v1/org-units"),
    ("people:write", "PUT", "/v1/people"),
    ("people:write", "GET", "/v1/people"),
    ("people:write", "POST", "/v1/people/imports"),
    ("people:write", "GET", "/v1/people/imports"),
    ("people:write", "GET", "/v1/people/imports/{id}"),
    ("people:write", "POST", "/v1/people/imports/{id}/undo"),
    ("people:write", "PUT", "/v1/people/import-mappings/{source}"),
    ("people:write", "GET", "/v1/people/import-mappings/{source}"),
    ("people:write", "PUT", "/v1/dimensions"),
    ("people:write", "GET", "/v1/dimensions"),
    ("people:write", "POST", "/v1/reorganisations"),
    ("people:write", "GET", "/v1/reorganisations"),
    ("people:write", "GET", "/v1/reorganisations/{id}"),
    ("people:write", "POST", "/v1/reorganisations/{id}/cancel"),
    ("people:write", "GET", "/v1/org-unit-lineage"),
    ("people:write", "GET", "/v1/scim-mapping"),
    ("people:write", "PUT", "/v1/scim-mapping"),
    ("questionnaires:write", "POST", "/v1/questionnaires"),
    ("questionnaires:write", "GET", "/v1/questionnaires"),
    ("questionnaires:write", "POST", "/v1/questionnaires/validate"),
    ("questionnaires:write", "POST", "/v1/questionnaires/imports"),
    ("questionnaires:write", "POST", "/v1/questionnaires/{id}/versions"),
    ("questionnaires:write", "GET", "/v1/questionnaires/{id}/versions"),
    ("questionnaires:write", "GET", "/v1/questionnaires/{id}/versions/{number}"),
    ("questionnaires:write", "GET", "/v1/questionnaires/{id}/versions/{number}/changes"),
    ("questionnaires:write", "GET", "/v1/questionnaires/{id}/versions/{number}/export"),
    ("questionnaires:write", "GET", "/v1/questionnaires/{id}/versions/{number}/export/report"),
    ("questionnaires:write", "POST", "/v1/questionnaire-drafts"),
    ("questionnaires:write", "GET", "/v1/questionnaire-drafts"),
    ("questionnaires:write", "GET", "/v1/questionnaire-drafts/{id}"),
    ("questionnaires:write", "PUT", "/v1/questionnaire-drafts/{id}"),
    ("questionnaires:write", "DELETE", "/v1/questionnaire-drafts/{id}"),
    ("questionnaires:write", "POST", "/v1/questionnaire-drafts/{id}/publish"),
    ("questionnaires:write", "GET", "/v1/catalogue"),
    ("questionnaires:write", "GET", "/v1/catalogue/{key}"),
    ("questionnaires:write", "GET", "/v1/catalogue/{key}/page"),
    ("questionnaires:write", "POST", "/v1/catalogue/{key}/copy"),
    ("campaigns:write", "POST", "/v1/campaigns"),
    ("campaigns:write", "GET", "/v1/campaigns"),
    ("campaigns:write", "GET", "/v1/campaigns/{id}"),
    ("campaigns:write", "POST", "/v1/campaigns/{id}/forecast"),
    ("campaigns:write", "POST", "/v1/campaigns/{id}/launch"),
    ("campaigns:write", "POST", "/v1/campaigns/{id}/propose"),
    ("campaigns:write", "POST", "/v1/campaigns/{id}/approve"),
    ("campaigns:write", "POST", "/v1/campaigns/{id}/extend"),
    ("campaigns:write", "PUT", "/v1/campaigns/{id}/schedule"),
    ("campaigns:write", "GET", "/v1/campaigns/{id}/calendar"),
    ("campaigns:write", "POST", "/v1/campaigns/{id}/close"),
    ("campaigns:write", "POST", "/v1/campaigns/{id}/cancel"),
    ("campaigns:write", "GET", "/v1/campaigns/{id}/waves"),
    ("campaigns:write", "GET", "/v1/campaigns/{id}/contract"),
    ("campaigns:write", "GET", "/v1/waves/{id}/contract"),
    ("campaigns:write", "GET", "/v1/waves/{id}/participation"),
    ("campaigns:write", "POST", "/v1/waves/{id}/destroy"),
    ("campaigns:write", "GET", "/v1/waves/{id}/destruction"),
    ("webhooks:write", "POST", "/v1/webhook-endpoints"),
    ("webhooks:write", "GET", "/v1/webhook-endpoints"),
    ("webhooks:write", "GET", "/v1/webhook-endpoints/{id}"),
    ("webhooks:write", "PATCH", "/v1/webhook-endpoints/{id}"),
    ("webhooks:write", "DELETE", "/v1/webhook-endpoints/{id}"),
    ("webhooks:write", "POST", "/v1/webhook-endpoints/{id}/rotate-secret"),
    ("webhooks:write", "POST", "/v1/webhook-endpoints/{id}/enable"),
    ("webhooks:write", "POST", "/v1/webhook-endpoints/{id}/test"),
    ("webhooks:write", "POST", "/v1/webhook-endpoints/{id}/redeliver"),
    ("webhooks:write", "GET", "/v1/webhook-endpoints/{id}/deliveries"),
    ("webhooks:write", "GET", "/v1/events"),
    ("admin", "GET", "/v1/campaign-rules"),
    ("admin", "PUT", "/v1/campaign-rules"),
    ("invitations:read", "GET", "/v1/waves/{id}/invitations"),
    ("participations:write", "POST", "/v1/participations"),
    ("campaigns:write", "POST", "/v1/waves/{id}/recuts"),
    ("campaigns:write", "GET", "/v1/waves/{id}/recuts"),
    ("aggregates:read", "GET", "/v1/releases"),
    ("aggregates:read", "GET", "/v1/releases/{id}"),
    ("aggregates:read", "GET", "/v1/releases/{id}/certificate"),
    ("aggregates:read", "GET", "/v1/releases/{id}/cells"),
    ("aggregates:read", "GET", "/v1/releases/{id}/cells.csv"),
    ("aggregates:read", "GET", "/v1/releases/{id}/comments"),
    ("admin", "POST", "/v1/api-keys"),
    ("admin", "GET", "/v1/api-keys"),
    ("admin", "DELETE", "/v1/api-keys/{id}"),
    ("admin", "GET", "/v1/audit-log"),
    ("admin", "GET", "/v1/audit-log/export"),
    ("admin", "POST", "/v1/data-subjects/export"),
    ("admin", "POST", "/v1/data-subjects/erase"),
    ("admin", "GET", "/v1/erasures/{id}"),
    ("admin", "GET", "/v1/retention"),
    ("admin", "GET", "/v1/read-access"),
]


SCHEDULE = {
    "rule": "FREQ=WEEKLY;BYDAY=MO",
    "starts_on": "2027-03-01",
    "at": "09:00",
    "zone": "Europe/Paris",
    "window_hours": 55,
}
NAMES = {
    "campaigns": "campaign_id",
    "waves": "wave_id",
    "releases": "release_id",
    "api-keys": "key_id",
    "people": "import_id",
    "questionnaires": "questionnaire_id",
    "questionnaire-drafts": "draft_id",
    "webhook-endpoints": "endpoint_id",
    "reorganisations": "reorganisation_id",
    "erasures": "erasure_id",
}


def at(path: str, ident: object) -> str:
    """The path with an id in it; of what has a number or a key as well, the first."""
    return path.format(id=ident, number=1, key="enps", source="hris")


def a_body_for(method: str, path: str) -> dict[str, Any]:
    """What an operation of one thing must be sent to be refused for its id alone."""
    bodies: dict[tuple[str, str], Any] = {
        ("POST", "recuts"): {"breakdowns": [["org", "site"]]},
        ("POST", "extend"): {"closes_at": "2099-01-01T00:00:00Z"},
        ("PUT", "schedule"): SCHEDULE,
        ("POST", "versions"): QUESTIONNAIRE,
        ("PUT", "{id}"): {"document": {}},
        ("PATCH", "{id}"): {},
        ("POST", "redeliver"): {"since": "2027-01-01T00:00:00Z"},
    }
    last = path.rpartition("/")[2]
    return {"json": bodies[method, last]} if (method, last) in bodies else {}
