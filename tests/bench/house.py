"""A running service with one open wave, made through its public API as a customer would."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from service.cli import campaign_run
from service.cli.admin import make_tenant, registrar_of
from service.cli.client import Client
from service.kit.db import Database
from tests.bench import interruptible, survey
from tests.bench.ground import Child, Ground

# Launching freezes a roster of a million lines in one statement.
LAUNCH_S = 300


@dataclass(frozen=True, slots=True)
class House:
    """The API's process, with the worker's beside it, and a client with all keys of one tenant."""

    api: Child
    url: str
    tenant: UUID
    client: Client


def a_tenant(ground: Ground) -> tuple[UUID, dict[str, str]]:
    """A new one, with a key for each scope."""

    async def tenant() -> tuple[UUID, dict[str, str]]:
        database = Database(ground.postgres.url("pouls_app"), "pouls_app", ground.settings.database)
        try:
            return await make_tenant(database, registrar_of(ground.settings), "bench")
        finally:
            await database.close()

    return interruptible.run(tenant())


def serving(ground: Ground, name: str, **settings: str) -> AbstractContextManager[Child]:
    """`pouls serve` on a port of its own; several may serve one database."""
    serve = ("service.cli", "serve", "--no-with-worker", "--host", "127.0.0.1", "--port", "0", "--json")
    told = {"POULS_HTTP_METRICS_PORT": "0", "POULS_DATABASE_STATEMENT_TIMEOUT_S": str(LAUNCH_S)}
    return ground.child(name, *serve, told=ground.told("pouls_app") | told | settings)


@contextmanager
def house(ground: Ground) -> Iterator[House]:
    """`pouls serve` and `pouls work`, each in a process of its own, as deployed; access log and metrics on."""
    tenant_id, keys = a_tenant(ground)
    with ExitStack() as stack:
        stack.enter_context(
            ground.child("work", "service.cli", "work", told=ground.told("pouls_work"), says_ready=False)
        )
        api = stack.enter_context(serving(ground, "serve"))
        client = Client(api.line["url"], keys, threading.Event())
        stack.callback(client.close)
        yield House(api, api.line["url"], tenant_id, client)


def organise(house: House, levels: tuple[int, ...], people: Sequence[tuple[str, str]] = ()) -> None:
    """Org units, and people as (person, unit)."""
    house.client.upsert("/v1/org-units", survey.units(levels))
    if people:
        house.client.upsert(
            "/v1/people",
            ({"source": survey.SOURCE, "external_id": person, "unit": unit} for person, unit in people),
        )


def open_wave(house: House, items: int) -> dict[str, Any]:
    """A questionnaire and a campaign over the whole organisation, launched."""
    document = survey.questionnaire(items)
    campaign_run.ensure_questionnaire(house.client, document)
    campaign = {
        "name": "bench",
        "questionnaire": document["key"],
        "audience": {"source": survey.SOURCE, "units": [survey.TOP]},
    }
    return campaign_run.ensure_launched(house.client, campaign)
