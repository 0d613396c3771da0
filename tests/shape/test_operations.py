"""Every operation: who may call it, what it is called, what it says of itself; read off the whole application."""

import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import Mount, Route

from service import main, openapi
from service.kit import idempotency
from service.kit.strict import StrictRoute
from service.routes import PUBLIC, ROUTERS
from service.tenants.presented import takes_basic
from service.tenants.principals import transaction
from service.tenants.scopes import Scope

ROOT = Path(__file__).resolve().parents[2]
HOT = "responses.submit"
FRAMEWORK = {"/openapi.json", "/docs", "/docs/{file}", "/v1/respond"}
MOUNTED = {"/odata", "/scim"}
"""Described by themselves."""
ROUTES = [route for mounted in ROUTERS for route in mounted.router.routes]
METHODS = {"get", "put", "post", "patch", "delete"}


def tree(dependant: Dependant) -> Iterator[Dependant]:
    """A dependency and all that it depends on."""
    yield dependant
    for one in dependant.dependencies:
        yield from tree(one)


def scopes_of(route: APIRoute) -> set[Scope]:
    return {one.call.scope for one in tree(route.dependant) if hasattr(one.call, "scope")}  # type: ignore[union-attr]  # hasattr says so


def routes() -> list[APIRoute]:
    assert all(isinstance(route, APIRoute) for route in ROUTES)
    return [route for route in ROUTES if isinstance(route, APIRoute)]


def by_id() -> dict[str, APIRoute]:
    return {str(route.operation_id): route for route in routes()}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    described: dict[str, Any] = json.loads(main.description())
    return described


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        operation["operationId"]: operation
        for path in document["paths"].values()
        for method, operation in path.items()
        if method in METHODS
    }


def test_nothing_hops_into_a_thread_to_be_looked_up() -> None:
    """A dependency that is no coroutine costs each request a thread: more than the look at the caller's key."""
    hopping = {
        str(one.call)
        for route in routes()
        for one in tree(route.dependant)
        if not any(map(inspect.iscoroutinefunction, (one.call, getattr(one.call, "__call__", None))))  # noqa: B004
        and not inspect.isasyncgenfunction(one.call)
    }
    assert not hopping


def test_nothing_is_served_that_is_not_on_the_list(document: dict[str, Any]) -> None:
    app = main.routed(main._nowhere)
    plain = [route.path for route in app.routes if isinstance(route, Route)]
    assert sorted(plain) == sorted(FRAMEWORK)
    assert {route.path for route in app.routes if isinstance(route, Mount)} == MOUNTED
    assert len(app.routes) == len(FRAMEWORK) + len(MOUNTED) + len(ROUTERS)
    assert set(operations(document)) == {*by_id(), HOT}
    assert len(by_id()) == len(routes())


def test_every_operation_has_a_scope_or_is_public() -> None:
    without = {name for name, route in by_id().items() if not scopes_of(route)}
    assert without | {HOT} == PUBLIC
    for name, route in by_id().items():
        assert len(scopes_of(route)) == (name not in PUBLIC), name


def test_an_operation_without_a_scope_would_be_found() -> None:
    router = APIRouter()

    @router.get("/open")
    async def unguarded() -> None:
        """Nobody is asked for a key."""

    (route,) = router.routes
    assert isinstance(route, APIRoute)
    assert scopes_of(route) == set()


def test_every_scope_is_of_use() -> None:
    assert {scope for route in routes() for scope in scopes_of(route)} == set(Scope)


def test_the_description_says_which_operations_want_a_key(document: dict[str, Any]) -> None:
    for name, operation in operations(document).items():
        assert bool(operation.get("security")) == (name not in PUBLIC), name


def test_the_description_says_which_scope_an_operation_needs(document: dict[str, Any]) -> None:
    asked = by_id()
    for name, operation in operations(document).items():
        scopes = scopes_of(asked[name]) if name in asked else set()
        said = re.findall(r"Scope: `(.+?)`\.", operation["description"])
        assert said == [str(scope) for scope in scopes], name
        assert not scopes or operation["description"].endswith("`."), name


def test_the_guide_says_the_same_scopes() -> None:
    guide = (ROOT / "openapi" / "guides" / "campaigns.md").read_text(encoding="utf-8")
    table = guide.partition("<!-- scopes -->")[2].partition("<!-- end of scopes -->")[0]
    needed = {f"{method} {one.path}": scopes_of(one) for one in routes() for method in one.methods}
    needed["POST /v1/respond"] = set()
    named = 0
    for row in table.strip().splitlines()[2:]:
        steps, said = row.strip("| ").split(" | ")
        for step in re.findall(r"`((?:GET|PUT|POST) .+?)`", steps):
            named += 1
            assert needed[step] == (set() if said == "no key" else {said.strip("`")}), step
    assert named > 15


def test_every_transaction_is_committed_before_the_answer_leaves() -> None:
    found = [one for route in routes() for one in tree(route.dependant) if one.call is transaction]
    assert len(found) > 20
    assert {one.scope for one in found} == {"function"}


SECRET = {
    "api_keys.create": "the key",
    "oauth.token": "an access token",
    "participations.create": "a participation code",
    "responses.kiosk": "a participation code",
    "responses.sign_in": "a participation code",
    "webhook_endpoints.create": "what deliveries are signed with",
    "webhook_endpoints.rotate_secret": "what deliveries are signed with",
}
"""Writes that take no Idempotency-Key, with the secret in their reply, which is told once and never kept."""
PERSONAL = {"data_subjects.export": "all that is known of a person"}
"""Marked the same way: what would be kept is not a secret, but a second copy of somebody's data."""
NOTHING_WRITTEN = {"campaigns.forecast", "questionnaires.import", "questionnaires.validate", "responses.context"}
"""Nor do these, which are POST for their bodies' sake. The hot route takes none: its nonce does the same there."""
SECRET_FIELDS = {"access_token", "client_secret", "code", "key", "link", "password", "secret", "short_code", "token"}
NOT_SECRET = {"QuestionnaireOut.key", "DraftOut.key"}


def writes() -> dict[str, APIRoute]:
    return {name: route for name, route in by_id().items() if set(route.methods) & idempotency.WRITES}


def marked(mark: Any) -> set[str]:
    return {name for name, route in writes().items() if idempotency.reason_without(route.dependant) is mark}


def test_every_write_takes_an_idempotency_key_or_says_why_not(document: dict[str, Any]) -> None:
    assert marked(idempotency.secret_reply) == SECRET.keys() | PERSONAL.keys()
    assert marked(idempotency.nothing_written) == NOTHING_WRITTEN
    takes = marked(None)
    assert len(takes) > 15
    for name, operation in operations(document).items():
        told = [one for one in operation.get("parameters", []) if one["name"] == "Idempotency-Key"]
        assert len(told) == (name in takes), name
        said = operation["description"]
        assert ("Takes no `Idempotency-Key`" in said) == (name in SECRET.keys() | PERSONAL.keys() | NOTHING_WRITTEN), (
            name
        )
    for name in takes:
        responses = operations(document)[name]["responses"]
        assert "`idempotency-in-flight`" in responses["409"]["description"], name
        assert "`idempotency-mismatch`" in responses["422"]["description"], name


def test_a_write_that_takes_a_key_is_claimed_in_its_own_transaction() -> None:
    """The route follows the request, and the scope's check claims it, in the transaction that the handler writes in."""
    for name in marked(None):
        route = by_id()[name]
        assert isinstance(route, StrictRoute), name
        calls = [one.call for one in tree(route.dependant)]
        assert transaction in calls, name
        claims = [call for call in calls if getattr(call, "scope", None) and "check" in call.__qualname__]
        assert claims, f"{name}: no `holding`, so nobody claims the key"


def secrets_in(document: dict[str, Any], schema: Any, seen: set[str]) -> set[str]:
    """Fields of a reply that are named like secrets, as Model.field."""
    found: set[str] = set()
    for part in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        found |= secrets_in(document, part, seen)
    name = str(schema.get("$ref", "")).rpartition("/")[2] if isinstance(schema, dict) else ""
    if name and name not in seen:
        seen.add(name)
        model = document["components"]["schemas"][name]
        found |= {f"{name}.{one}" for one in model.get("properties", {}) if one in SECRET_FIELDS}
        found |= secrets_in(document, model, seen)
    return found


def test_no_reply_that_is_kept_has_a_field_that_is_named_like_a_secret(document: dict[str, Any]) -> None:
    """Whoever adds an operation that tells a secret must mark it: `dependencies=[SECRET_REPLY]`."""
    for name, operation in operations(document).items():
        kept = [one for status, one in operation["responses"].items() if status.startswith("2")]
        found = secrets_in(document, [one.get("content", {}) for one in kept], set())
        if name in marked(None):
            assert found <= NOT_SECRET, name
        elif name in SECRET and name != "oauth.token":
            assert found, name  # so that the look is one


def test_basic_is_taken_where_releases_are_read_and_nowhere_else(document: dict[str, Any]) -> None:
    for name, route in by_id().items():
        reads = scopes_of(route) == {Scope.aggregates_read}
        assert takes_basic(route) == reads, name
        assert ({"Basic": []} in operations(document)[name].get("security", [])) == reads, name


def test_operation_ids_are_noun_verb(document: dict[str, Any]) -> None:
    for name in operations(document):
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*", name), name


def test_every_operation_explains_itself(document: dict[str, Any]) -> None:
    for name, route in by_id().items():
        explained = (route.endpoint.__doc__ or "").strip()
        assert explained.endswith("."), name
        assert explained[0].isupper(), name
    for name, operation in operations(document).items():
        assert operation["summary"], name
        assert operation["description"], name
        assert operation["tags"], name


def test_paths_are_under_the_version_but_for_probes_oauth_and_what_a_browser_loads() -> None:
    for name, route in by_id().items():
        assert route.path.startswith("/v1/") or name.startswith(("service.", "oauth.", "widget.")), name


def examples_in(document: dict[str, Any], media: dict[str, Any]) -> list[Any]:
    """The examples of a body: beside it, or in its schema, or in the schema of its entries."""
    found = [example["value"] for example in media.get("examples", {}).values()]
    found += [media["example"]] if "example" in media else []
    schema = media["schema"]
    for part in (schema, schema.get("items", {})):
        name = part.get("$ref", "").rpartition("/")[2]
        found += (document["components"]["schemas"][name] if name else part).get("examples", [])
    return found


BODIES = [
    "api_keys.create",
    "campaign_rules.put",
    "benchmarks.put",
    "campaigns.create",
    "campaigns.extend",
    "campaigns.forecast",
    "campaigns.reschedule",
    "catalogue.copy",
    "data_subjects.erase",
    "data_subjects.export",
    "dimensions.put",
    "oauth.token",
    "import_mappings.put",
    "org_units.put",
    "participations.create",
    "people.put",
    "people_imports.create",
    "questionnaire_drafts.create",
    "questionnaire_drafts.replace",
    "questionnaires.add_version",
    "questionnaires.create",
    "questionnaires.import",
    "questionnaires.validate",
    "recuts.ask",
    "releases.withdraw",
    "reorganisations.create",
    "responses.context",
    "responses.kiosk",
    "responses.sign_in",
    "scim_mapping.put",
    HOT,
    "webhook_endpoints.change",
    "webhook_endpoints.create",
    "webhook_endpoints.redeliver",
]


def test_these_operations_take_a_body(document: dict[str, Any]) -> None:
    assert sorted(name for name, one in operations(document).items() if "requestBody" in one) == sorted(BODIES)


@pytest.mark.parametrize("name", BODIES)
def test_every_body_has_an_example(document: dict[str, Any], name: str) -> None:
    for media in operations(document)[name]["requestBody"]["content"].values():
        assert examples_in(document, media), name


def test_every_object_that_comes_in_is_closed(document: dict[str, Any]) -> None:
    """A field that nobody knows is refused, not ignored."""
    schemas = document["components"]["schemas"]
    seen: set[str] = set()

    def look(part: Any) -> None:
        if isinstance(part, dict):
            name = str(part.get("$ref", "")).rpartition("/")[2]
            if name and name not in seen:
                seen.add(name)
                if schemas[name].get("type") == "object":
                    assert schemas[name]["additionalProperties"] is False, name
                look(schemas[name])
        for entry in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
            look(entry)

    for name in BODIES:
        look(operations(document)[name]["requestBody"])
    assert {"OrgUnitIn", "PersonIn", "Dimension", "DimensionValue", "CampaignIn", "PolicyIn", "KeyIn"} <= seen


def test_every_error_is_a_problem(document: dict[str, Any]) -> None:
    for name, operation in operations(document).items():
        errors = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
        assert errors, name
        for answer in errors.values():
            if name not in openapi.FORMS_OF_THEIR_OWN:
                assert list(answer["content"]) == ["application/problem+json"], name
                assert answer["content"]["application/problem+json"]["schema"]["$ref"].endswith("/ProblemOut")
            assert answer["description"]
        assert "default" not in operation["responses"]


def test_every_text_and_number_that_comes_in_a_query_is_bounded(document: dict[str, Any]) -> None:
    for name, operation in operations(document).items():
        for parameter in operation.get("parameters", []):
            schema = parameter["schema"]
            kinds = [one for one in schema.get("anyOf", [schema]) if one.get("type") != "null"]
            for kind in kinds:
                if kind["type"] == "boolean":
                    continue
                if kind["type"] == "integer":
                    assert {"minimum", "maximum"} <= kind.keys(), (name, parameter["name"])
                elif parameter["in"] != "path":
                    assert kind.keys() & {"maxLength", "format", "enum", "const"}, (name, parameter["name"])


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    text = json.dumps(document)
    named = set(re.findall(r"#/components/schemas/(\w+)", text))
    assert named <= document["components"]["schemas"].keys()


def test_the_description_is_the_committed_one() -> None:
    committed = (ROOT / "openapi" / "openapi.json").read_text(encoding="utf-8")
    assert main.description() == committed, "run `pouls openapi --out openapi/openapi.json`"
