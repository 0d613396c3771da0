"""Which keys of a company's JWK set (RFC 7517) may sign an id token, and with which algorithms. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from joserfc.util import urlsafe_b64decode

from service.kit.reasons import Fault, pointer

MOST_KEYS = 20
RSA_BITS = range(2048, 4097)
EDWARDS = "Ed25519"

_OF_CURVE = {
    ("EC", "P-256"): frozenset({"ES256"}),
    ("EC", "P-384"): frozenset({"ES384"}),
    ("OKP", EDWARDS): frozenset({"EdDSA", EDWARDS}),
}
_OF_RSA = frozenset({"RS256", "PS256"})
ALGORITHMS = _OF_RSA.union(*_OF_CURVE.values())
# Only these members are read: whatever else a key brings with it (certificates, addresses) is never looked at.
_PUBLIC: dict[str, tuple[type[Key], tuple[str, ...]]] = {
    "RSA": (RSAKey, ("kty", "n", "e")),
    "EC": (ECKey, ("kty", "crv", "x", "y")),
    "OKP": (OKPKey, ("kty", "crv", "x")),
}
_SECRET = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"})
_EXPONENTS = range(65_537, 1 << 32)
_NUMBER_LENGTH = 1024
"""Letters of a number in base64; 4,096 bits have 683."""


class _NotOurs(Exception):
    """A key for something else; JWK sets hold such keys beside those that sign id tokens."""


class _Refused(ValueError):
    """A key that should not stand in the set at all, with the reason."""


class Usable(NamedTuple):
    """A key that may sign id tokens: its id if it has one, the algorithms it is good for, its public members."""

    kid: str | None
    algorithms: frozenset[str]
    public: dict[str, Any]

    def key(self) -> Key:
        """The key itself, which takes longer to make than a signature to check. Raises ValueError."""
        try:
            return _PUBLIC[self.public["kty"]][0].import_key(self.public)
        except (JoseError, ValueError, TypeError):
            raise _Refused("is not a valid key") from None


def keys_in(jwks: Mapping[str, Any]) -> Iterator[Usable]:
    """The keys of a set that id tokens may be signed with, in its order."""
    for key in jwks["keys"]:
        try:
            yield _usable(key)
        except (_NotOurs, _Refused):
            continue


def faults_of_set(jwks: object) -> list[Fault]:
    """What is wrong with a JWK set at `/jwks`."""
    keys = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(keys, list):
        return [Fault("/jwks", "must be a JWK set: an object with a list `keys`")]
    if len(keys) > MOST_KEYS:
        return [Fault("/jwks/keys", f"must have at most {MOST_KEYS} entries")]
    found = []
    usable = []
    for index, key in enumerate(keys):
        try:
            one = _usable(key)
            one.key()
            usable.append(one)
        except _NotOurs:
            continue
        except _Refused as refused:
            found.append(Fault(pointer(["jwks", "keys", index]), str(refused)))
    if not usable and not found:
        found.append(Fault("/jwks/keys", f"must hold a public key for one of {', '.join(sorted(ALGORITHMS))}"))
    kids = [one.kid for one in usable if one.kid is not None]
    if len(set(kids)) < len(kids):
        found.append(Fault("/jwks/keys", "must not give two keys the same `kid`"))
    return found


def _usable(key: object) -> Usable:
    """One entry of a set. Raises _NotOurs or _Refused."""
    if not isinstance(key, dict):
        raise _Refused("must be an object")
    kind = key.get("kty")
    if kind == "oct" or key.keys() & _SECRET:
        raise _Refused("must be a public key; a private or secret one must not leave its owner")
    if key.get("use", "sig") != "sig" or not isinstance(kind, str) or kind not in _PUBLIC:
        raise _NotOurs
    operations = key.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        raise _NotOurs
    kid = key.get("kid")
    if "kid" in key and not (isinstance(kid, str) and kid):
        raise _Refused("must have a `kid` that is a string, or none")
    algorithms = _algorithms(kind, key)
    _, members = _PUBLIC[kind]
    if not all(isinstance(key.get(name), str) for name in members):
        raise _Refused("is not a valid key")
    return Usable(kid, algorithms, {name: key[name] for name in members})


def _algorithms(kind: str, key: Mapping[str, Any]) -> frozenset[str]:
    if kind == "RSA":
        _check_rsa(key)
        algorithms = _OF_RSA
    else:
        curve = key.get("crv")
        if not isinstance(curve, str):
            raise _Refused("is not a valid key")
        algorithms = _OF_CURVE.get((kind, curve), frozenset())
    alone = key.get("alg")
    if "alg" in key and not isinstance(alone, str):
        raise _Refused("must have an `alg` that is a string, or none")
    if "alg" in key and not (kind == "OKP" and alone in algorithms):  # that curve's two names mean the same
        algorithms &= {alone}
    if not algorithms:
        raise _NotOurs
    return algorithms


def _check_rsa(key: Mapping[str, Any]) -> None:
    """Before the library reads it: it warns of a short key, and would raise any number to any power."""
    numbers = [key.get("n"), key.get("e")]
    if not all(isinstance(number, str) and 0 < len(number) <= _NUMBER_LENGTH for number in numbers):
        raise _Refused("is not a valid key")
    try:
        modulus, exponent = (int.from_bytes(urlsafe_b64decode(str(number).encode()), "big") for number in numbers)
    except ValueError:
        raise _Refused("is not a valid key") from None
    if modulus.bit_length() not in RSA_BITS:
        raise _Refused(f"must have {RSA_BITS[0]} to {RSA_BITS[-1]} bits")
    if exponent not in _EXPONENTS:
        raise _Refused("must have a public exponent from 65537 to 2^32")
    if modulus % 2 == 0:  # the library would take it
        raise _Refused("is not a valid key")
