"""Id tokens: who is behind a sound one, and every way that we know of to forge, borrow or bend one, refused."""

import json
import traceback
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from service.campaigns.taking_part.sign_in import TOKEN_LIMIT, SignIn, SignInRefused, person_behind
from tests.make.id_tokens import (
    AUDIENCE,
    ISSUER,
    KIND_OF,
    NOW,
    SECONDS,
    claims,
    jwk,
    mac_token,
    private_key,
    sign_in,
    text,
    token,
)

KINDS = ("RSA", "P-256", "P-384", "Ed25519")
HOUSE = sign_in(*(jwk(kind) for kind in KINDS))
NOT_FOR = {
    "RSA": ("ES256", "RS384", "RS512", "PS512", "rs256", "HS256", ""),
    "P-256": ("RS256", "ES384", "EdDSA", "ES256K", "Es256"),
    "P-384": ("ES256",),
    "P-521": ("ES256", "ES512"),
    "Ed25519": ("ES256", "PS256", "EDDSA"),
    "Ed448": ("EdDSA", "Ed25519", "Ed448"),
}
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def refused(token: str, house: SignIn = HOUSE) -> None:
    with pytest.raises(SignInRefused) as caught:
        person_behind(house, token, NOW)
    assert caught.value.args == ()


@pytest.mark.parametrize("algorithm", KIND_OF)
def test_a_sound_token_names_its_person(algorithm: str) -> None:
    assert person_behind(HOUSE, token(algorithm), NOW) == "E1042"


def test_the_claim_that_was_agreed_names_the_person() -> None:
    assert person_behind(sign_in(jwk("P-256"), claim="sub"), token("ES256"), NOW) == "x-77"
    named = "https://example.com/employee"
    assert person_behind(sign_in(jwk("P-256"), claim=named), token("ES256", claims(**{named: "é 7"})), NOW) == "é 7"


# Keys and algorithms


@pytest.mark.parametrize("algorithm", KIND_OF)
def test_another_owners_key_is_refused(algorithm: str) -> None:
    kid = {"kid": f"{KIND_OF[algorithm]}-a"}
    refused(token(algorithm, owner="b", header=kid))
    refused(token(algorithm, owner="b", header={"kid": None}), sign_in(jwk(KIND_OF[algorithm])))


def test_a_token_of_another_tenant_is_refused() -> None:
    """Signed by its own issuer for its own audience; also where both tenants' issuers share one key, as clouds do."""
    theirs = claims(iss="https://login.example.com/tenant-b", aud="pouls-at-b")
    refused(token("RS256", theirs, owner="b"))
    for borrowed in (theirs, theirs | {"iss": ISSUER}, theirs | {"aud": AUDIENCE}):
        refused(token("RS256", borrowed))


def test_no_algorithm_is_refused_however_it_is_written() -> None:
    for name in ("none", "None", "NONE", "nOnE", ""):
        header = text(json.dumps({"alg": name, "typ": "JWT"}).encode())
        for tail in ("", text(b"x" * 64)):
            refused(f"{header}.{text(json.dumps(claims()).encode())}.{tail}")
            refused(f"{header}.{text(json.dumps(claims()).encode())}.{tail}", sign_in(jwk("P-256", kid=None)))


def test_a_public_key_is_no_secret() -> None:
    """HS256 under every spelling of the public key that a careless verifier might take for the secret."""
    for kind in KINDS:
        public = private_key(kind, "a").public_key()
        spellings = [
            public.public_bytes(coding, PublicFormat.SubjectPublicKeyInfo) for coding in (Encoding.PEM, Encoding.DER)
        ]
        spellings += [json.dumps(jwk(kind)).encode(), json.dumps(jwk(kind), separators=(",", ":")).encode(), b""]
        spellings += [value.encode() for value in jwk(kind).values()]
        for secret in spellings:
            refused(mac_token(secret, kid=f"{kind}-a"))
            refused(mac_token(secret, kid=f"{kind}-a"), sign_in(jwk(kind)))


def test_a_secret_in_the_set_signs_nothing() -> None:
    """Such a set is refused when it is given; should one be there all the same, it opens nothing."""
    secret = {"kty": "oct", "k": text(b"s" * 32), "kid": "s", "alg": "HS256"}
    refused(mac_token(b"s" * 32, kid="s"), sign_in(secret, jwk("RSA")))
    refused(token("ES256"), sign_in(jwk("P-256", private=True)))


@pytest.mark.parametrize(("kind", "algorithm"), [(kind, name) for kind, names in NOT_FOR.items() for name in names])
def test_a_key_is_good_for_its_own_algorithms_alone(kind: str, algorithm: str) -> None:
    for house in (HOUSE, sign_in(jwk(kind)), sign_in(jwk(kind, kid=None))):
        for kid in (f"{kind}-a", None):
            refused(token(algorithm, kind=kind, header={"kid": kid}), house)


def test_the_two_paddings_of_rsa_are_not_mixed_up() -> None:
    first, payload, signature = token("RS256").split(".")
    other = token("PS256").split(".")
    refused(f"{other[0]}.{payload}.{signature}")
    refused(f"{first}.{payload}.{other[2]}")
    assert person_behind(sign_in(jwk("RSA", alg="PS256")), token("PS256"), NOW) == "E1042"
    refused(token("RS256"), sign_in(jwk("RSA", alg="PS256")))
    refused(token("RS256"), sign_in(jwk("RSA", use="enc")))
    refused(token("RS256"), sign_in(jwk("RSA", key_ops=["encrypt"])))


@pytest.mark.parametrize("algorithm", [None, 1, True, ["RS256"], {"RS256": 1}])
def test_an_algorithm_that_is_no_name_is_refused(algorithm: Any) -> None:
    refused(token("RS256", header={"alg": algorithm}))


# The header


@pytest.mark.parametrize(
    "more",
    [
        {"jwk": jwk("RSA", "b")},
        {"jku": "https://evil.example.com/keys"},
        {"x5u": "https://evil.example.com/cert"},
        {"x5c": ["MIIB"]},
        {"crit": ["exp"]},
        {"crit": []},
        {"crit": ["b64"], "b64": True},
        {"b64": True},
        {"zip": "DEF"},
        {"enc": "A256GCM"},
        {"cty": "JWT"},
        {"iss": ISSUER},
        {"typ": "at+jwt"},
        {"typ": "logout+jwt"},
        {"typ": "JWE"},
        {"typ": 1},
        {"kid": "RSA-b"},
        {"kid": "P-256-a"},
        {"kid": "rsa-a"},
        {"kid": ""},
        {"kid": 1},
        {"kid": ["RSA-a"]},
    ],
)
def test_a_header_with_more_than_it_needs_is_refused(more: dict[str, Any]) -> None:
    refused(token("RS256", header=more))
    refused(token("RS256", header=more), sign_in(jwk("RSA")))
    if "jwk" in more:
        refused(token("RS256", owner="b", header=more), sign_in(jwk("RSA")))


def test_what_issuers_do_put_into_a_header_is_taken() -> None:
    for more in ({"typ": None}, {"typ": "jwt"}, {"x5t": "aaaa"}, {"x5t#S256": "aaaa"}):
        assert person_behind(HOUSE, token("RS256", header=more), NOW) == "E1042"


@pytest.mark.parametrize(
    "header",
    [
        b'{"alg":"RS256","kid":"RSA-a","alg":"RS256"}',
        b'{"alg":"none","kid":"RSA-a","alg":"RS256"}',
        b'{"alg":"RS256","kid":null}',
        b'["RS256"]',
        b'"RS256"',
        b"null",
        b"{}",
        b"",
        b"{",
        b'{"alg":"RS256","kid":"RSA-a"} x',
        b'\xef\xbb\xbf{"alg":"RS256","kid":"RSA-a"}',
        '{"alg":"RS256","kid":"RSA-a"}'.encode("utf-16"),
        b'{"alg":"RS256","kid":"\xff"}',
        b'{"alg":"RS256","kid":' + b"[" * 3000,
        b'{"alg":"RS256","kid":"RSA-a"' + b" " * 600 + b"}",
    ],
)
def test_a_header_that_two_readers_may_read_differently_is_refused(header: bytes) -> None:
    refused(token("RS256", header=header))


def test_without_a_kid_exactly_one_key_must_fit() -> None:
    loose = token("ES256", header={"kid": None})
    assert person_behind(HOUSE, loose, NOW) == "E1042"
    assert person_behind(sign_in(jwk("P-256", kid=None), jwk("P-384", kid=None)), loose, NOW) == "E1042"
    refused(loose, sign_in(jwk("P-256"), jwk("P-256", "b")))
    refused(loose, sign_in(jwk("RSA")))
    refused(token("ES256"), sign_in(jwk("P-256", kid=None)))
    refused(token("ES256", header={"kid": ""}), sign_in(jwk("P-256", kid=None)))


# The claims


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": None},
        {"exp": SECONDS},
        {"exp": SECONDS - 1},
        {"exp": 0},
        {"exp": -1},
        {"exp": True},
        {"exp": str(SECONDS + 300)},
        {"exp": [SECONDS + 300]},
        {"iat": None},
        {"iat": SECONDS + 61},
        {"iat": SECONDS - 86_401, "exp": SECONDS + 10**9},
        {"iat": str(SECONDS)},
        {"iat": False},
        {"nbf": SECONDS + 61},
        {"nbf": str(SECONDS)},
        {"nbf": True},
        {"nbf": 10**400},
        {"iss": None},
        {"iss": ISSUER + "/"},
        {"iss": ISSUER.upper()},
        {"iss": [ISSUER]},
        {"aud": None},
        {"aud": "pouls-at-b"},
        {"aud": AUDIENCE.upper()},
        {"aud": AUDIENCE + " "},
        {"aud": []},
        {"aud": ["pouls-at-b"]},
        {"aud": {AUDIENCE: 1}},
        {"aud": [AUDIENCE, "other"]},
        {"aud": [AUDIENCE, "other"], "azp": "other"},
        {"aud": [AUDIENCE, 1], "azp": AUDIENCE},
        {"aud": AUDIENCE, "azp": "other"},
        {"aud": "other", "azp": AUDIENCE},
        {"azp": [AUDIENCE]},
        {"employee": None},
        {"employee": ""},
        {"employee": 1042},
        {"employee": ["E1042"]},
        {"employee": {"id": "E1042"}},
        {"employee": True},
        {"employee": "E" * 201},
        {"employee": "E1042\x00"},
        {"employee": "E\ud800"},
    ],
)
def test_a_token_that_is_not_for_us_now_is_refused(changes: dict[str, Any]) -> None:
    refused(token("EdDSA", claims(**changes)))


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": SECONDS + 1},
        {"exp": SECONDS + 0.5},
        {"exp": 10**400},
        {"iat": SECONDS + 60},
        {"iat": SECONDS - 86_400},
        {"nbf": SECONDS + 60},
        {"nbf": 0},
        {"aud": [AUDIENCE]},
        {"aud": ["other", AUDIENCE], "azp": AUDIENCE},
        {"azp": AUDIENCE},
        {"employee": "E" * 200, "sub": None},
    ],
)
def test_a_token_within_the_limits_is_taken(changes: dict[str, Any]) -> None:
    made = claims(**changes)
    assert person_behind(HOUSE, token("EdDSA", made), NOW) == made["employee"]


def test_a_token_is_good_until_it_expires() -> None:
    made = token("EdDSA")
    assert person_behind(HOUSE, made, NOW + timedelta(seconds=299)) == "E1042"
    with pytest.raises(SignInRefused):
        person_behind(HOUSE, made, NOW + timedelta(seconds=300))
    with pytest.raises(SignInRefused):
        person_behind(HOUSE, made, NOW - timedelta(seconds=61))


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"null",
        b"[]",
        b'"E1042"',
        json.dumps(claims()).encode()[:-1],
        json.dumps(claims()).encode()[:-1] + b',"employee":"E1"}',
        json.dumps(claims(exp=1)).encode()[:-1] + b',"exp":9999999999}',
        json.dumps(claims()).replace(str(SECONDS + 300), "NaN").encode(),
        json.dumps(claims()).replace(str(SECONDS + 300), "Infinity").encode(),
        json.dumps(claims()).replace(str(SECONDS + 300), "1e999").encode(),
        json.dumps(claims()).replace(str(SECONDS + 300), "9" * 5000).encode(),
        json.dumps(claims()).encode("utf-16"),
        json.dumps(claims()).encode() + b"\xff",
        b"[" * 5000,
    ],
)
def test_claims_that_are_no_plain_object_are_refused(payload: bytes) -> None:
    refused(token("EdDSA", payload))


# The token as a text


def test_a_token_is_at_most_eight_kibibytes() -> None:
    padding = TOKEN_LIMIT - len(token("EdDSA", claims(more="")))
    longest = token("EdDSA", claims(more="x" * (padding * 3 // 4)))
    assert TOKEN_LIMIT - 4 < len(longest) <= TOKEN_LIMIT == 8192
    assert person_behind(HOUSE, longest, NOW) == "E1042"
    refused(token("EdDSA", claims(more="x" * (padding * 3 // 4 + 4))))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: "",
        lambda _: "..",
        lambda _: "a.b.c",
        lambda made: made + ".",
        lambda made: "." + made,
        lambda made: f"{made}..",  # five parts, as an encrypted token has
        lambda made: ".".join([*made.split("."), "AAAA", "AAAA"]),
        lambda made: made.replace(".", "", 1),
        lambda made: made + "=",
        lambda made: made + "\n",
        lambda made: " " + made,
        lambda made: f"Bearer {made}",
        lambda made: made.rpartition(".")[0],
        lambda made: made.rpartition(".")[0] + ".",
        lambda made: made.split(".")[0] + ".." + made.split(".")[2],
        lambda made: made[:-1] + "é",
        lambda made: made[:-4],
        lambda made: json.dumps(dict(zip(("protected", "payload", "signature"), made.split("."), strict=True))),
    ],
)
@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_a_token_that_is_written_differently_is_refused(algorithm: str, spoil: Callable[[str], str]) -> None:
    refused(spoil(token(algorithm)))


@given(st.sampled_from(sorted(KIND_OF)), st.data())
def test_any_flipped_bit_is_refused(algorithm: str, data: st.DataObject) -> None:
    """In each part, of the letters as they are sent and of the bytes behind them."""
    parts = token(algorithm).split(".")
    part = data.draw(st.integers(0, 2))
    at = data.draw(st.integers(0, len(parts[part]) - 1))
    letter = parts[part][at]
    if data.draw(st.booleans()):
        other = chr(ord(letter) ^ 1 << data.draw(st.integers(0, 7)))
    else:
        other = ALPHABET[ALPHABET.index(letter) ^ 1 << data.draw(st.integers(0, 5))]
    parts[part] = parts[part][:at] + other + parts[part][at + 1 :]
    refused(".".join(parts))


def test_every_letter_of_a_signature_counts() -> None:
    made = token("EdDSA")
    start = made.rindex(".") + 1
    for at in range(start, len(made)):
        for other in (ALPHABET[ALPHABET.index(made[at]) ^ 1], ALPHABET[ALPHABET.index(made[at]) ^ 32]):
            refused(made[:at] + other + made[at + 1 :])


@given(st.text(max_size=60) | st.text("abcdefgh.=-_", max_size=60))
def test_no_text_makes_the_reader_stumble(odd: str) -> None:
    refused(odd)


def test_a_refusal_tells_nothing_of_the_token() -> None:
    """Neither in its text nor in an exception that it drags along, which a log might print."""
    for made in (token("EdDSA", owner="b"), token("EdDSA", claims(exp=1)), token("EdDSA", b"{"), "a.b.c"):
        with pytest.raises(SignInRefused) as caught:
            person_behind(HOUSE, made, NOW)
        refusal = caught.value
        assert (refusal.__context__, refusal.__cause__) == (None, None)
        shown = "".join(traceback.format_exception(refusal)) + repr(refusal)
        assert not [part for part in made.split(".") if len(part) > 8 and part in shown]
        assert "E1042" not in shown
