"""An HRIS that uses the generated Python client: connects people, prepares a campaign, reads back; prints what it saw.

Usage: journey.py URL, with a line of JSON on standard input that has a key for each scope.
"""

import json
import sys

from pouls_client import AuthenticatedClient
from pouls_client.api.hris import (
    campaigns_create,
    campaigns_forecast,
    catalogue_copy,
    dimensions_put,
    org_units_list,
    org_units_put,
    people_put,
)
from pouls_client.api.operators import api_keys_create, api_keys_list
from pouls_client.models import CampaignIn, Dimension, ForecastIn, KeyIn, OrgUnitIn, PersonIn, ProblemOut

url, keys = sys.argv[1], json.load(sys.stdin)


def client(scope: str) -> AuthenticatedClient:
    return AuthenticatedClient(base_url=url, token=keys[scope])


hris = client("people:write")
values = [{"id": "lyon", "label": {"fr": "Lyon"}}, {"id": "paris", "label": {"fr": "Paris"}}]
dimensions_put.sync(client=hris, body=[Dimension.from_dict({"name": "site", "values": values})])
units = [OrgUnitIn(external_id="TOP", name="Company"), OrgUnitIn(external_id="A", name="Sales", parent="TOP")]
told_units = org_units_put.sync(client=hris, body=units)
people = [PersonIn(external_id=f"E{number}", unit="A") for number in range(12)]
told_people = people_put.sync(client=hris, body=people)
again = people_put.sync(client=hris, body=people)
refused = people_put.sync(client=hris, body=[PersonIn(external_id="X", unit="nowhere")])
listed = org_units_list.sync(client=hris)

copied = catalogue_copy.sync(client=client("questionnaires:write"), key="team_temperature")
campaigns = client("campaigns:write")
campaign = campaigns_create.sync(
    client=campaigns,
    body=CampaignIn.from_dict({"name": "Pulse", "questionnaire": copied.key, "audience": {"units": ["TOP"]}}),
)
forecast = campaigns_forecast.sync(client=campaigns, campaign_id=campaign.id, body=ForecastIn())

admin = client("admin")
made = api_keys_create.sync(client=admin, body=KeyIn.from_dict({"name": "BI", "scopes": ["aggregates:read"]}))
names = [key.name for key in api_keys_list.sync(client=admin)]

print(
    json.dumps(
        {
            "units": told_units.created,
            "people": told_people.created,
            "unchanged": again.unchanged,
            "refused": [refused.status, refused.errors[0].additional_properties["pointer"]]
            if isinstance(refused, ProblemOut)
            else None,
            "listed": sorted(unit.external_id for unit in listed.data),
            "state": str(campaign.state),
            "invited": forecast.invited,
            "key": made.key[:6],
            "named": "BI" in names,
        }
    )
)
