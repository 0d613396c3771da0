"""A key that is revoked under load: refused at once by every process, as a key and as a token (RELIABILITY 22).

Nothing is remembered of a key between two requests: what begins after the revocation was answered is refused, without
a second of grace, on the process that revoked it and on the other one.
"""

import asyncio
from typing import Any

from fastapi import FastAPI

from tests.fixtures.house import TenantUnderTest
from tests.make.wire import ask
from tests.make.world import ok

CLIENTS = 4
WARM = 10
AFTER = 5
PATH = "/v1/releases"


class Load:
    """Clients that call and call, with what was answered before and after the revocation."""

    def __init__(self) -> None:
        self.warm = asyncio.Event()
        self.revoked = asyncio.Event()
        self.before: dict[tuple[str, str], list[int]] = {}
        self.after: dict[tuple[str, str], list[int]] = {}

    async def client(self, app: Any, named: tuple[str, str], credential: str) -> None:
        before, after = self.before.setdefault(named, []), self.after.setdefault(named, [])
        mine = 0
        while mine < AFTER:
            begun_after = self.revoked.is_set()
            sent = await ask(app, "GET", PATH, headers={"authorization": b"Bearer " + credential.encode()})
            (after if begun_after else before).append(sent.status_code)
            mine += begun_after
            if len(self.before) == 4 and min(statuses.count(200) for statuses in self.before.values()) >= WARM:
                self.warm.set()


def test_what_begins_after_it_is_refused_everywhere(tenant: TenantUnderTest, other_process: FastAPI) -> None:
    house = tenant.house
    made = ok(tenant.call("admin", "POST", "/v1/api-keys", json={"name": "n", "scopes": ["aggregates:read"]}), 201)
    form = {"grant_type": "client_credentials", "client_id": made["client_id"], "client_secret": made["key"]}
    token = ok(house.client.post("/oauth/token", data=form))["access_token"]
    apps: dict[str, Any] = {"one": house.client.app, "other": other_process}

    async def go() -> Load:
        load = Load()
        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            for name, app in apps.items():
                for kind, credential in (("key", made["key"]), ("token", token)):
                    for _ in range(CLIENTS):
                        group.create_task(load.client(app, (name, kind), credential))
            await load.warm.wait()
            headers = {"authorization": b"Bearer " + tenant.keys["admin"].encode()}
            sent = await ask(apps["one"], "DELETE", f"/v1/api-keys/{made['id']}", headers=headers)
            assert sent.status_code == 204
            load.revoked.set()
        return load

    load: Load = house.run(go)
    callers = {(name, kind) for name in apps for kind in ("key", "token")}
    assert set(load.before) == set(load.after) == callers
    for caller in callers:
        assert set(load.before[caller]) <= {200, 401}, caller
        assert len(load.after[caller]) >= CLIENTS * AFTER
        assert set(load.after[caller]) == {401}, caller
