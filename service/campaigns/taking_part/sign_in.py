"""People signed in by their company: who is behind an OpenID Connect id token. Pure; the time is an argument.

The company's public keys are given to us, never fetched: a token that names its own key, or a place to find one, is
refused. Each key is good for the algorithms of its own type alone, so that no key is read as another kind, least of
all as the secret of a MAC. A token is at most a day old, whatever its issuer lets it live: one that is found in some
old log opens no wave. Nothing here can tell whether people may change the claim that names them; a company should
choose one that they can not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from ipaddress import ip_address
from typing import Annotated, Any
from urllib.parse import urlsplit

from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwa import JWSAlgModel
from joserfc.jws import JWSRegistry, deserialize_compact
from joserfc.util import urlsafe_b64decode
from pydantic import StringConstraints, TypeAdapter, ValidationError

from service.campaigns.taking_part.sign_in_keys import ALGORITHMS, EDWARDS, Usable, faults_of_set, keys_in
from service.kit import strict_json
from service.kit.reasons import Fault, fault_at
from service.kit.text import ExternalId, Slug

TOKEN_LIMIT = 8192
LEEWAY = 60
OLDEST = 86_400
_HEADERS = frozenset({"alg", "kid", "typ", "x5t", "x5t#S256"})
"""What a header may hold. The two thumbprints name a key that we do not look for by them; the rest is refused."""
_EXTERNAL_ID: TypeAdapter[str] = TypeAdapter(ExternalId)
_FIELDS: dict[str, TypeAdapter[str]] = {
    "issuer": TypeAdapter(Annotated[str, StringConstraints(min_length=1, max_length=500)]),
    "audience": TypeAdapter(ExternalId),
    "claim": TypeAdapter(ExternalId),
    "source": TypeAdapter(Slug),
}
# They are in every token, and say nothing about who a person is.
_NOT_A_PERSON = frozenset({"iss", "aud", "exp", "iat", "nbf", "jti", "azp", "nonce", "auth_time", "acr", "amr", "sid"})


class SignInRefused(Exception):
    """The token proves nothing to us. Which check failed is told to nobody: it would help a forger, and no one else."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """How a tenant's people sign in, once `faults` found nothing in it.

    `claim` holds a person's external id, `source` says whose ids they are, `jwks` is the issuer's set of public keys.
    """

    issuer: str
    audience: str
    claim: str
    source: str
    jwks: dict[str, Any]


def faults(given: Mapping[str, Any]) -> list[Fault]:
    """What is wrong with the settings of a sign-in, given as a JSON object with the fields of `SignIn`."""
    found = [Fault("", "has a field that is not known")] if given.keys() - {*_FIELDS, "jwks"} else []
    for name, adapter in _FIELDS.items():
        try:
            value = adapter.validate_python(given[name], strict=True)
        except KeyError:
            found.append(Fault(f"/{name}", "is required"))
        except ValidationError as error:
            found.append(fault_at((name,), error.errors(include_input=False, include_url=False)[0]))
        else:
            if name == "issuer" and not _is_issuer(value):
                found.append(Fault("/issuer", "must be an https URL without a query, a fragment or a user"))
            if name == "claim" and value in _NOT_A_PERSON:
                found.append(Fault("/claim", "must be a claim that names a person"))
    return found + (faults_of_set(given["jwks"]) if "jwks" in given else [Fault("/jwks", "is required")])


def person_behind(sign_in: SignIn, token: str, now: datetime) -> str:
    """The external id of the person that the token is about. Raises SignInRefused, whatever is wrong with the token."""
    claims = _claims(sign_in.jwks, token)
    person = _person(claims.get(sign_in.claim)) if claims is not None and _meant(sign_in, claims, now) else None
    if person is None:  # raised here and not in an `except`, where it would drag a part of the token along
        raise SignInRefused
    return person


def _claims(jwks: Mapping[str, Any], token: str) -> dict[str, Any] | None:
    """The claims of a token that one of the keys has signed."""
    if len(token) > TOKEN_LIMIT or not token.isascii() or token.count(".") != 2:  # noqa: PLR2004 - three parts
        return None
    try:
        header = strict_json.loads(urlsafe_b64decode(token.partition(".")[0].encode("ascii")))
        usable = _key(jwks, header)
        if usable is None:
            return None
        signed = deserialize_compact(token, usable.key(), registry=_pinned(header["alg"]))
        claims = strict_json.loads(signed.payload)
    except (JoseError, ValueError):
        return None
    return claims if isinstance(claims, dict) else None


def _key(jwks: Mapping[str, Any], header: object) -> Usable | None:
    """The one key that a token with this header may be signed with."""
    if not isinstance(header, dict) or header.keys() - _HEADERS:
        return None
    algorithm, kind = header.get("alg"), header.get("typ", "JWT")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        return None
    if not isinstance(kind, str) or kind.upper() != "JWT":  # an access or a logout token is no id token
        return None
    fit = [usable for usable in keys_in(jwks) if algorithm in usable.algorithms]
    if "kid" in header:
        fit = [usable for usable in fit if usable.kid is not None and usable.kid == header["kid"]]
    return fit[0] if len(fit) == 1 else None


class _Pinned(JWSRegistry):
    """One algorithm. The library knows the Edwards curve by two names, and by the older one it warns of each use."""

    def get_alg(self, name: str) -> JWSAlgModel:
        if name not in (self.allowed or ()):
            raise UnsupportedAlgorithmError
        return self.algorithms[EDWARDS if name == "EdDSA" else name]


@cache
def _pinned(algorithm: str) -> JWSRegistry:
    return _Pinned(algorithms=[algorithm])


def _meant(sign_in: SignIn, claims: Mapping[str, Any], now: datetime) -> bool:
    """Is this token the issuer's, for us, and for now?"""
    return claims.get("iss") == sign_in.issuer and _for_us(sign_in.audience, claims) and _in_time(claims, now)


def _for_us(audience: str, claims: Mapping[str, Any]) -> bool:
    """A token for several says in `azp` whom it was made for; one that was made for another is not shown to us."""
    given = claims.get("aud")
    several = given if isinstance(given, list) else [given]
    if audience not in several or not all(isinstance(one, str) for one in several):
        return False
    return claims["azp"] == audience if "azp" in claims else len(several) == 1


def _in_time(claims: Mapping[str, Any], now: datetime) -> bool:
    seconds = now.timestamp()
    expires, issued = _time(claims, "exp"), _time(claims, "iat")
    begins = _time(claims, "nbf") if "nbf" in claims else issued
    if expires is None or issued is None or begins is None:
        return False
    return seconds < expires and seconds - OLDEST <= issued <= seconds + LEEWAY and begins <= seconds + LEEWAY


def _time(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _person(value: object) -> str | None:
    try:
        return _EXTERNAL_ID.validate_python(value, strict=True)
    except ValidationError:
        return None


def _is_issuer(text: str) -> bool:
    """An https URL as an issuer has it; plain http on this machine alone."""
    if not (text.isascii() and text.isprintable()) or set(text) & set(' ?#@\\<>"'):
        return False
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(str(host))))


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
