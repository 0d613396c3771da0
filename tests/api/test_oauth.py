"""Access tokens for API keys: how they are asked for, what they may do, how their keys are replaced and published."""

import asyncio
import os
import re
from base64 import b64encode
from collections.abc import Awaitable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus
from uuid import UUID

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from typer.testing import CliRunner

from service.cli import app as commands
from service.kit import pace
from service.tenants import token_key_files
from service.tenants.access_tokens import client_id_of
from service.tenants.keys import Key
from service.tenants.token_keys import TokenKeys
from tests.fixtures.house import House, TenantUnderTest
from tests.make.access_tokens import ask, kids, token_for, with_token
from tests.make.wire import places, problem, raw
from tests.make.world import ok

FORM = {"grant_type": "client_credentials"}


def client_of(tenant: TenantUnderTest, scope: str) -> tuple[str, str]:
    key = Key.read(tenant.keys[scope])
    return client_id_of(key.tenant_id, key.key_id), key.text()


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()}


def token_call(tenant: TenantUnderTest, **request: Any) -> httpx2.Response:
    return tenant.house.client.post("/oauth/token", **request)


def refused(answer: httpx2.Response, status: int, error: str) -> str:
    """In OAuth2's own form (RFC 6749, 5.2), and nothing else in it; the description."""
    told = answer.json()
    assert (answer.status_code, told.keys(), told["error"]) == (status, {"error", "error_description"}, error)
    description: str = told["error_description"]
    assert re.fullmatch(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+", description), description
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["pragma"] == "no-cache"
    assert (status == 401) == ("www-authenticate" in answer.headers)
    return description


def test_a_client_is_named_in_the_body_or_by_basic(tenant: TenantUnderTest) -> None:
    client_id, secret = client_of(tenant, "aggregates:read")
    in_body = token_call(tenant, data=FORM | {"client_id": client_id, "client_secret": secret})
    by_basic = token_call(tenant, data=FORM, headers=basic(quote_plus(client_id), quote_plus(secret)))
    both = token_call(tenant, data=FORM | {"client_id": client_id}, headers=basic(client_id, secret))
    for answer in (in_body, by_basic, both):
        told = ok(answer, 200)
        assert set(told) == {"access_token", "token_type", "expires_in", "scope"}
        assert (told["token_type"], told["expires_in"], told["scope"]) == ("Bearer", 600, "aggregates:read")
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["pragma"] == "no-cache"
        ok(tenant.call(None, "GET", "/v1/releases", headers=with_token(told["access_token"])))


def test_keys_are_shown_with_their_client_id(tenant: TenantUnderTest) -> None:
    made = ok(tenant.call("admin", "POST", "/v1/api-keys", json={"name": "n", "scopes": ["people:write"]}), 201)
    listed = {row["id"]: row["client_id"] for row in ok(tenant.call("admin", "GET", "/v1/api-keys"))}
    assert listed[made["id"]] == made["client_id"] == client_id_of(tenant.tenant_id, UUID(made["id"]))
    data = FORM | {"client_id": made["client_id"], "client_secret": made["key"]}
    assert ok(token_call(tenant, data=data))["scope"] == "people:write"


def test_a_token_is_what_rfc_9068_says(tenant: TenantUnderTest) -> None:
    """Read by a library, with the keys that are published, as a stranger would."""
    token = token_for(tenant, "aggregates:read")
    answer = tenant.house.client.get("/.well-known/jwks.json")
    published = ok(answer)
    assert answer.headers["cache-control"] == "public, max-age=60"
    assert {key["kid"] for key in published["keys"]} <= set(kids(tenant.house))
    for key in published["keys"]:
        assert set(key) == {"kty", "crv", "x", "kid", "use", "alg"}
    with pytest.warns(Warning, match="EdDSA"):
        read = jwt.decode(token, KeySet.import_key_set(published), algorithms=["EdDSA"])
    key = Key.read(tenant.keys["aggregates:read"])
    assert read.header == {"alg": "EdDSA", "typ": "at+jwt", "kid": kids(tenant.house)[-1]}
    claims = read.claims
    assert claims["exp"] - claims["iat"] == 600
    assert UUID(hex=claims.pop("jti"))
    assert {name: claims[name] for name in claims if name not in {"iat", "exp"}} == {
        "iss": "urn:pouls", "aud": "pouls", "sub": key.key_id.hex, "tenant": tenant.tenant_id.hex,
        "scope": "aggregates:read", "client_id": client_id_of(key.tenant_id, key.key_id),
    }  # fmt: skip


def test_the_metadata_leads_to_the_rest(tenant: TenantUnderTest) -> None:
    told = ok(tenant.house.client.get("/.well-known/oauth-authorization-server"))
    assert told["issuer"] == "urn:pouls"
    assert told["token_endpoint"] == "http://pouls.test/oauth/token"  # noqa: S105 - an address
    assert told["jwks_uri"] == "http://pouls.test/.well-known/jwks.json"
    assert told["grant_types_supported"] == ["client_credentials"]
    ok(tenant.house.client.get(told["jwks_uri"]))


WRONG: dict[str, tuple[dict[str, Any], int, str]] = {
    "no grant": ({"data": {"client_id": "ID", "client_secret": "SECRET"}}, 400, "invalid_request"),
    "another grant": (
        {"data": {"grant_type": "password", "client_id": "ID", "client_secret": "SECRET"}}, 400,
        "unsupported_grant_type",
    ),
    "a scope that is not held": (
        {"data": FORM | {"client_id": "ID", "client_secret": "SECRET", "scope": "admin"}}, 400, "invalid_scope",
    ),
    "a scope that there is not": (
        {"data": FORM | {"client_id": "ID", "client_secret": "SECRET", "scope": "root"}}, 400, "invalid_scope",
    ),
    "two blanks": (
        {"data": FORM | {"client_id": "ID", "client_secret": "SECRET", "scope": "aggregates:read  "}}, 400,
        "invalid_scope",
    ),
    "json": ({"json": FORM}, 400, "invalid_request"),
    "a query": ({"data": FORM, "params": {"client_id": "ID"}}, 422, ""),
    "twice": (
        {"content": b"grant_type=client_credentials&grant_type=client_credentials",
         "headers": {"content-type": "application/x-www-form-urlencoded"}}, 400, "invalid_request",
    ),
    "no form": (
        {"content": b"\xff=%zz&&", "headers": {"content-type": "application/x-www-form-urlencoded"}}, 400,
        "invalid_request",
    ),
    "too long": ({"data": FORM | {"x": "y" * 9000}}, 400, "invalid_request"),
    "nobody": ({"data": FORM}, 401, "invalid_client"),
    "no secret": ({"data": FORM | {"client_id": "ID"}}, 401, "invalid_client"),
    "another secret": ({"data": FORM | {"client_id": "ID", "client_secret": "pouls_x"}}, 401, "invalid_client"),
    "another id": ({"data": FORM | {"client_id": "x", "client_secret": "SECRET"}}, 401, "invalid_client"),
    "a bearer": ({"data": FORM, "headers": {"Authorization": "Bearer SECRET"}}, 401, "invalid_client"),
    "basic that is none": ({"data": FORM, "headers": {"Authorization": "Basic !!"}}, 401, "invalid_client"),
    "two ways": (
        {"data": FORM | {"client_secret": "SECRET"}, "headers": {"Authorization": "BASIC"}}, 400, "invalid_request",
    ),
    "two names": (
        {"data": FORM | {"client_id": "x"}, "headers": {"Authorization": "BASIC"}}, 400, "invalid_request",
    ),
}  # fmt: skip


DESCRIBED = {
    "no grant": "grant_type is required", "another grant": "grant_type must be client_credentials",
    "a scope that is not held": "own scopes", "a scope that there is not": "own scopes", "two blanks": "one space",
    "json": "application/x-www-form-urlencoded", "a query": "", "twice": "given once", "no form": "can not be read",
    "too long": "8 KiB", "nobody": "name the client", "no secret": "name the client",
    "another secret": "no valid API key", "another id": "no valid API key", "a bearer": "name the client",
    "basic that is none": "name the client", "two ways": "in two ways", "two names": "in two ways",
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_refusal_is_in_oauths_own_form(tenant: TenantUnderTest, name: str) -> None:
    client_id, secret = client_of(tenant, "aggregates:read")
    fill = {"ID": client_id, "SECRET": secret, "BASIC": basic(client_id, secret)["Authorization"]}

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: filled(one) for key, one in value.items()}
        for word, text in fill.items():
            value = value.replace(word, text) if isinstance(value, str) else value
        return value

    request, status, error = WRONG[name]
    answer = token_call(tenant, **filled(request))
    if status == 422:
        problem(answer, 422, "invalid")  # before anything of OAuth2 is looked at, as everywhere
    else:
        described = refused(answer, status, error)
        assert DESCRIBED[name] in described
        assert client_id not in described


def test_a_form_that_stops_coming_is_too_slow_and_no_wrong_form(
    tenant: TenantUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "PATIENCE_S", 0)

    def form() -> Iterator[bytes | Awaitable[object]]:
        yield b"grant_type=client_credentials&"
        yield asyncio.Event().wait()

    headers = {"content-type": b"application/x-www-form-urlencoded"}
    answer = raw(tenant.house, "POST", "/oauth/token", headers=headers, chunks=form())
    problem(answer, 408, "too-slow")
    assert answer.headers["connection"] == "close"


def test_a_key_that_is_unknown_expired_or_revoked_gets_no_token(tenant: TenantUnderTest) -> None:
    known = Key.read(tenant.keys["admin"])
    stranger = tenant.house.tenant("stranger")
    forged = [
        Key(known.tenant_id, known.key_id, bytes(20)),
        Key(known.tenant_id, UUID(int=7), known.secret),
        Key(stranger.tenant_id, known.key_id, known.secret),
    ]
    said = set()
    for key in forged:
        named = {"client_id": client_id_of(key.tenant_id, key.key_id), "client_secret": key.text()}
        said.add(refused(token_call(tenant, data=FORM | named), 401, "invalid_client"))
    made = ok(tenant.call("admin", "POST", "/v1/api-keys", json={"name": "n", "scopes": ["people:write"]}), 201)
    named = {"client_id": made["client_id"], "client_secret": made["key"]}
    ok(token_call(tenant, data=FORM | named))
    ok(tenant.call("admin", "DELETE", f"/v1/api-keys/{made['id']}"), 204)
    said.add(refused(token_call(tenant, data=FORM | named), 401, "invalid_client"))
    assert len(said) == 1  # they look the same


def test_a_scope_narrows_and_nothing_widens(tenant: TenantUnderTest) -> None:
    body = {"name": "both", "scopes": ["people:write", "aggregates:read"]}
    made = ok(tenant.call("admin", "POST", "/v1/api-keys", json=body), 201)
    named = FORM | {"client_id": made["client_id"], "client_secret": made["key"]}
    whole = ok(token_call(tenant, data=named))
    assert whole["scope"] == "aggregates:read people:write"
    narrow = ok(token_call(tenant, data=named | {"scope": "aggregates:read"}))
    assert narrow["scope"] == "aggregates:read"
    for token, status in [(whole, 200), (narrow, 403)]:
        headers = with_token(token["access_token"])
        assert tenant.call(None, "GET", "/v1/dimensions", headers=headers).status_code == status
        assert tenant.call(None, "GET", "/v1/releases", headers=headers).status_code == 200


def test_a_token_and_its_key_are_one_caller(tenant: TenantUnderTest) -> None:
    """The same Idempotency-Key is the same request by either; but not for a token without the scope."""
    body = {"name": "both", "scopes": ["people:write", "aggregates:read"]}
    made = ok(tenant.call("admin", "POST", "/v1/api-keys", json=body), 201)
    named = FORM | {"client_id": made["client_id"], "client_secret": made["key"]}
    site = [{"name": "site", "values": [{"id": "paris", "label": {"fr": "Paris"}}]}]

    def put(credential: str) -> httpx2.Response:
        headers = with_token(credential) | {"Idempotency-Key": "k"}
        return tenant.call(None, "PUT", "/v1/dimensions", headers=headers, json=site)

    ok(put(made["key"]))
    again = put(ok(token_call(tenant, data=named))["access_token"])
    assert again.headers["idempotency-replayed"] == "true"
    narrow = ok(token_call(tenant, data=named | {"scope": "aggregates:read"}))["access_token"]
    problem(put(narrow), 403, "forbidden")


def test_a_revoked_keys_tokens_end_with_it(tenant: TenantUnderTest) -> None:
    made = ok(tenant.call("admin", "POST", "/v1/api-keys", json={"name": "n", "scopes": ["aggregates:read"]}), 201)
    named = FORM | {"client_id": made["client_id"], "client_secret": made["key"]}
    headers = with_token(ok(token_call(tenant, data=named))["access_token"])
    ok(tenant.call(None, "GET", "/v1/releases", headers=headers))
    ok(tenant.call("admin", "DELETE", f"/v1/api-keys/{made['id']}"), 204)
    problem(tenant.call(None, "GET", "/v1/releases", headers=headers), 401, "unauthenticated")


def test_the_reply_is_never_kept_under_a_name(tenant: TenantUnderTest) -> None:
    client_id, secret = client_of(tenant, "aggregates:read")
    named = FORM | {"client_id": client_id, "client_secret": secret}
    told = token_call(tenant, data=named, headers={"Idempotency-Key": "k"})
    assert set(places(problem(told, 422, "invalid"))) == {"header:Idempotency-Key"}


def rotated(house: House, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("POULS_KEYS_DIR", str(house.settings.keys_dir))
    done = CliRunner().invoke(commands, ["keys", "rotate-oauth"])
    assert done.exit_code == 0, done.output
    return done.output.strip()


def test_a_rotation_needs_no_restart_and_interrupts_nobody(
    tenant: TenantUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = tenant.house
    before = kids(house)[-1]
    kid = rotated(house, monkeypatch)
    assert kids(house)[-1] == kid != before
    # Others learn of the new key before anything is signed with it.
    old = token_for(tenant, "aggregates:read")
    assert _kid_of(old) == before
    assert {kid, before} <= _published(house)
    house.clock.shift = timedelta(minutes=6)
    new = token_for(tenant, "aggregates:read")
    assert _kid_of(new) == kid
    for token in (old, new):
        ok(tenant.call(None, "GET", "/v1/releases", headers=with_token(token)))
    house.clock.shift = timedelta(minutes=11)
    assert tenant.call(None, "GET", "/v1/releases", headers=with_token(old)).status_code == 401
    ok(tenant.call(None, "GET", "/v1/releases", headers=with_token(new)))
    house.clock.shift = timedelta(minutes=16, seconds=30)  # the last token of the old key has run out, on any clock
    assert _published(house) == {kid}


def test_keys_that_are_over_are_removed_with_a_rotation(tmp_path: Path, house: House) -> None:
    token_key_files.ensure(tmp_path / "oauth")
    folder = tmp_path / "oauth"
    (first,) = token_key_files.ends_of(folder)
    second = token_key_files.rotate(folder, house.clock())
    assert list(token_key_files.ends_of(folder)) == [first, second]
    later = house.clock() + timedelta(minutes=17)
    third = token_key_files.rotate(folder, later)
    assert list(token_key_files.ends_of(folder)) == [second, third]
    token_key_files.ensure(folder)
    assert list(token_key_files.ends_of(folder)) == [second, third]
    assert {file.stat().st_mode & 0o777 for file in folder.glob("oauth-*.key")} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700


def test_the_folder_is_read_again_when_it_changes_and_else_not(
    tmp_path: Path, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "oauth"
    token_key_files.ensure(folder)
    os.utime(folder, (1_000_000_000, 1_000_000_000))
    keys = TokenKeys(folder)
    now = house.clock()
    first = keys.signing(now).kid
    with monkeypatch.context() as patch:
        patch.setattr("service.tenants.token_keys.ends_of", lambda _: pytest.fail("read again"))
        assert keys.signing(now).kid == first
    second = token_key_files.rotate(folder, now)
    assert {first, second} == {kid for kid in (first, second) if keys.verifying(kid, now)}
    third = token_key_files.rotate(folder, now)  # within the same tick of the file system's clock, perhaps
    assert keys.verifying(third, now) is not None


def test_without_a_key_nothing_starts(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="pouls keys init"):
        TokenKeys(tmp_path / "none")
    (tmp_path / "oauth").mkdir()
    with pytest.raises(Exception, match="pouls keys init"):
        TokenKeys(tmp_path / "oauth")


def _published(house: House) -> set[str]:
    return {key["kid"] for key in ok(house.client.get("/.well-known/jwks.json"))["keys"]}


def _kid_of(token: str) -> str:
    import json  # noqa: PLC0415 - only here
    from base64 import urlsafe_b64decode  # noqa: PLC0415 - only here

    head = token.partition(".")[0]
    kid: str = json.loads(urlsafe_b64decode(head + "=" * (-len(head) % 4)))["kid"]
    return kid


def test_asking_in_the_name_of_a_key_is_counted(tenant: TenantUnderTest) -> None:
    answer = ask(tenant, "aggregates:read")
    assert answer.headers["ratelimit-policy"].startswith('"tokens";q=')
