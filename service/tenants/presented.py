"""What a request shows of its caller: an API key, or an access token that stands for one. Nothing is looked up here.

A key comes as `Authorization: Bearer pouls_...`; to operations that read releases also by HTTP Basic, as the password
beside any user name, since spreadsheets and BI tools know no more. Nowhere else: browsers send Basic by themselves.
"""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from service.problems import Unauthenticated
from service.tenants.access_tokens import AccessToken, AccessTokens
from service.tenants.keys import PREFIX, Key, NotAKey
from service.tenants.scopes import Scope

Presented = Key | AccessToken
BASIC_SCOPE = Scope.aggregates_read
SCHEMES = {
    "Basic": {
        "type": "http",
        "scheme": "basic",
        "description": "The API key as password, any user name; to read releases, and nowhere else.",
    },
    "OAuth2": {
        "type": "oauth2",
        "description": "Tokens of ten minutes for an API key: its `client_id`, and the key as secret.",
        "flows": {"clientCredentials": {"tokenUrl": "/oauth/token", "scopes": {str(one): "" for one in Scope}}},
    },
}
"""As the API's description has them."""
bearer = HTTPBearer(
    auto_error=False,
    scheme_name="API key",
    description="`Authorization: Bearer pouls_...`, or an access token of `POST /oauth/token`",
)


def takes_basic(route: Any) -> bool:
    """Whether a route reads releases: those of the scope `aggregates:read`, and those that say so, by `takes_basic`.

    What is found out about a route is written on it, since it is asked at each request.
    """
    said: bool | None = getattr(route, "takes_basic", None)
    if said is None:
        dependant = getattr(route, "dependant", None)
        if dependant is None:
            return False
        said = any(getattr(call, "scope", None) == BASIC_SCOPE for call in _calls(dependant))
        route.takes_basic = said
    return said


def unauthenticated(request: Request) -> Unauthenticated:
    """The refusal, which names the schemes that this operation takes."""
    return Unauthenticated(basic=takes_basic(request.scope.get("route")))


def shows_token(request: Request) -> bool:
    """Whether an access token is shown, and no key."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and not text.strip().startswith(PREFIX)


async def presented_key(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
) -> Presented:
    """What is in the request, as text only: nothing says yet that it is known. Raises Unauthenticated."""
    if credentials is not None:
        found = presented(request, credentials.credentials)
    else:
        text = _basic(request) if takes_basic(request.scope.get("route")) else None
        found = None if text is None else key_behind(text)
    if found is None:
        raise unauthenticated(request)
    return found


def presented(request: Request, text: str) -> Presented | None:
    """The key, or the access token, behind the text of a Bearer."""
    if text.startswith(PREFIX):
        return key_behind(text)
    tokens: AccessTokens = request.app.state.access_tokens
    return tokens.read(text, request.app.state.clock())


def key_behind(text: str) -> Key | None:
    """The key behind its text."""
    try:
        return Key.read(text)
    except NotAKey:
        return None


def basic_of(header: str) -> tuple[str, str] | None:
    """User and password of an `Authorization: Basic` header; None where it is none."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = b64decode(encoded, validate=True).decode("utf-8").partition(":")
    except (Base64Error, ValueError):
        return None
    return (user, password) if colon else None


def _basic(request: Request) -> str | None:
    found = basic_of(request.headers.get("authorization", ""))
    return None if found is None else found[1]


def _calls(dependant: Dependant) -> Iterator[Any]:
    for one in dependant.dependencies:
        yield one.call
        yield from _calls(one)
