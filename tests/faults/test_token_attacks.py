"""Access tokens that are not ours, or not for now: the same 401, and nobody asked for a key (RELIABILITY 21)."""

import socket
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from service.tenants.access_tokens import MOST_CHARACTERS
from tests.fixtures.house import TenantUnderTest
from tests.make.access_tokens import (
    claims,
    header,
    kids,
    message,
    oauth_folder,
    signed,
    signer,
    token_for,
    with_mac,
    with_token,
)
from tests.make.id_tokens import text
from tests.make.wire import problem
from tests.make.world import ok

PATH = "/v1/releases"
Forge = Callable[[TenantUnderTest], str]


class Listener:
    """A server on loopback that must not be called."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/keys"
        self.calls = 0
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.calls += 1
            connection.close()

    def close(self) -> None:
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self._thread.join()


@pytest.fixture
def listener() -> Iterator[Listener]:
    found = Listener()
    yield found
    found.close()


def refused(tenant: TenantUnderTest, token: str) -> bytes:
    """The body of the 401."""
    answer = tenant.call(None, "GET", PATH, headers=with_token(token))
    problem(answer, 401, "unauthenticated")
    return answer.content


def accepted(tenant: TenantUnderTest, token: str) -> None:
    ok(tenant.call(None, "GET", PATH, headers=with_token(token)), 200)


def _published(tenant: TenantUnderTest) -> bytes:
    """The public key, as whoever looks at the JWKS has it."""
    return signer(tenant.house).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def _pem(tenant: TenantUnderTest) -> bytes:
    return signer(tenant.house).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def by_us(head: dict[str, Any] | None = None, **changes: Any) -> Forge:
    """Signed with our own key: what is wrong is in it."""
    return lambda tenant: signed(header(tenant.house, **(head or {})), claims(tenant, **changes), signer(tenant.house))


def by_a_stranger(**head: Any) -> Forge:
    return lambda tenant: signed(header(tenant.house, **head), claims(tenant), Ed25519PrivateKey.generate())


def unsigned(algorithm: str, signature: str = "") -> Forge:
    return lambda tenant: f"{message(header(tenant.house, alg=algorithm), claims(tenant))}.{signature}"


def keyed_with(secret: Callable[[TenantUnderTest], bytes], **head: Any) -> Forge:
    return lambda tenant: with_mac(header(tenant.house, alg="HS256", **head), claims(tenant), secret(tenant))


def at(seconds: int, lasts: int = 600) -> Forge:
    """Issued so many seconds from now."""

    def make(tenant: TenantUnderTest) -> str:
        now = int(tenant.house.clock().timestamp()) + seconds
        return by_us(iat=now, exp=now + lasts)(tenant)

    return make


def doubled(part: str, name: str) -> Forge:
    """A member that comes twice, the sound one last."""

    def make(tenant: TenantUnderTest) -> str:
        import json  # noqa: PLC0415 - only here

        parts = {"header": json.dumps(header(tenant.house)), "claims": json.dumps(claims(tenant))}
        parts[part] = parts[part].replace("{", f'{{"{name}": "x", ', 1)
        return signed(parts["header"], parts["claims"], signer(tenant.house))

    return make


def cut(change: Callable[[str], str]) -> Forge:
    return lambda tenant: change(by_us()(tenant))


OTHERS_KEY = Ed25519PrivateKey.generate()
OTHERS_JWK = {
    "kty": "OKP", "crv": "Ed25519", "x": text(OTHERS_KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)),
}  # fmt: skip
PATHS = ["../intake.key", "../../work/master.key", "/etc/passwd", "/dev/null", "%2e%2e/x", "..\\x", "", "\x00", "*"]
QUERIES = ["' OR 1=1 --", "x'; DROP TABLE api_key; --", '" UNION SELECT 1', "${jndi:x}", "{{7*7}}"]
TOKENS: dict[str, Forge] = {
    "no algorithm": unsigned("none"),
    "no algorithm, shouted": unsigned("NONE"),
    "no algorithm, with a signature": unsigned("none", "AAAA"),
    "no signature": unsigned("EdDSA"),
    "a MAC under the public key": keyed_with(_published),
    "a MAC under the public key as PEM": keyed_with(_pem),
    "a MAC under its text": keyed_with(lambda tenant: text(_published(tenant)).encode()),
    "a MAC under nothing": keyed_with(lambda _: b""),
    "another algorithm's name": by_us({"alg": "ES256"}),
    "the newer name of ours": by_us({"alg": "Ed25519"}),
    "the algorithm in other letters": by_us({"alg": "EDDSA"}),
    "no algorithm named": by_us({"alg": None}),
    "a key of its own beside it": lambda tenant: signed(
        header(tenant.house, jwk=OTHERS_JWK), claims(tenant), OTHERS_KEY
    ),
    "a key of its own and no kid": lambda tenant: signed(
        header(tenant.house, kid=None, jwk=OTHERS_JWK), claims(tenant), OTHERS_KEY
    ),
    "our own key beside it": by_us({"jwk": OTHERS_JWK}),
    "a certificate beside it": by_us({"x5c": [b64encode(b"x").decode()]}),
    "a stranger's key": by_a_stranger(),
    "an unknown kid": by_us({"kid": "0" * 32}),
    "no kid": by_us({"kid": None}),
    "a kid that is a list": by_us({"kid": ["x"]}),
    "a kid that is a number": by_us({"kid": 7}),
    "a kid in other letters": lambda tenant: by_us({"kid": kids(tenant.house)[-1].upper()})(tenant),
    "a critical extension": by_us({"crit": ["b64"], "b64": False}),
    "compressed": by_us({"zip": "DEF"}),
    "another type": by_us({"typ": "JWT"}),
    "the long name of the type": by_us({"typ": "application/at+jwt"}),
    "no type": by_us({"typ": None}),
    "another issuer": by_us(iss="https://evil.example.com"),
    "no issuer": by_us(iss=None),
    "another audience": by_us(aud="someone"),
    "two audiences": by_us(aud=["pouls", "someone"]),
    "no audience": by_us(aud=None),
    "no subject": by_us(sub=None),
    "a subject that is none": by_us(sub="admin"),
    "a claim more": by_us(admin=True),
    "no expiry": by_us(exp=None),
    "an expiry that is text": by_us(exp="9999999999"),
    "an expiry that is true": by_us(exp=True),
    "expired": at(-601),
    "just expired": at(-600),
    "not yet issued": at(120),
    "one that lives a day": at(0, 86_400),
    "one that ends before it begins": at(0, -600),
    "not-a-number": lambda tenant: signed(header(tenant.house), '{"exp": NaN, "iat": 0}', signer(tenant.house)),
    "a huge number": lambda tenant: signed(
        header(tenant.house), '{"exp": ' + "9" * 400 + ', "iat": 0}', signer(tenant.house)
    ),
    "a claim twice": doubled("claims", "sub"),
    "an issuer twice": doubled("claims", "iss"),
    "a kid twice": doubled("header", "kid"),
    "an algorithm twice": doubled("header", "alg"),
    "too long": by_us({"kid": "0" * MOST_CHARACTERS}),
    "far too long": lambda _: "a" * 60_000 + "." + "a" * 60_000 + ".a",
    "a scope that is a list": by_us(scope=["aggregates:read"]),
    "claims that are a list": lambda tenant: signed(header(tenant.house), "[]", signer(tenant.house)),
    "claims that are nothing": lambda tenant: signed(header(tenant.house), "", signer(tenant.house)),
    "another's header on our signature": lambda tenant: f"{text(b'{}')}.{by_us()(tenant).partition('.')[2]}",
    "two parts": cut(lambda token: token.rpartition(".")[0]),
    "four parts": cut(lambda token: f"{token}.x"),
    "five parts, as if encrypted": cut(lambda token: f"{token}.x.y"),
    "a blank in it": cut(lambda token: f"{token[:20]} {token[20:]}"),
    "padding behind it": cut(lambda token: f"{token}="),
    "a letter more": cut(lambda token: f"{token}A"),
    "a letter less": cut(lambda token: token[:-1]),
    "accents": cut(lambda token: token[:-1] + "\xe9"),
    **{f"a kid that is a path {at}": by_us({"kid": path}) for at, path in enumerate(PATHS)},
    **{f"a kid that is a query {at}": by_us({"kid": query}) for at, query in enumerate(QUERIES)},
}


def test_what_these_forgers_start_from_is_accepted(tenant: TenantUnderTest) -> None:
    """Or each of them could be refused for the same slip of theirs."""
    accepted(tenant, by_us()(tenant))
    accepted(tenant, at(-570)(tenant))  # and no later: the machine may be slow
    accepted(tenant, at(30)(tenant))
    accepted(tenant, token_for(tenant, "aggregates:read"))


def test_each_is_refused_with_the_same_problem(tenant: TenantUnderTest) -> None:
    bodies = {refused(tenant, "garbage")}
    for name, forge in TOKENS.items():
        token = forge(tenant)
        answer = tenant.house.client.get(PATH, headers=[(b"Authorization", b"Bearer " + token.encode("latin-1"))])
        assert answer.status_code == 401, name
        assert answer.headers["www-authenticate"].startswith("Bearer"), name
        bodies.add(answer.content)
    assert len(bodies) == 1
    accepted(tenant, by_us()(tenant))


def test_nobody_is_called_for_a_key(tenant: TenantUnderTest, listener: Listener) -> None:
    for name in ("jku", "x5u"):
        for forge in (by_us({name: listener.url}), by_a_stranger(**{name: listener.url})):
            refused(tenant, forge(tenant))
        refused(tenant, by_us(iss=listener.url)(tenant))
        refused(tenant, by_us({"kid": listener.url})(tenant))
    assert listener.calls == 0
    with socket.create_connection(("127.0.0.1", listener.socket.getsockname()[1]), timeout=5) as probe:
        probe.recv(1)  # the listener does count who comes
    assert listener.calls == 1


def test_a_kid_opens_no_file(tenant: TenantUnderTest) -> None:
    """Not even one that would be a key: names are looked up among those that were read."""
    outside = oauth_folder(tenant.house).parent / "oauth-other.key"
    outside.write_bytes(OTHERS_KEY.private_bytes_raw())
    try:
        for kid in ("/../oauth-other", "../other", "../oauth-other.key", str(outside), str(outside.with_suffix(""))):
            refused(tenant, signed(header(tenant.house, kid=kid), claims(tenant), OTHERS_KEY))
    finally:
        outside.unlink()


def test_a_file_that_is_not_named_as_ours_is_no_key(tenant: TenantUnderTest) -> None:
    planted = oauth_folder(tenant.house) / "oauth-zzz.key"
    planted.write_bytes(OTHERS_KEY.private_bytes_raw())
    try:
        refused(tenant, signed(header(tenant.house, kid="zzz"), claims(tenant), OTHERS_KEY))
        accepted(tenant, by_us()(tenant))
    finally:
        planted.unlink()


def test_a_token_is_of_its_tenant_and_its_key_alone(tenant: TenantUnderTest) -> None:
    """Only we could sign these; even so they are nobody: the row is looked for in the tenant that the token names."""
    stranger = tenant.house.tenant("stranger")
    mine, theirs = claims(tenant), claims(stranger)
    for name in ("tenant", "sub"):
        refused(tenant, signed(header(tenant.house), mine | {name: theirs[name]}, signer(tenant.house)))
    refused(tenant, signed(header(tenant.house), mine | {"sub": "0" * 32}, signer(tenant.house)))


def test_a_scope_that_the_key_does_not_hold_is_of_no_use(tenant: TenantUnderTest) -> None:
    token = by_us(scope="aggregates:read admin people:write")(tenant)
    accepted(tenant, token)
    for path in ("/v1/audit-log", "/v1/org-units"):
        problem(tenant.call(None, "GET", path, headers=with_token(token)), 403, "forbidden")


def test_a_token_runs_out(tenant: TenantUnderTest) -> None:
    token = token_for(tenant, "aggregates:read")
    tenant.house.clock.shift = timedelta(minutes=9, seconds=50)
    accepted(tenant, token)
    tenant.house.clock.shift = timedelta(minutes=10, seconds=1)
    refused(tenant, token)
