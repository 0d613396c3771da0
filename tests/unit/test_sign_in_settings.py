"""What a company may give us for its people's sign-in: public keys that are strong enough, an issuer, a claim."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.util import int_to_base64

from service.campaigns.taking_part.sign_in import SignInRefused, faults, person_behind
from service.kit.reasons import Fault
from tests.make.id_tokens import AUDIENCE, ISSUER, KIND_OF, NOW, jwk, private_key, sign_in, text, token

SOUND = {"issuer": ISSUER, "audience": AUDIENCE, "claim": "employee", "source": "hris"}
SECRET = "must be a public key; a private or secret one must not leave its owner"  # noqa: S105 - a reason
NOT_A_KEY = "is not a valid key"


def given(*keys: Any, **changes: Any) -> dict[str, Any]:
    return SOUND | {"jwks": {"keys": [*keys]}} | changes


def rsa_key(modulus: int, exponent: int = 65537, **members: Any) -> dict[str, Any]:
    return {"kty": "RSA", "n": int_to_base64(modulus), "e": int_to_base64(exponent), **members}


def modulus() -> int:
    key = private_key("RSA", "a")
    assert isinstance(key, rsa.RSAPrivateKey)
    return key.public_key().public_numbers().n


@pytest.mark.parametrize("kind", sorted(set(KIND_OF.values())))
def test_a_sound_set_has_no_faults(kind: str) -> None:
    assert faults(given(jwk(kind))) == []
    assert faults(given(jwk(kind, kid=None, use="sig", key_ops=["verify"], x5c=["x"], made_up=1))) == []
    assert faults(given(jwk(kind), jwk(kind, "b"))) == []


def test_keys_for_something_else_may_stand_beside() -> None:
    beside = [jwk("RSA", "b", use="enc"), jwk("P-521"), jwk("Ed448"), jwk("RSA", "c", alg="RS512"), {"kty": "AKP"}]
    beside += [jwk("P-256", "b", key_ops=["deriveKey"]), {"kty": "OKP", "crv": "X25519", "x": text(bytes(32))}]
    assert faults(given(*beside, jwk("P-256"))) == []
    (fault,) = faults(given(*beside))
    assert fault.pointer == "/jwks/keys"
    assert fault.reason.startswith("must hold a public key for one of ES256, ES384, ")
    assert faults(given()) == [fault]


@pytest.mark.parametrize("kind", ["RSA", "P-256", "P-384", "P-521", "Ed25519", "Ed448"])
def test_a_private_key_is_refused_and_never_used(kind: str) -> None:
    key = jwk(kind, private=True)
    assert faults(given(jwk("P-256"), key)) == [Fault("/jwks/keys/1", SECRET)]
    assert faults(given({**key, "use": "enc"}, jwk("P-256", "b"))) == [Fault("/jwks/keys/0", SECRET)]


@pytest.mark.parametrize(
    "key",
    [
        {"kty": "oct", "k": text(b"s" * 32)},
        {"kty": "oct"},
        {"k": text(b"s" * 32)},
        {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA", "priv": "AAAA"},
        rsa_key(3**1292, p="AAAA"),
        {"kty": "RSA", "qi": None},
    ],
)
def test_a_secret_of_any_kind_is_refused(key: dict[str, Any]) -> None:
    assert faults(given(jwk("P-256"), key)) == [Fault("/jwks/keys/1", SECRET)]


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (rsa_key(2**1023 + 1), "must have 2048 to 4096 bits"),
        (rsa_key(2**2046 + 1), "must have 2048 to 4096 bits"),
        (rsa_key(2**4096 + 1), "must have 2048 to 4096 bits"),
        (rsa_key(2**8000 + 1), NOT_A_KEY),
        (rsa_key(2**2047), NOT_A_KEY),
        (rsa_key(2**2047 + 1, 3), "must have a public exponent from 65537 to 2^32"),
        (rsa_key(2**2047 + 1, 2**32), "must have a public exponent from 65537 to 2^32"),
        (rsa_key(2**2047 + 1, 65538), NOT_A_KEY),
        ({"kty": "RSA"}, NOT_A_KEY),
        ({"kty": "RSA", "n": 5, "e": "AQAB"}, NOT_A_KEY),
        ({"kty": "RSA", "n": "é", "e": "AQAB"}, NOT_A_KEY),
        ({"kty": "RSA", "n": "", "e": "AQAB"}, NOT_A_KEY),
        ({"kty": "EC", "crv": "P-256"}, NOT_A_KEY),
        ({"kty": "EC", "crv": ["P-256"], "x": "AA", "y": "AA"}, NOT_A_KEY),
        ({"kty": "EC", "crv": "P-256", "x": text(bytes(32)), "y": text(bytes(32))}, NOT_A_KEY),
        ({"kty": "EC", "crv": "P-256", "x": "", "y": ""}, NOT_A_KEY),
        ({"kty": "EC", "crv": "P-256", "x": "\ud800", "y": "A"}, NOT_A_KEY),
        ({**jwk("P-256"), "crv": "P-384"}, NOT_A_KEY),
        ({**jwk("P-384"), "crv": "P-256"}, NOT_A_KEY),
        ({"kty": "OKP", "crv": "Ed25519", "x": text(bytes(31))}, NOT_A_KEY),
        ({"kty": "OKP", "crv": "Ed25519", "x": 5}, NOT_A_KEY),
        (jwk("P-256", kid=""), "must have a `kid` that is a string, or none"),
        (jwk("P-256", kid=7), "must have a `kid` that is a string, or none"),
        (jwk("P-256", alg=["ES256"]), "must have an `alg` that is a string, or none"),
        ("a key", "must be an object"),
        (None, "must be an object"),
        ([], "must be an object"),
    ],
)
def test_a_bad_key_is_named_by_its_place(key: Any, reason: str) -> None:
    assert faults(given(jwk("P-256", "b"), key)) == [Fault("/jwks/keys/1", reason)]
    assert faults(given(key)) == [Fault("/jwks/keys/0", reason)]


def test_a_weak_key_signs_nothing_even_if_it_got_in() -> None:
    weak = rsa_key(modulus(), 3, kid="RSA-a")
    assert person_behind(sign_in(rsa_key(modulus(), kid="RSA-a")), token("RS256"), NOW) == "E1042"
    with pytest.raises(SignInRefused):
        person_behind(sign_in(weak), token("RS256"), NOW)
    with pytest.raises(SignInRefused):
        person_behind(sign_in({**jwk("P-384", kid="P-256-a"), "crv": "P-256"}), token("ES256"), NOW)


def test_a_set_has_at_most_twenty_keys_and_each_kid_once() -> None:
    keys = [jwk("P-256", kid=f"k{number}") for number in range(21)]
    assert faults(given(*keys[:20])) == []
    assert faults(given(*keys)) == [Fault("/jwks/keys", "must have at most 20 entries")]
    twice = [Fault("/jwks/keys", "must not give two keys the same `kid`")]
    assert faults(given(jwk("P-256", kid="k"), jwk("RSA", kid="k"))) == twice
    assert faults(given(jwk("P-256", kid="k"), jwk("RSA", kid="k", use="enc"))) == []


@pytest.mark.parametrize("jwks", [None, [], "keys", 5, {}, {"keys": None}, {"keys": {}}, {"keys": "keys"}])
def test_what_is_no_set_is_refused(jwks: Any) -> None:
    assert faults(given(jwks=jwks)) == [Fault("/jwks", "must be a JWK set: an object with a list `keys`")]


@pytest.mark.parametrize("name", ["issuer", "audience", "claim", "source", "jwks"])
def test_each_field_is_required(name: str) -> None:
    whole = given(jwk("P-256"))
    del whole[name]
    assert faults(whole) == [Fault(f"/{name}", "is required")]


def test_a_field_that_is_not_known_is_refused_and_not_echoed() -> None:
    assert faults(given(jwk("P-256"), jwks_uri="https://x")) == [Fault("", "has a field that is not known")]
    assert len(faults({})) == 5


@pytest.mark.parametrize(
    "issuer",
    [
        "https://login.example.com",
        "https://login.example.com/",
        "https://login.example.com:8443/tenant/v2.0",
        "https://accounts.example.com/realms/a%20b",
        "http://localhost:8080/realms/a",
        "http://127.0.0.1",
        "http://127.9.9.9:1",
        "http://[::1]:8080",
    ],
)
def test_an_issuer_is_an_https_url_or_on_this_machine(issuer: str) -> None:
    assert faults(given(jwk("P-256"), issuer=issuer)) == []


@pytest.mark.parametrize(
    "issuer",
    [
        "login.example.com",
        "http://login.example.com",
        "http://localhost.example.com",
        "http://10.0.0.1",
        "http://127.0.0.1.example.com",
        "http://0.0.0.0",
        "https://",
        "https:///path",
        "https:login.example.com",
        "ftp://login.example.com",
        "//login.example.com",
        "https://user:password@login.example.com",
        "https://login.example.com?a=b",
        "https://login.example.com#a",
        "https://login.example.com/ ",
        "https://login.example.com/\n",
        "https://login.exämple.com",
        "https://login.example.com:port",
        "https://login.example.com:99999",
        "https://[::1",
        "https://a\\b",
        " https://login.example.com",
    ],
)
def test_an_issuer_that_is_no_such_url_is_refused(issuer: str) -> None:
    reason = "must be an https URL without a query, a fragment or a user"
    assert faults(given(jwk("P-256"), issuer=issuer)) == [Fault("/issuer", reason)]


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("issuer", "", "must have at least 1 characters"),
        ("issuer", "https://" + "x" * 500, "must have at most 500 characters"),
        ("issuer", 5, "must be a string"),
        ("audience", "", "must have at least 1 characters"),
        ("audience", ["a"], "must be a string"),
        ("audience", "a\x00", "must not hold control characters"),
        ("claim", "", "must have at least 1 characters"),
        ("claim", "c" * 201, "must have at most 200 characters"),
        ("claim", "iss", "must be a claim that names a person"),
        ("claim", "aud", "must be a claim that names a person"),
        ("claim", None, "must be a string"),
        ("source", "HRIS", "does not have the required form"),
        ("source", "", "does not have the required form"),
    ],
)
def test_a_bad_field_is_told_without_what_was_sent(name: str, value: Any, reason: str) -> None:
    assert faults(given(jwk("P-256"), **{name: value})) == [Fault(f"/{name}", reason)]
