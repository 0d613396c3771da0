"""The API's description: what FastAPI derives, plus the hot route, plus problem+json everywhere."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts

import service
from service.campaigns.taking_part.schemas import Invitation
from service.kit import idempotency_told
from service.kit.idempotency import WRITES
from service.people.schemas import OrgUnitIn, PersonIn
from service.problems import MEDIA_TYPE, ProblemOut, RateLimited
from service.responses.respond import DOCUMENTATION, REFUSALS
from service.tenants.presented import BASIC_SCOPE, SCHEMES
from service.tenants.schemas import AuditLine
from service.webhooks import documented

TITLE = "Pouls"
DESCRIPTION = (
    "Diagnostic questionnaires, pulse surveys and anonymised aggregates, for other systems to call. "
    "Every error is `application/problem+json` (RFC 9457) and never repeats what was sent. "
    "A withheld aggregate is a row with a reason, never a hole and never a number. "
    "SCIM 2.0 is at `/scim/v2`, with the same keys (`people:write`): it describes itself under `/ResourceTypes` and "
    "`/Schemas`, and has errors of its own form. "
    "OData 4.0 is at `/odata/`, with the same keys (`aggregates:read`), also by HTTP Basic: it describes itself under "
    "`/odata/$metadata`, and has errors of its own form."
)
TAGS = [
    {"name": "HRIS", "description": "People, org units, questionnaires, campaigns, participation links."},
    {"name": "Intranet", "description": "The questionnaire, and answers to it."},
    {"name": "BI", "description": "Releases and their cells."},
    {"name": "Operators", "description": "Keys, audit log, probes."},
]
# Of these, errors are read by machines that want them so: an orchestrator's probe, an OAuth2 library.
FORMS_OF_THEIR_OWN = frozenset({"oauth.token", "service.ready"})
_READ_BY_LINE = (OrgUnitIn, PersonIn, Invitation, AuditLine)


def version() -> str:
    return service.__version__


def build(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            tags=TAGS,
        )
        schemas = document["components"]["schemas"]
        for model in (*_READ_BY_LINE, ProblemOut):
            schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas |= schema.pop("$defs", {})
            schemas[model.__name__] = schema
        schemas |= documented.schemas()
        document["webhooks"] = documented.webhooks()
        _document_hot_route(document)
        _say_keys(document, app)
        _say_scopes(document, app)
        _only_problems(document)
        app.openapi_schema = document
    return app.openapi_schema


def _document_hot_route(document: dict[str, Any]) -> None:
    reference = {"schema": {"$ref": "#/components/schemas/ProblemOut"}}
    refusals = {
        str(status): {"description": refusal["description"], "content": {MEDIA_TYPE: reference}}
        for status, refusal in REFUSALS.items()
    }
    operation = DOCUMENTATION | {"responses": DOCUMENTATION["responses"] | refusals}
    document["paths"].setdefault("/v1/respond", {})["post"] = operation


def _say_scopes(document: dict[str, Any], app: FastAPI) -> None:
    """Which scope an operation asks for, as the last line of what it says; none where it needs no key."""
    routes = [one for one in iter_route_contexts(app.routes) if hasattr(one, "dependant")]
    scopes = {str(one.operation_id): sorted(set(_scopes(one.dependant))) for one in routes}
    for operations in document["paths"].values():
        for operation in operations.values():
            for scope in scopes.get(operation["operationId"], []):
                operation["description"] += f"\n\nScope: `{scope}`."


def _say_keys(document: dict[str, Any], app: FastAPI) -> None:
    """Which schemes an operation takes beside an API key, and which writes take an Idempotency-Key."""
    document["components"].setdefault("securitySchemes", {}).update(SCHEMES)
    for one in iter_route_contexts(app.routes):
        if not hasattr(one, "dependant"):
            continue
        for method in one.methods or ():
            operation = document["paths"].get(one.path_format, {}).get(method.lower())
            if operation is None:  # not described here, as another standard's face of the same
                continue
            if method in WRITES:
                idempotency_told.tell(operation, one.dependant)
            if operation.get("security"):
                scopes = sorted(set(_scopes(one.dependant)))
                operation["security"] += [{"OAuth2": scopes}]
                operation["security"] += [{"Basic": []}] if str(BASIC_SCOPE) in scopes else []


def _scopes(dependant: Dependant) -> Iterator[str]:
    scope = getattr(dependant.call, "scope", None)  # set by `holding`
    if scope is not None:
        yield scope
    for one in dependant.dependencies:
        yield from _scopes(one)


def _only_problems(document: dict[str, Any]) -> None:
    """Errors are problems, with no other shape: FastAPI's own 422 leaves, and what any operation may answer comes."""
    reference = {"schema": {"$ref": "#/components/schemas/ProblemOut"}}
    for path, operations in document["paths"].items():
        for operation in operations.values():
            responses = operation["responses"]
            if operation.get("security"):
                responses.setdefault("401", {"description": "`unauthenticated`: no valid key"})
                responses.setdefault("403", {"description": "`forbidden`: the key lacks the scope"})
                limited = f"`{RateLimited.slug}`: {RateLimited.__doc__}"
                responses.setdefault("429", {"description": limited})
            if path.startswith("/v1/"):
                responses.setdefault("422", {"description": "`invalid`: a query parameter that is not known, or twice"})
            responses.setdefault("503", {"description": "`busy`: try again in a moment"})
            for status, response in responses.items():
                if status >= "400" and operation["operationId"] not in FORMS_OF_THEIR_OWN:
                    response["content"] = {MEDIA_TYPE: reference}
    for name in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(name, None)
