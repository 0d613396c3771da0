"""Calls that meet a writer of the organisation: they wait for a while, hold nothing meanwhile, and are told so."""

import asyncio
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from service.people import turns
from service.people.lock import lock_organisation
from service.people.problems import OrganisationBusy
from service.routes import ROUTERS
from service.tenants.keys import Key
from tests.fixtures.house import House, TenantUnderTest
from tests.make.at_once import PEOPLE, POOL, Process, a_process, header, held_by, until, waiting
from tests.make.scim import ERROR, USER
from tests.make.wire import Sent, problem
from tests.make.world import a_campaign, a_questionnaire, an_org, ok

CAMPAIGNS = "campaigns:write"
LONG = 60.0
AT_ONCE = 20


@pytest.fixture(scope="module")
def process(house: House) -> Iterator[Process]:
    with a_process(house) as made:
        yield made


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is refused while the test looks at what they wait for."""
    monkeypatch.setattr(turns, "PATIENCE_S", LONG)


class Case(NamedTuple):
    """One call that writes the organisation, or freezes it."""

    method: str
    path: str
    body: Any = None
    scope: str = PEOPLE
    slug: str = "organisation-busy"
    kind: str = ""


CASES = {
    "org_units.put": Case("PUT", "/v1/org-units", [{"external_id": "C", "name": "Team C", "parent": "TOP"}]),
    "people.put": Case("PUT", "/v1/people", [{"external_id": "C-1", "unit": "A"}]),
    "dimensions.put": Case(
        "PUT", "/v1/dimensions", [{"name": "site", "values": [{"id": "lyon", "label": {"en": "Lyon"}}]}]
    ),
    "people_imports.create": Case(
        "POST", "/v1/people/imports?mode=partial", "matricule;service\nC-2;A\n", slug="import-running", kind="text/csv"
    ),
    "people_imports.undo": Case("POST", "/v1/people/imports/{import}/undo", slug="import-running"),
    "reorganisations.create": Case(
        "POST", "/v1/reorganisations?dry_run=true", {"merges": [{"units": ["A"], "into": "B"}]}
    ),
    "reorganisations.cancel": Case("POST", "/v1/reorganisations/{reorganisation}/cancel"),
    "scim_mapping.put": Case("PUT", "/v1/scim-mapping", {"groups": "units", "unit": "groups"}),
    "campaigns.launch": Case("POST", "/v1/campaigns/{campaign}/launch", scope=CAMPAIGNS),
    "data_subjects.erase": Case("POST", "/v1/data-subjects/erase", {"external_id": "A-0"}, "admin"),
}
OF_SCIM = {
    "a User of SCIM": Case(
        "POST", "/scim/v2/Users", {"schemas": [USER], "userName": "new@example.com"}, kind="application/scim+json"
    ),
    "a User of SCIM who goes": Case("DELETE", "/scim/v2/Users/{user}"),
}
LOCKED_BEFORE = {"campaigns.launch": ["campaign RowExclusiveLock", "campaign RowShareLock"]}
"""See the docstring of `lock`: the campaign is not launched yet, and nobody else locks it with the organisation."""


def target(tenant: TenantUnderTest, case: Case) -> Case:
    """The case with the id of what it is about, which is made."""
    if "{import}" in case.path:
        headers = {"content-type": "text/csv"}
        file = b"matricule;service\nA-1;B\n"
        made = tenant.call(PEOPLE, "POST", "/v1/people/imports?mode=partial", content=file, headers=headers)
        return case._replace(path=case.path.format_map({"import": ok(made, 201)["id"]}))
    if "{reorganisation}" in case.path:
        planned = {"on": "2099-01-01", "merges": [{"units": ["A"], "into": "B"}]}
        made = tenant.call(PEOPLE, "POST", "/v1/reorganisations", json=planned)
        return case._replace(path=case.path.format(reorganisation=ok(made, 201)["id"]))
    if "{campaign}" in case.path:
        a_questionnaire(tenant)
        return case._replace(path=case.path.format(campaign=a_campaign(tenant)["id"]))
    return case


def sent(process: Process, tenant: TenantUnderTest, case: Case) -> "asyncio.Task[Sent]":
    return process.call(tenant, case.method, case.path, case.body, case.scope, case.kind)


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("name", CASES)
def test_a_call_waits_without_a_connection_and_then_without_a_lock(
    tenant: TenantUnderTest, process: Process, name: str
) -> None:
    """First for its turn in its process, then for who writes elsewhere."""
    an_org(tenant, {"A": 12, "B": 12})
    case, ident = target(tenant, CASES[name]), tenant.tenant_id

    async def go() -> tuple[list[str], Sent]:
        async with process.another(ident) as elsewhere:
            async with process.turns.turn(ident):
                call = sent(process, tenant, case)

                async def in_line() -> bool:
                    return process.turns.calls(ident) == 2

                await until(in_line, call)
                assert process.taken == 0, "it waits in memory and holds a connection"

            async def in_the_database() -> bool:
                return len(await waiting(elsewhere)) == 1

            await until(in_the_database, call)
            (pid,) = await waiting(elsewhere)
            held = await held_by(elsewhere, pid)
        return held, await call

    held, answer = tenant.house.run(go)
    assert held == LOCKED_BEFORE.get(name, [])
    assert 200 <= answer.status_code < 300, answer.text
    assert process.turns.calls(ident) == 0


@pytest.mark.parametrize("name", CASES)
def test_whoever_waits_too_long_is_told_so_and_may_come_again(
    tenant: TenantUnderTest, process: Process, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    an_org(tenant, {"A": 12, "B": 12})
    case, ident = target(tenant, CASES[name]), tenant.tenant_id
    before = tenant.sql("SELECT count(*) FROM audit_entry")
    monkeypatch.setattr(turns, "PATIENCE_S", 0.05)

    async def go() -> list[Sent]:
        async with process.another(ident):
            answers = [await sent(process, tenant, case)]
        async with process.turns.turn(ident):
            return [*answers, await sent(process, tenant, case)]

    for answer in tenant.house.run(go):
        problem(answer, 409, case.slug)
        assert int(header(answer, "retry-after")) > 0
    assert tenant.sql("SELECT count(*) FROM audit_entry") == before
    monkeypatch.setattr(turns, "PATIENCE_S", LONG)

    async def again() -> Sent:
        return await sent(process, tenant, case)

    assert 200 <= tenant.house.run(again).status_code < 300


def forged(tenant: TenantUnderTest) -> TenantUnderTest:
    """The tenant as somebody knows it who has none of its keys; each wrong one is for another id."""
    return replace(tenant, keys={scope: Key(tenant.tenant_id, uuid4(), bytes(20)).text() for scope in tenant.keys})


def powerless(tenant: TenantUnderTest) -> TenantUnderTest:
    """With a key that may not do it."""
    return replace(tenant, keys=dict.fromkeys(tenant.keys, tenant.keys["aggregates:read"]))


@pytest.mark.parametrize("name", [*CASES, "a User of SCIM", "a User of SCIM who goes"])
@pytest.mark.parametrize(("caller", "status"), [(forged, 401), (powerless, 403)])
def test_whoever_may_not_write_stands_in_no_line(
    tenant: TenantUnderTest,
    process: Process,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    caller: Callable[[TenantUnderTest], TenantUnderTest],
    status: int,
) -> None:
    """Else it is full of them, and the tenant's own calls are refused."""
    monkeypatch.setattr(turns, "PATIENCE_S", 0.0)
    case = (CASES | OF_SCIM)[name]
    path = re.sub(r"\{\w+\}", str(UUID(int=7)), case.path)

    async def go() -> Sent:
        async with process.turns.turn(tenant.tenant_id):
            return await sent(process, caller(tenant), case._replace(path=path))

    assert tenant.house.run(go).status_code == status


def test_a_directory_is_told_so_in_the_form_of_scim(
    tenant: TenantUnderTest, process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not as a 409, which directories take for a user that is there already."""
    ident = tenant.tenant_id
    monkeypatch.setattr(turns, "PATIENCE_S", 0.05)

    async def go() -> list[Sent]:
        async with process.another(ident):
            answers = [await process.a_user(tenant, "new@example.com")]
        async with process.turns.turn(ident):
            return [*answers, await process.a_user(tenant, "new@example.com")]

    for answer in tenant.house.run(go):
        assert header(answer, "content-type") == "application/scim+json"
        assert (answer.status_code, answer.json()["schemas"], answer.json()["status"]) == (503, [ERROR], "503")
        assert int(header(answer, "retry-after")) == OrganisationBusy.retry_after_s


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("where", ["in this process", "in another"])
def test_a_tenant_that_waits_for_its_import_leaves_the_others_their_answers(
    tenant: TenantUnderTest, process: Process, where: str
) -> None:
    ident = tenant.tenant_id
    other = tenant.house.tenant("other")
    done: asyncio.Event = asyncio.Event()

    async def an_import() -> None:
        """As it is in this process: in its turn, with a connection of the pool."""
        database = process.app.state.database
        async with process.turns.turn(ident), database.transaction(ident) as tx:
            await lock_organisation(tx, ident)
            await done.wait()

    async def beside() -> list[Sent]:
        writes = [process.a_user(tenant, f"user-{number}@example.com") for number in range(AT_ONCE)]
        there = AT_ONCE + (where == "in this process")

        async def all_there() -> bool:
            return process.turns.calls(ident) == there and process.taken == 1

        await until(all_there, *writes)
        asked = [process.call(other, "GET", "/v1/org-units") for _ in range(POOL)]
        asked += [process.a_user(other, f"user-{number}@example.com") for number in range(POOL)]
        for answer in await asyncio.gather(*asked):
            assert answer.status_code in {200, 201}, answer.text
        assert process.taken == 1
        assert not any(write.done() for write in writes)
        done.set()
        return writes

    async def go() -> list[Sent]:
        if where == "in another":
            async with process.another(ident):
                writes = await beside()
        else:
            held = asyncio.ensure_future(an_import())

            async def has_it() -> bool:
                return process.taken == 1

            await until(has_it, held)
            writes = await beside()
            await held
        return await asyncio.gather(*writes)

    assert [answer.status_code for answer in tenant.house.run(go)] == [201] * AT_ONCE
    assert tenant.sql("SELECT count(*) FROM scim_user")[0][0] == AT_ONCE


@pytest.mark.usefixtures("patient")
def test_of_all_tenants_together_few_connections_wait(house: House, process: Process) -> None:
    """A quarter of the pool; the next is refused at once."""
    tenants = [house.tenant(f"tenant {number}") for number in range(4)]
    last = house.tenant("nobody writes its organisation")

    async def go() -> list[Sent]:
        first, second, third, fourth = (one.tenant_id for one in tenants)
        async with (
            process.another(first) as elsewhere,
            process.another(second),
            process.another(third),
            process.another(fourth),
        ):
            calls = [process.call(one, "PUT", "/v1/org-units", [{"external_id": "A", "name": "A"}]) for one in tenants]

            async def settled() -> bool:
                return len(await waiting(elsewhere)) == POOL // 4 and sum(call.done() for call in calls) == 2

            await until(settled)
            assert process.taken == POOL // 4
            beside = await process.call(last, "PUT", "/v1/org-units", [{"external_id": "A", "name": "A"}])
            assert beside.status_code == 200, beside.text
        return await asyncio.gather(*calls)

    answers = house.run(go)
    refused = [answer for answer in answers if answer.status_code != 200]
    assert len(refused) == 2
    for answer in refused:
        problem(answer, 409, "organisation-busy")
        assert int(header(answer, "retry-after")) > 0


def tree(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for one in dependant.dependencies:
        yield from tree(one)


def test_every_operation_that_locks_the_organisation_waits_for_its_turn() -> None:
    """Those of rows and files take it once their body is there; SCIM has no operations of this kind."""
    marked = set()
    for mounted in ROUTERS:
        for route in mounted.router.routes:
            assert isinstance(route, APIRoute)
            names = [getattr(one.call, "__qualname__", "") for one in tree(route.dependant)]
            if any(name.startswith("in_turn.") for name in names):
                assert names.index("in_turn.<locals>.turn") < names.index("transaction"), route.operation_id
                scopes = {one.call.scope for one in tree(route.dependant) if hasattr(one.call, "scope")}
                assert len(scopes) == 1, (route.operation_id, "it admits others than it serves")
                marked.add(route.operation_id)
    assert marked == (CASES.keys() | {"campaigns.approve"}) - {"org_units.put", "people.put", "people_imports.create"}
