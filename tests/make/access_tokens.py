"""Access tokens, asked for as a client does; and put together byte by byte, with our key and with others."""

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import httpx2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from service.tenants.access_tokens import client_id_of
from service.tenants.keys import Key
from service.tenants.token_key_files import ends_of, file_of, folder_of
from tests.fixtures.house import House, TenantUnderTest
from tests.make.id_tokens import text

Json = dict[str, Any] | str
"""A JSON object; or its text, for what no writer of JSON would write."""


def ask(tenant: TenantUnderTest, scope: str, **form: str) -> httpx2.Response:
    """A token for the key of a scope, the client named in the body."""
    key = Key.read(tenant.keys[scope])
    named = {"client_id": client_id_of(key.tenant_id, key.key_id), "client_secret": key.text()}
    return tenant.house.client.post("/oauth/token", data={"grant_type": "client_credentials", **named, **form})


def token_for(tenant: TenantUnderTest, scope: str, **form: str) -> str:
    answer = ask(tenant, scope, **form)
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["access_token"]
    return token


def with_token(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def oauth_folder(house: House) -> Path:
    return folder_of(house.settings.keys_dir)


def kids(house: House) -> list[str]:
    """Of the keys that are there, oldest first."""
    return list(ends_of(oauth_folder(house)))


def signer(house: House) -> Ed25519PrivateKey:
    """The key that signs now."""
    return Ed25519PrivateKey.from_private_bytes(file_of(oauth_folder(house), kids(house)[-1]).read_bytes())


def header(house: House, **changes: Any) -> dict[str, Any]:
    """A sound one; a member that is changed to None is left out."""
    given = {"alg": "EdDSA", "typ": "at+jwt", "kid": kids(house)[-1]} | changes
    return {name: value for name, value in given.items() if value is not None}


def claims(tenant: TenantUnderTest, /, **changes: Any) -> dict[str, Any]:
    """Sound ones, for the key that may read aggregates; a claim that is None is left out."""
    key = Key.read(tenant.keys["aggregates:read"])
    now = int(tenant.house.clock().timestamp())
    given = {
        "iss": "urn:pouls", "aud": "pouls", "sub": key.key_id.hex, "tenant": key.tenant_id.hex, "iat": now,
        "client_id": client_id_of(key.tenant_id, key.key_id), "exp": now + 600, "jti": "j", "scope": "aggregates:read",
    } | changes  # fmt: skip
    return {name: value for name, value in given.items() if value is not None}


def message(head: Json, body: Json) -> str:
    """Header and claims, ready to be signed."""
    parts = (part if isinstance(part, str) else json.dumps(part) for part in (head, body))
    return ".".join(text(part.encode()) for part in parts)


def signed(head: Json, body: Json, key: Ed25519PrivateKey) -> str:
    unsigned = message(head, body)
    return f"{unsigned}.{text(key.sign(unsigned.encode()))}"


def with_mac(head: Json, body: Json, secret: bytes) -> str:
    """Signed with a MAC, as if the secret were one."""
    unsigned = message(head, body)
    return f"{unsigned}.{text(hmac.digest(secret, unsigned.encode(), hashlib.sha256))}"
