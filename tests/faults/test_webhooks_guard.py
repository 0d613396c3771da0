"""Nobody is led into the operator's own network: whatever an endpoint's URL says, and whatever the database says."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpcore2
import pytest

from service.kit.ids import new_id
from service.webhooks.deliver import Courier
from tests.faults.writer import write
from tests.fixtures.house import House, TenantUnderTest
from tests.fixtures.receivers import ON_LOOPBACK, Receiver, a_courier, an_endpoint, deliveries, keys_of
from tests.make.wire import problem
from tests.make.world import a_launched_wave, ok

pytestmark = pytest.mark.usefixtures("alone")

STRICT: dict[str, Any] = {}


class Network(httpcore2.AnyIOBackend):
    """The real one, which also tells where it was asked to connect to."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        self.asked.append(host)
        return await super().connect_tcp(host, port, timeout, local_address, socket_options)


@dataclass
class Row:
    """An endpoint's row, as only somebody with the key could write it."""

    tenant_id: UUID
    endpoint_id: UUID
    url: str
    generation: int = 1
    rotated_at: datetime | None = None
    enabled: bool = True
    mac: bytes = b""


def put(tenant: TenantUnderTest, url: str) -> str:
    """An endpoint that passed whatever looks at URLs, signed; and a test on its way to it."""
    row = Row(tenant.tenant_id, new_id(), url)
    row.mac = keys_of(tenant.house).sign(row)
    write(
        tenant.house,
        """
        INSERT INTO webhook_endpoint (tenant_id, endpoint_id, url, generation, enabled, revision, created_at, mac)
        VALUES ($1, $2, $3, 1, true, 1, now(), $4)
        """,
        row.tenant_id, row.endpoint_id, url, row.mac,
    )  # fmt: skip
    ok(tenant.call("webhooks:write", "POST", f"/v1/webhook-endpoints/{row.endpoint_id}/test"), 202)
    return str(row.endpoint_id)


def sent(tenant: TenantUnderTest, courier: Courier, endpoint: str) -> dict[str, Any]:
    """What came of the test."""
    tenant.house.sweep()
    assert tenant.house.run(courier.deliver) == 1
    (told,) = deliveries(tenant, endpoint)
    return told


URLS = {
    "http": "http://127.0.0.1:{port}/",
    "loopback": "https://127.0.0.1:{port}/",
    "another loopback": "https://127.9.9.9:{port}/",
    "named": "https://localhost:{port}/",
    "mapped": "https://[::ffff:127.0.0.1]:{port}/",
    "compatible": "https://[::127.0.0.1]:{port}/",
    "v6": "https://[::1]:{port}/",
    "decimal": "https://2130706433:{port}/",
    "hexadecimal": "https://0x7f.1:{port}/",
    "octal": "https://0177.0.0.1:{port}/",
    "short": "https://127.1:{port}/",
    "unspecified": "https://0.0.0.0:{port}/",
    "user": "https://hris.example:x@127.0.0.1:{port}/",
    "metadata": "https://169.254.169.254/latest/meta-data/",
    "metadata in v6": "https://[fd00:ec2::254]/latest/meta-data/",
    "metadata by NAT64": "https://[64:ff9b::a9fe:a9fe]/",
    "shared by carriers": "https://100.64.0.1/",
    "private": "https://10.0.0.1/",
    "6to4": "https://[2002:7f00:1::]/",
    "multicast": "https://224.0.0.1/",
    "file": "file:///etc/passwd",
    "socket": "unix:///run/docker.sock",
}


@pytest.mark.parametrize("url", URLS.values(), ids=URLS)
def test_nothing_within_is_connected_to(tenant: TenantUnderTest, receiver: Receiver, url: str) -> None:
    """The API would take none of them; here they stand in the database, with a good signature."""
    network = Network()
    endpoint = put(tenant, url.format(port=receiver.port))
    told = sent(tenant, a_courier(tenant.house, STRICT, network=network), endpoint)
    assert told["status"] == "pending"
    assert told["last_problem"] in {"url-refused", "no-public-address"}
    assert network.asked == []
    assert receiver.got == []


def test_the_same_server_is_hit_where_it_is_allowed(
    tenant: TenantUnderTest, receiver: Receiver, on_loopback: Courier
) -> None:
    """Or the tests above would prove nothing."""
    assert sent(tenant, on_loopback, put(tenant, receiver.url))["status"] == "delivered"
    assert receiver.types == ["webhook.test"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(
    tenant: TenantUnderTest, receive: Callable[..., Receiver], receiver: Receiver, status: int
) -> None:
    """Neither to what is not allowed nor to what is."""
    first = receive("127.0.0.2")
    first.status, first.answer_headers = status, {"Location": f"http://127.0.0.1:{receiver.port}/"}
    for allowed in (["127.0.0.2/32"], ["127.0.0.0/8"]):
        courier = a_courier(tenant.house, {"allow_http": True, "allow_networks": allowed})
        told = sent(tenant, courier, put(tenant, f"http://127.0.0.2:{first.port}/"))
        assert (told["status"], told["last_status"]) == ("pending", status)
    assert len(first.got) == 2
    assert receiver.got == []


def test_a_name_that_changes_its_mind_leads_nowhere_else(
    tenant: TenantUnderTest, receive: Callable[..., Receiver]
) -> None:
    """Rebinding: what the first look-up said and was checked is called; what the second would say, is not."""
    allowed = receive("127.0.0.2")
    within = receive("127.0.0.1", allowed.port)
    answers = [["127.0.0.2"], ["127.0.0.1"], ["127.0.0.2", "127.0.0.1"]]

    async def rebinding(host: str, port: int) -> list[str]:
        assert (host, port) == ("hris.example", allowed.port)
        return answers.pop(0) if answers else ["127.0.0.1"]

    network = Network()
    settings = {"allow_http": True, "allow_networks": ["127.0.0.2/32"]}
    courier = a_courier(tenant.house, settings, resolve=rebinding, network=network)
    url = f"http://hris.example:{allowed.port}/"
    assert sent(tenant, courier, put(tenant, url))["status"] == "delivered"
    assert allowed.got[0].headers["host"] == f"hris.example:{allowed.port}"
    for _ in range(2):
        assert sent(tenant, courier, put(tenant, url))["last_problem"] == "no-public-address"
    assert network.asked == ["127.0.0.2"]
    assert len(allowed.got) == 1
    assert within.got == []


def test_no_proxy_of_the_environment_is_used(
    tenant: TenantUnderTest, receive: Callable[..., Receiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, receiver = receive(), receive()
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert sent(tenant, a_courier(tenant.house, ON_LOOPBACK), put(tenant, receiver.url))["status"] == "delivered"
    assert proxy.got == []


# -- somebody with every right in the database and no key ----------------------------------------------------------


def looked_at(house: House, courier: Courier) -> int:
    house.sweep()
    attempts: int = house.run(courier.deliver)
    return attempts


@pytest.mark.parametrize(
    "altering",
    [
        "url = $3",
        "url = $3, mac = decode(repeat('00', 16), 'hex')",
        "url = $3, generation = 2",
        "url = $3, endpoint_id = gen_random_uuid()",
    ],
)
def test_an_endpoint_that_was_altered_is_not_sent_to(
    tenant: TenantUnderTest,
    receive: Callable[..., Receiver],
    on_loopback: Courier,
    altering: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    owner, thief = receive(), receive()
    made = an_endpoint(tenant, owner.url)
    write(
        tenant.house,
        f"UPDATE webhook_endpoint SET {altering} WHERE tenant_id = $1 AND endpoint_id = $2",  # noqa: S608 - of this test
        tenant.tenant_id, UUID(made["id"]), thief.url,
    )  # fmt: skip
    a_launched_wave(tenant)
    assert looked_at(tenant.house, on_loopback) == 0
    assert (owner.got, thief.got) == ([], [])
    assert "webhook endpoint altered" in capsys.readouterr().out


def test_an_endpoint_that_was_made_up_or_copied_is_not_sent_to(
    tenant: TenantUnderTest, receive: Callable[..., Receiver], on_loopback: Courier
) -> None:
    """Neither one from nothing, nor another tenant's own, with its good signature."""
    stranger, thief = tenant.house.tenant("stranger"), receive()
    an_endpoint(stranger, thief.url)
    columns = "endpoint_id, url, event_types, generation, enabled, revision, created_at, mac"
    write(
        tenant.house,
        f"INSERT INTO webhook_endpoint (tenant_id, {columns}) SELECT $1, {columns} FROM webhook_endpoint"  # noqa: S608 - same
        " WHERE tenant_id = $2",
        tenant.tenant_id, stranger.tenant_id,
    )  # fmt: skip
    write(
        tenant.house,
        f"INSERT INTO webhook_endpoint (tenant_id, {columns})"  # noqa: S608 - same
        " VALUES ($1, $2, $3, NULL, 1, true, 1, now(), ''::bytea)",
        tenant.tenant_id, new_id(), thief.url,
    )  # fmt: skip
    a_launched_wave(tenant)
    assert looked_at(tenant.house, on_loopback) == 0
    assert thief.got == []


def test_one_that_was_given_up_is_not_enabled_by_its_row(
    tenant: TenantUnderTest, receiver: Receiver, on_loopback: Courier
) -> None:
    made = an_endpoint(tenant, receiver.url)
    receiver.status = 410
    ok(tenant.call("webhooks:write", "POST", f"/v1/webhook-endpoints/{made['id']}/test"), 202)
    assert looked_at(tenant.house, on_loopback) == 1
    receiver.status = 200
    enabled = "enabled = true, disabled_reason = NULL, disabled_at = NULL"
    write(tenant.house, f"UPDATE webhook_endpoint SET {enabled} WHERE tenant_id = $1", tenant.tenant_id)  # noqa: S608 - same
    a_launched_wave(tenant)
    assert looked_at(tenant.house, on_loopback) == 0
    assert len(receiver.got) == 1


def test_an_event_that_was_made_up_carries_ids_at_most(
    tenant: TenantUnderTest, receiver: Receiver, on_loopback: Courier
) -> None:
    """Signed like any other, since events carry no MAC: so nothing but ids, moments and a path gets out."""
    made = an_endpoint(tenant, receiver.url)
    insert = """
        INSERT INTO event (tenant_id, event_id, type, occurred_at, data) VALUES ($1, $2, $3, $4, $5::text::jsonb)
    """
    wave = str(new_id())
    good = f'{{"campaign_id": "{wave}", "wave_id": "{wave}"}}'
    rows = [
        ("wave.closed", good),
        ("wave.closed", good[:-1] + ', "score": 4.2}'),
        ("wave.closed", '{"campaign_id": "canary-7", "wave_id": "canary-7"}'),
        ("wave.canary", good),
        ("wave.closed", "[]"),
        ("wave.closed", '"canary-7"'),
    ]
    for type_, data in rows:
        write(tenant.house, insert, tenant.tenant_id, new_id(), type_, datetime.now(UTC), data)
    a_launched_wave(tenant)  # whose events have the worker look
    looked_at(tenant.house, on_loopback)
    assert sorted(receiver.types) == ["campaign.launched", "wave.closed", "wave.opened"]
    assert not any(b"canary" in one.body or b"score" in one.body for one in receiver.got)
    failed = [row for row in deliveries(tenant, made["id"]) if row["status"] == "failed"]
    assert [row["last_problem"] for row in failed] == ["not-an-event"] * 5
    shown = ok(tenant.call("webhooks:write", "GET", "/v1/events"))
    assert "canary" not in str(shown)
    assert len(shown["data"]) == 3


def test_what_a_writer_put_into_an_endpoint_is_not_signed_by_the_next_act(tenant: TenantUnderTest) -> None:
    """Whoever writes to the database waits for somebody to change the endpoint, and so to sign it."""
    made = ok(tenant.call("webhooks:write", "POST", "/v1/webhook-endpoints", json={"url": "https://a.example/"}), 201)
    path = f"/v1/webhook-endpoints/{made['id']}"
    tag = tenant.call("webhooks:write", "GET", path).headers["etag"]
    altered = (
        "url = 'https://b.example/'",
        "enabled = false, disabled_reason = 'failing', disabled_at = now()",
        "generation = 0",
        "generation = -5",
    )
    for one in altered:
        before = tenant.sql("SELECT url, enabled, disabled_reason, disabled_at, generation FROM webhook_endpoint")[0]
        tenant.sql(f"UPDATE webhook_endpoint SET {one}")  # noqa: S608 - from this test
        acts = [("POST", "/rotate-secret", {}), ("POST", "/enable", {}),
                ("PATCH", "", {"json": {"event_types": None}, "headers": {"If-Match": tag}})]  # fmt: skip
        for method, end, request in acts:
            problem(tenant.call("webhooks:write", method, path + end, **request), 409, "endpoint-altered")
        tenant.sql(
            "UPDATE webhook_endpoint SET url = :url, enabled = :on, disabled_reason = :why, disabled_at = :then,"
            " generation = :generation",
            url=before[0], on=before[1], why=before[2], then=before[3], generation=before[4],
        )  # fmt: skip
    ok(tenant.call("webhooks:write", "POST", f"{path}/rotate-secret"))
    tenant.sql("UPDATE webhook_endpoint SET generation = -5")
    ok(tenant.call("webhooks:write", "DELETE", path), 204)
