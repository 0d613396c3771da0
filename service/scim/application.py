"""SCIM 2.0, mounted at /scim: the library's ASGI application over our keys, our transactions and our errors.

One transaction for a request, committed before the answer leaves; each operation of a bulk request in a savepoint. The
caller is who every other operation has, and is counted as there: `authenticated` keeps the rate limit too. A body is
read once its sender is known.
"""

from collections.abc import Mapping as Map
from typing import Final
from urllib.parse import parse_qsl

import structlog
from scim2_models import SCIMException
from scim2_server.applications.asgi import ASGIApplication
from scim2_server.applications.base import BaseApplication
from scim2_server.requests import ScimRequest
from scim2_server.responses import ScimResponse
from scim2_server.routing import Operation, Target
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from service.kit.pace import body_of
from service.people.queries import dimension_values
from service.problems import Busy, Internal, Problem, Unauthenticated, place_of_error, problem_of
from service.scim.mapping import DEFAULT
from service.scim.models import Providers
from service.scim.protocol import Handler, Service
from service.scim.queries import mapping_of
from service.scim.storage import Storage
from service.scim.within import Within, opened
from service.tenants.actions import audit
from service.tenants.admission import admitted
from service.tenants.presented import Presented, presented
from service.tenants.principals import authenticated, base_of, database_of, demand, now_of
from service.tenants.scopes import Scope as KeyScope

log = structlog.get_logger()
PREFIX: Final = "/scim"
WRITES: Final = frozenset({Operation.create, Operation.replace, Operation.patch, Operation.delete, Operation.bulk})
WITH_BODY: Final = (WRITES - {Operation.delete}) | {Operation.search_with_body}
_OF_DISCOVERY: Final = frozenset(
    {Operation.resource_types, Operation.resource_type, Operation.schemas, Operation.schema}
)


class _Route:
    """What metrics and the access log call a request by; never the path as sent."""

    def __init__(self, path: str) -> None:
        self.path = path


_ROUTES: Final = {
    Operation.bulk: _Route(f"{PREFIX}/v2/Bulk"),
    Operation.service_provider_config: _Route(f"{PREFIX}/v2/ServiceProviderConfig"),
    **dict.fromkeys(_OF_DISCOVERY, _Route(f"{PREFIX}/v2/{{discovery}}")),
    **dict.fromkeys((Operation.search, Operation.create), _Route(f"{PREFIX}/v2/{{resources}}")),
    Operation.search_with_body: _Route(f"{PREFIX}/v2/{{resources}}/.search"),
    **dict.fromkeys(
        (Operation.query, Operation.replace, Operation.patch, Operation.delete),
        _Route(f"{PREFIX}/v2/{{resources}}/{{id}}"),
    ),
}


class ScimApplication(ASGIApplication):
    """One for a process. What it works with it finds in the state of the application that it is mounted in."""

    def __init__(self) -> None:
        self._providers = Providers()
        # Cursors are sealed by the service of each request, under the process's secret: this one seals none.
        provider = self._providers.of(DEFAULT, {})
        BaseApplication.__init__(self, provider, Service(provider, b"unused"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # type: ignore[override]  # the types are Starlette's
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        try:
            response = await self._answer(request, self._asked(request))
        except ClientDisconnect:
            return  # nobody reads an answer
        except Exception as error:  # noqa: BLE001 - the last stop, as SCIM wants it said: to the log by its name alone
            response = self._refusal(error)
        await self.send_response(response, send)

    def _asked(self, request: Request) -> ScimRequest:
        """The request, without its body."""
        return ScimRequest(
            method=request.method,
            base_url=f"{base_of(request)}{PREFIX}/v2",
            path=self.split_path(self.get_path(dict(request.scope))),
            query=dict(parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)),
            headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.scope["headers"]],
        )

    async def _body(self, request: Request, asked: ScimRequest) -> bytes:
        """The body, or one byte more than it may have, so that the library refuses it. Raises TooSlow."""
        most = (self.service.max_body_size(asked) or 0) + 1
        body = bytearray()
        async for chunk in body_of(request):
            body += chunk[: most - len(body)]
            if len(body) == most:
                break
        return bytes(body)

    async def _answer(self, request: Request, asked: ScimRequest) -> ScimResponse:
        with self.provider:
            target = self.service.match(asked)
        request.scope["route"] = _ROUTES[target.operation]
        if target.operation is Operation.service_provider_config:  # for everybody, by RFC 7643
            with self.provider:
                return self.service.service_provider_config(asked.url, asked.query)
        scheme, _, text = (asked.header("Authorization") or "").partition(" ")
        key = presented(request, text.strip()) if scheme.lower() == "bearer" else None
        if key is None:
            raise Unauthenticated
        # Nobody's body is read before they are known, nor stands a stranger in a tenant's line; and while a body comes
        # or others have their turn there is no transaction: so there are two.
        if target.operation in WRITES | WITH_BODY:
            await admitted(request, key, database_of(request), KeyScope.people_write)
        if target.operation in WITH_BODY:
            asked.body = await self._body(request, asked)
        return await self._within_a_transaction(request, asked, target, key)

    async def _within_a_transaction(
        self, request: Request, asked: ScimRequest, target: Target, key: Presented
    ) -> ScimResponse:
        async with opened(request, key.tenant_id, writes=target.operation in WRITES) as tx:
            now = now_of(request)
            caller = await authenticated(request, key, tx, now)
            demand(caller, KeyScope.people_write)
            dimensions = await dimension_values(tx, caller.tenant_id)
            mapping = await mapping_of(tx, caller.tenant_id)
            within = Within(tx, caller.tenant_id, mapping, dimensions, now, base=f"{asked.base_url}/")
            provider = self._providers.of(mapping, _listed(dimensions))
            service = Service(provider, request.app.state.scim_secret)
            shows = not {"attributes", "excludedAttributes"}.isdisjoint(asked.query)
            handler = Handler(service, Storage(provider, within), shows_patched=shows)
            response = await handler.handle(asked)
            if within.done:
                audit(tx, caller.tenant_id, now, caller.actor, "scim.write", str(caller.tenant_id), **within.done)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    def _refusal(self, error: Exception) -> ScimResponse:
        response = self.service.error_response(error)
        if isinstance(error, SCIMException):
            return response
        problem = problem_of(error)
        if isinstance(problem, Internal | Busy) and not isinstance(error, Problem):
            log.error("request failed", problem=type(error).__name__, at=place_of_error(error), shown_as=problem.slug)
        response.headers |= problem.headers
        return response


def _listed(dimensions: Map[str, set[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(sorted(values)) for name, values in dimensions.items()}
