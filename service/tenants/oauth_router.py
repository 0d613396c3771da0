"""OAuth2 client credentials (RFC 6749, 4.4): short access tokens for API keys, and what a client needs to know of them.

Refusals here have OAuth2's own form, since the clients are OAuth2 libraries: `error` and `error_description`, and no
more than that.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote_plus

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from service.kit.db import Database
from service.kit.idempotency import SECRET_REPLY
from service.kit.strict import StrictRoute, read
from service.problems import RateLimited, TooLarge, TooSlow, problems
from service.tenants.access_tokens import AccessTokens, client_id_of
from service.tenants.keys import Key
from service.tenants.presented import basic_of, key_behind
from service.tenants.principals import Now, base_of, database_of, has_secret, is_good, registrar_of
from service.tenants.rate_limits import RateLimits
from service.tenants.scopes import Scope
from service.tenants.tables import ApiKey
from service.tenants.token_key_files import CACHED, LIFETIME
from service.tenants.token_keys import ALGORITHM

router = APIRouter(route_class=StrictRoute)
BODY_LIMIT = 8192
FORM = "application/x-www-form-urlencoded"
GRANT = "client_credentials"
_PUBLIC = {"Cache-Control": f"public, max-age={int(CACHED.total_seconds())}"}
_NOT_STORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_TEXT = {"type": "string", "maxLength": 500}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            FORM: {
                "schema": {
                    "type": "object",
                    "required": ["grant_type"],
                    "properties": {
                        "grant_type": {"type": "string", "const": GRANT},
                        "scope": _TEXT | {"description": "some of the key's scopes, with spaces between; absent: all"},
                        "client_id": _TEXT | {"description": "as `GET /v1/api-keys` shows it; or by HTTP Basic"},
                        "client_secret": _TEXT | {"description": "the API key; or by HTTP Basic"},
                    },
                },
                "example": {"grant_type": GRANT, "scope": str(Scope.aggregates_read)},
            }
        },
    }
}
_REFUSAL = {
    "type": "object",
    "required": ["error", "error_description"],
    "properties": {
        "error": {"type": "string"},
        "error_description": {"type": "string", "description": "what to do about it, for whoever reads it"},
    },
}
_ERROR = {"application/json": {"schema": _REFUSAL}}
_TOKEN = {
    "type": "object",
    "required": ["access_token", "token_type", "expires_in", "scope"],
    "properties": {
        "access_token": {"type": "string"},
        "token_type": {"type": "string", "const": "Bearer"},
        "expires_in": {"type": "integer"},
        "scope": {"type": "string"},
    },
}
_REPLIES: dict[int | str, dict[str, Any]] = {
    200: {"description": "An access token, good for ten minutes", "content": {"application/json": {"schema": _TOKEN}}},
    400: {"description": "`invalid_request`, `unsupported_grant_type` or `invalid_scope`", "content": _ERROR},
    401: {"description": "`invalid_client`: unknown, expired or revoked: the three look the same", "content": _ERROR},
    429: {"description": "`temporarily_unavailable`: more tokens than a minute may have", "content": _ERROR},
}


_STRANGER = (
    "no valid API key of this client_id: client_id is as GET /v1/api-keys shows it, client_secret the key itself, "
    "neither expired nor revoked"
)
_UNNAMED = "name the client: client_id and client_secret in the form, or both by HTTP Basic, once"


class Refused(Exception):
    """A refusal in OAuth2's form (RFC 6749, 5.2); its description holds nothing of what was sent."""

    def __init__(
        self, error: str, description: str, status: int = 400, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(error)
        self.error = error
        self.description = description
        self.status = status
        self.headers = dict(headers or {})

    def response(self) -> Response:
        told = {"error": self.error, "error_description": self.description}
        return JSONResponse(told, self.status, self.headers | _NOT_STORED)


class Client(NamedTuple):
    """How a client names itself."""

    client_id: str
    secret: str


def _invalid_client(description: str = _STRANGER) -> Refused:
    return Refused("invalid_client", description, 401, {"WWW-Authenticate": 'Basic realm="pouls", charset="UTF-8"'})


@router.post(
    "/oauth/token",
    operation_id="oauth.token",
    response_class=JSONResponse,
    dependencies=[SECRET_REPLY],
    openapi_extra=_BODY,
    responses=_REPLIES | problems(TooSlow),
)
async def issue_token(request: Request, now: Now) -> Response:
    """An access token for an API key (client credentials): its id and itself as client id and secret, Basic or body.

    The token is a Bearer wherever the key is one, for ten minutes, and ends at once when the key is revoked.
    """
    try:
        return await _issue(request, now)
    except Refused as refused:
        return refused.response()
    except RateLimited as limited:
        told = "more tokens than a minute may have: keep one for its ten minutes, and ask again after Retry-After"
        return Refused("temporarily_unavailable", told, limited.status, limited.headers).response()


@router.get("/.well-known/jwks.json", operation_id="oauth.keys", response_class=JSONResponse)
async def list_token_keys(request: Request, now: Now) -> Response:
    """The public keys (RFC 7517) that access tokens are signed with; one that was replaced stays until they run out.

    A new one stands here before it signs, for longer than the reply may be kept.
    """
    tokens: AccessTokens = request.app.state.access_tokens
    return JSONResponse(tokens.keys.published(now), headers=_PUBLIC)


@router.get("/.well-known/oauth-authorization-server", operation_id="oauth.metadata", response_class=JSONResponse)
async def describe_tokens(request: Request) -> Response:
    """Where tokens are asked for and how, as OAuth2 libraries read it (RFC 8414)."""
    tokens: AccessTokens = request.app.state.access_tokens
    base = base_of(request)
    return JSONResponse(
        {
            "issuer": tokens.issuer,
            "token_endpoint": f"{base}/oauth/token",
            "jwks_uri": f"{base}/.well-known/jwks.json",
            "grant_types_supported": [GRANT],
            "response_types_supported": [],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "scopes_supported": [str(scope) for scope in Scope],
            "access_token_signing_alg_values_supported": [ALGORITHM],
        },
        headers=_PUBLIC,
    )


async def _issue(request: Request, now: Now) -> Response:
    given = await _form(request)
    client = _client(request.headers.getlist("authorization"), given)
    if "grant_type" not in given:
        raise Refused("invalid_request", f"grant_type is required: {GRANT}")
    if given["grant_type"] != GRANT:
        raise Refused("unsupported_grant_type", f"grant_type must be {GRANT}")
    key = key_behind(client.secret)
    if key is None or client.client_id != client_id_of(key.tenant_id, key.key_id):
        raise _invalid_client()
    held = await _held(request, key, now)
    wanted = held if "scope" not in given else _narrowed(given["scope"], held)
    tokens: AccessTokens = request.app.state.access_tokens
    told = {
        "access_token": tokens.issue(key.tenant_id, key.key_id, wanted, now),
        "token_type": "Bearer",
        "expires_in": int(LIFETIME.total_seconds()),
        "scope": " ".join(sorted(wanted)),
    }
    return JSONResponse(told, headers=_NOT_STORED)


async def _held(request: Request, key: Key, now: Now) -> frozenset[str]:
    """The scopes of a key that is known and good. Raises Refused, RateLimited."""
    database: Database = database_of(request)
    limits: RateLimits = request.app.state.rate_limits
    async with database.transaction(key.tenant_id) as tx:
        row = await tx.get(ApiKey, (key.tenant_id, key.key_id))
    if not has_secret(row, key.secret_hash()):
        limits.count_failure(key.key_id)
        raise _invalid_client()
    if row is None or not is_good(row, registrar_of(request), now):
        raise _invalid_client()
    await limits.count_token(request, key.key_id)
    return frozenset(row.scopes)


def _narrowed(scope: str, held: frozenset[str]) -> frozenset[str]:
    wanted = frozenset(scope.split(" "))
    if not wanted <= held:
        raise Refused("invalid_scope", "scope must be some of the key's own scopes, with one space between them")
    return wanted


async def _form(request: Request) -> dict[str, str]:
    """The parameters, each once; those that nobody knows are ignored, as OAuth2 wants it."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != FORM or request.query_params:
        raise Refused("invalid_request", f"the parameters go into the body, as {FORM}")
    try:
        body = await read(request, BODY_LIMIT, "A form may have 8 KiB.")
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict")
    except (ValueError, TooLarge):  # no form, and one that is too long; one that is too slow is told so
        told = "the form can not be read: name=value&name=value, percent-encoded, 8 KiB at most"
        raise Refused("invalid_request", told) from None
    given = dict(pairs)
    if len(given) < len(pairs):
        raise Refused("invalid_request", "a parameter may be given once")
    return {name: value for name, value in given.items() if value}  # one without a value is as if it were not there


def _client(headers: list[str], given: Mapping[str, str]) -> Client:
    """Who asks, by one way of the two. Raises Refused."""
    named, secret = given.get("client_id"), given.get("client_secret")
    if not headers:
        if named is None or secret is None:
            raise _invalid_client(_UNNAMED)
        return Client(named, secret)
    basic = basic_of(headers[0]) if len(headers) == 1 else None
    if basic is None:
        raise _invalid_client(_UNNAMED)
    found = Client(*(unquote_plus(part) for part in basic))  # RFC 6749, 2.3.1: they are encoded as in a form
    if secret is not None or named not in {None, found.client_id}:
        raise Refused("invalid_request", "the client is named in two ways: by HTTP Basic or in the form, not by both")
    return found
