"""Two tenants, all scopes, all operations, each with the other's ids: the same 404 as for an id that nobody has.

Read off the application (RELIABILITY 23), so that an operation that somebody adds is looked at by itself: the names of
its path parameters are columns, and the other tenant has a row in every table.
"""

import json
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx2
import pytest

from service import main
from service.campaigns.codes import address_of
from service.cli.admin import make_keys
from service.kit.ids import new_id
from service.problems import Conflict, NotFound
from service.tenants.scopes import Scope
from tests.faults.test_row_security import inhabit
from tests.faults.writer import write
from tests.fixtures.house import House, TenantUnderTest
from tests.make.wire import places, problem

# The catalogue comes with the service and is everybody's.
SHARED = {"catalogue.copy", "catalogue.get", "catalogue.page"}
OURS = "enps"
# What is of no tenant.
FIXED = {"number": "1", "chart": "means"}
# OAuth2 ignores what it does not know (RFC 6749, 3.2).
OPEN = {"oauth.token"}
# Here faults of a document are an answer.
ANSWERS_FAULTS = {"questionnaires.import", "questionnaires.validate"}
VOLATILE = {"x-request-id", "ratelimit", "date"}
AS_OF = re.compile(r'"as_of":"[^"]+"')
"""The moment at which a list was asked for."""
UPDATED_AT = re.compile(r'"updated_at":"[^"]+"')
UUIDS = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Operation:
    """One operation as the application describes it."""

    name: str
    method: str
    path: str
    described: dict[str, Any]
    examples: tuple[Any, ...]

    @property
    def scope(self) -> str | None:
        security = self.described.get("security")
        return None if not security else str(security[1]["OAuth2"][0])

    def parameters(self, place: str) -> list[str]:
        return [one["name"] for one in self.described.get("parameters", []) if one["in"] == place]

    @property
    def body(self) -> Any:
        return deepcopy(self.examples[0]) if self.examples else None


def operations() -> list[Operation]:
    document = json.loads(main.description())
    return [
        Operation(one["operationId"], method.upper(), path, one, tuple(_examples(document, one)))
        for path, methods in document["paths"].items()
        for method, one in methods.items()
    ]


def _examples(document: dict[str, Any], operation: dict[str, Any]) -> Iterator[Any]:
    media = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if media is None:
        return
    yield from (example["value"] for example in media.get("examples", {}).values())
    if "example" in media:
        yield media["example"]
    for part, wrap in ((media["schema"], False), (media["schema"].get("items", {}), True)):
        name = part.get("$ref", "").rpartition("/")[2]
        model = document["components"]["schemas"][name] if name else part
        yield from ([one] if wrap else one for one in model.get("examples", []))


OPERATIONS = operations()
KEYED = [one for one in OPERATIONS if one.scope is not None]
WITH_IDS = [one for one in KEYED if one.parameters("path") and one.name not in SHARED]


class World:
    """A tenant that has one of everything, and a stranger with a key for each scope."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.tenant_id = inhabit(house)
        state = house.client.app.state  # type: ignore[attr-defined]  # Starlette types the app as a callable
        _, keys = house.run(make_keys, state.database, state.registrar, self.tenant_id)
        self.owner = TenantUnderTest(house, self.tenant_id, keys)
        self.stranger = house.tenant("stranger")
        self._known: dict[str, str] = {}

    def owned(self, parameter: str) -> str:
        """A value of the owner's for a path parameter: of a column that is named like it."""
        if parameter not in self._known:
            self._known[parameter] = self._look_up(parameter)
        return self._known[parameter]

    def _look_up(self, parameter: str) -> str:
        if parameter == "wave":
            wave = UUID(self.owned("wave_id"))
            return address_of(self.tenant_id, wave)
        columns = write(
            self.house,
            """
            SELECT table_name FROM information_schema.columns WHERE table_schema = 'pouls' AND column_name = $1
            AND table_name IN (SELECT table_name FROM information_schema.columns WHERE column_name = 'tenant_id')
            ORDER BY (table_name <> regexp_replace($1, '_id$', '')), table_name
            """,
            parameter,
        )
        for (table,) in columns:
            rows = write(
                self.house,
                f"SELECT {parameter}::text FROM {table} WHERE tenant_id = $1 AND {parameter} IS NOT NULL",  # noqa: S608 - names of ours
                self.tenant_id,
            )
            if rows:
                return str(rows[0][0])
        raise AssertionError(f"nothing of the owner's is called {parameter}: add one to `inhabit`, or a look here")


@pytest.fixture(scope="module")
def world(house: House) -> World:
    return World(house)


def unknown(value: str) -> str:
    """A value of the same form that nobody has."""
    return str(new_id()) if UUIDS.fullmatch(value) else f"zz{new_id().hex}"


Value = Callable[[str], str]


def called(tenant: TenantUnderTest, scope: str | None, one: Operation, value: Value, body: Any = None) -> Any:
    path = one.path
    for parameter in one.parameters("path"):
        given = FIXED.get(parameter) or (OURS if one.name in SHARED else value(parameter))
        path = path.replace(f"{{{parameter}}}", given)
    query = {"format": "json"} if "format" in one.parameters("query") else {}
    request = {} if one.method == "GET" or body is None else {"json": body}
    return tenant.call(scope, one.method, path, params=query, **request)


def shown(answer: httpx2.Response, *ids: str) -> tuple[int, str, list[str]]:
    """All of an answer that could tell: status, body, names of headers. The id that was asked for is our own."""
    text = AS_OF.sub("", answer.text)
    for ident in ids:
        text = text.replace(ident, "ID")
    return answer.status_code, text, sorted(name for name in answer.headers if name not in VOLATILE)


def _own(answer: httpx2.Response, *names: str) -> tuple[int, str, list[str]]:
    """What is told of a thing that was just made, but for its name and its moment."""
    status, text, headers = shown(answer, *names)
    return status, UPDATED_AT.sub("", text), headers


def differences(world: World, scopes: list[str]) -> dict[str, Any]:
    """Operations that tell another tenant's id from one that nobody has, or answer either by anything but 404."""
    found: dict[str, Any] = {}
    for one in WITH_IDS:
        for scope in scopes:
            drawn: dict[str, str] = {}

            def nobodys(parameter: str, drawn: dict[str, str] = drawn) -> str:
                return drawn.setdefault(parameter, unknown(world.owned(parameter)))

            theirs = called(world.stranger, scope, one, world.owned, one.body)
            none = called(world.stranger, scope, one, nobodys, one.body)
            if one.name in OWN_NAMES:
                names = [world.owned(parameter) for parameter in drawn], drawn.values()
                same = _own(theirs, *names[0]) == _own(none, *names[1])
            else:
                same = theirs.content == none.content and shown(theirs) == shown(none)
            if not same:
                found[f"{one.name} as {scope}"] = shown(theirs), shown(none)
            expected = 404 if scope == one.scope else 403
            if theirs.status_code != expected and one.name not in OWN_NAMES:
                found[f"{one.name} as {scope}"] = shown(theirs), expected
    return found


OWN_NAMES = {"benchmarks.put", "import_mappings.put"}
"""The parameter is a name that each tenant gives by itself: to write there makes one's own, and tells of that alone."""


def test_the_look_is_wide_enough(world: World) -> None:
    assert len(WITH_IDS) > 30
    parameters = {parameter for one in WITH_IDS for parameter in one.parameters("path")} - FIXED.keys()
    assert {"campaign_id", "wave_id", "release_id", "key_id", "questionnaire_id", "draft_id"} <= parameters
    for parameter in parameters:
        assert world.owned(parameter)


def test_the_owner_finds_what_the_stranger_does_not(world: World) -> None:
    """Or a 404 would prove nothing: with the owner's own key, each read of one thing finds it."""
    missed = {}
    for one in WITH_IDS:
        if one.method == "GET":
            answer = called(world.owner, one.scope, one, world.owned)
            if answer.status_code == 404:
                missed[one.name] = answer.text
    # The wave whose id comes first may have none of these.
    assert set(missed) <= {"waves.destruction", "waves.contract", "releases.certificate", "erasures.get"}, missed


def test_another_tenants_id_is_an_unknown_one_for_every_scope(world: World) -> None:
    before = _everything(world)
    assert differences(world, [str(scope) for scope in Scope]) == {}
    assert _everything(world) == before


def _everything(world: World) -> dict[str, str]:
    """A digest of all that the owner has; its due work apart, which is the worker's."""
    state = world.house.client.app.state  # type: ignore[attr-defined]  # Starlette types the app as a callable
    world.house.run(state.readings.write)  # what the owner has read before is written down a little later
    tables = write(world.house, "SELECT tablename FROM pg_tables WHERE schemaname = 'pouls'")
    out = {}
    for (table,) in tables:
        if table in {"job", "worker_heartbeat", "alembic_version"}:
            continue
        digest = f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t WHERE tenant_id = $1"  # noqa: S608 - a name of ours
        out[table] = write(world.house, digest, world.tenant_id)[0][0]
    return out


LEAKS: dict[str, type[Exception]] = {"another status": Conflict, "its own words": NotFound}


@pytest.mark.parametrize("leak", LEAKS)
def test_an_operation_that_tells_would_be_found(world: World, monkeypatch: pytest.MonkeyPatch, leak: str) -> None:
    """Row security keeps the rows apart whatever a query forgets; what could still tell is how a refusal is put."""
    from service.campaigns import queries  # noqa: PLC0415 - the module to break

    usual, taken = queries.campaign, UUID(world.owned("campaign_id"))

    async def tells(tx: Any, tenant: UUID, campaign: UUID, **more: Any) -> Any:
        if campaign == taken and tenant != world.tenant_id:
            raise Conflict if leak == "another status" else NotFound(f"There is no campaign {campaign} of yours.")
        return await usual(tx, tenant, campaign, **more)

    monkeypatch.setattr(queries, "campaign", tells)
    found = differences(world, ["campaigns:write"])
    assert {name.partition(" ")[0] for name in found} >= {"campaigns.get", "campaigns.close", "campaigns.waves"}


def ids_in(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Places of UUIDs in a body."""
    if isinstance(value, str) and UUIDS.fullmatch(value):
        yield path
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, entry in entries:
        yield from ids_in(entry, (*path, step))


def put(body: Any, path: tuple[Any, ...], value: str) -> Any:
    out = deepcopy(body)
    at = out
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return out


def column_of(path: tuple[Any, ...]) -> str:
    name = next(str(step) for step in reversed(path) if isinstance(step, str))
    return name if name.endswith("_id") else f"{name.rstrip('s')}_id"


def test_another_tenants_ids_in_a_body_or_a_query_are_unknown_ones_too(world: World) -> None:
    looked = 0
    for one in KEYED:
        formats = {
            parameter["name"]
            for parameter in one.described.get("parameters", [])
            if parameter["in"] == "query" and '"format": "uuid"' in json.dumps(parameter["schema"])
        }
        own = {parameter: world.owned(parameter) for parameter in one.parameters("path") if parameter not in FIXED}
        for name in formats:
            value = world.owned(f"{name}_id")
            answers = [
                world.stranger.call(one.scope, one.method, one.path.format(**own, number=1), params={name: each})
                for each in (value, unknown(value))
            ]
            assert shown(answers[0], value) == shown(answers[1], value), one.name
            looked += 1
        for path in ids_in(one.body):
            value, other = world.owned(column_of(path)), str(new_id())
            answers = [
                called(world.stranger, one.scope, one, world.owned, put(one.body, path, each))
                for each in (value, other)
            ]
            assert shown(answers[0], value) == shown(answers[1], other), one.name
            assert not answers[0].is_success, one.name
            looked += 1
    assert looked >= 2


EXTRA = {"tenant_id": str(new_id()), "k": 1}


@pytest.mark.parametrize("one", [one for one in OPERATIONS if one.examples], ids=lambda one: one.name)
def test_a_field_that_is_not_asked_for_is_refused(world: World, one: Operation) -> None:
    """Nobody chooses their tenant, nor the protection, by a field beside the others."""
    if one.name in OPEN:
        return
    body = one.body
    at = body[0] if isinstance(body, list) else body
    at.update(EXTRA)
    answer = called(world.owner, one.scope, one, world.owned, body)
    place = "/0" if isinstance(body, list) else ""
    if one.name in ANSWERS_FAULTS:
        assert {fault["pointer"] for fault in answer.json()["faults"]} >= {"/tenant_id", "/k"}
    else:
        told = places(problem(answer, 422, "invalid"))
        unnamed = {"": "has a field that is not known"}  # the hot route reads by hand, and says no more
        assert told == unnamed or told.keys() >= {f"{place}/tenant_id", f"{place}/k"}, told


def test_every_body_that_is_json_has_been_looked_at() -> None:
    without = {
        one.name
        for one in OPERATIONS
        if not one.examples and "application/json" in one.described.get("requestBody", {}).get("content", {})
    }
    assert without == set()
