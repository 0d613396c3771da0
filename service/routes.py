"""The one list of routers: what is served and for whom. Path prefix and scopes are written beside each operation."""

from typing import NamedTuple

from fastapi import APIRouter

from service.campaigns.router import router as campaigns
from service.campaigns.rules.router import router as campaign_rules
from service.campaigns.taking_part.router import router as invitations
from service.people.imports.router import router as people_imports
from service.people.reorganising.router import router as reorganisations
from service.people.router import router as people
from service.privacy.router import router as privacy
from service.questionnaires.catalogue.router import router as catalogue
from service.questionnaires.drafts.router import router as questionnaire_drafts
from service.questionnaires.formats.router import router as questionnaire_formats
from service.questionnaires.router import router as questionnaires
from service.releases.aggregates.router import router as aggregates
from service.releases.benchmarks.router import router as benchmarks
from service.releases.comment_router import router as comments
from service.releases.file_router import router as files
from service.releases.participation_router import router as participation
from service.releases.recut_router import router as recuts
from service.releases.report.router import router as reports
from service.releases.router import router as releases
from service.releases.withdrawing_router import router as withdrawals
from service.responses.context_router import router as context
from service.responses.entry_router import router as entries
from service.responses.router import router as responses
from service.scim.router import router as scim_mapping
from service.telemetry.probes import router as probes
from service.tenants.oauth_router import router as oauth
from service.tenants.router import router as tenants
from service.webhooks.router import router as webhooks
from service.widget.router import router as widget


class Mounted(NamedTuple):
    router: APIRouter
    audience: str
    # Who reads what of it is counted.
    counted: bool = False


ROUTERS = (
    Mounted(people, "HRIS", counted=True),
    Mounted(people_imports, "HRIS"),
    Mounted(reorganisations, "HRIS"),
    Mounted(scim_mapping, "HRIS"),
    Mounted(questionnaires, "HRIS"),
    Mounted(questionnaire_drafts, "HRIS"),
    Mounted(questionnaire_formats, "HRIS"),
    Mounted(catalogue, "HRIS"),
    Mounted(campaigns, "HRIS"),
    Mounted(invitations, "HRIS", counted=True),
    Mounted(campaign_rules, "HRIS"),
    Mounted(participation, "HRIS", counted=True),
    Mounted(recuts, "HRIS", counted=True),
    Mounted(withdrawals, "HRIS"),
    Mounted(webhooks, "HRIS"),
    Mounted(entries, "Intranet"),
    Mounted(context, "Intranet"),
    Mounted(responses, "Intranet"),
    Mounted(widget, "Intranet"),
    Mounted(releases, "BI", counted=True),
    Mounted(files, "BI", counted=True),
    Mounted(aggregates, "BI", counted=True),
    Mounted(benchmarks, "BI", counted=True),
    Mounted(comments, "BI", counted=True),
    Mounted(reports, "BI", counted=True),
    Mounted(tenants, "Operators", counted=True),
    Mounted(privacy, "Operators", counted=True),
    Mounted(oauth, "Operators"),
    Mounted(probes, "Operators"),
)

# Operations that need no key; a test holds every other operation to having a scope.
PUBLIC = frozenset(
    {
        "oauth.keys",
        "oauth.metadata",
        "oauth.token",
        "responses.context",
        "responses.kiosk",
        "responses.questionnaire",
        "responses.sign_in",
        "responses.submit",
        "service.alive",
        "service.ready",
        "widget.page",
        "widget.script",
        "widget.version",
    }
)
