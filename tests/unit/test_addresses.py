"""Which URLs may be called, and which addresses: every class of them, and every way to write one in disguise."""

import asyncio
import socket
import subprocess
import sys
import threading
from ipaddress import ip_address, ip_network
from typing import Any

import httpcore2
import pytest

from service.kit import http
from service.kit.addresses import Guard, UrlRefused, is_public
from service.kit.http import Outbound, Resolver, Unreachable
from service.settings import Settings

NOT_PUBLIC = [
    "0.0.0.0",  # noqa: S104 - called, not bound
    "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.254", "127.0.0.1", "127.255.255.254",
    "169.254.169.254", "169.254.170.2", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.170", "192.0.2.1",
    "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1",
    "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:8.8.8.8", "64:ff9b::7f00:1",
    "64:ff9b::8.8.8.8", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:2::1",
    "2001:10::1", "2001:20::1", "2001:db8::1", "2002:7f00:1::", "2002:808:808::1", "3fff::1", "5f00::1",
    "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "2606:4700::1111%eth0", "fec0::1", "ff02::1", "4000::1",
]  # fmt: skip
PUBLIC = [
    "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
    "172.15.255.255", "172.32.0.0", "192.167.255.255", "198.17.255.255", "198.20.0.0", "223.255.255.255",
    "2606:4700:4700::1111", "2a00:1450:4007:80c::200e", "2001:4860:4860::8888", "2001:200::1", "2003::1",
]  # fmt: skip


@pytest.mark.parametrize("text", NOT_PUBLIC)
def test_an_address_that_is_not_public_is_refused(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_a_public_address_is_not(text: str) -> None:
    assert is_public(ip_address(text))


def test_what_the_standard_library_refuses_is_refused() -> None:
    """A second opinion, whose lists are older than ours: nothing that it calls private is public here."""
    for text in [*NOT_PUBLIC, *PUBLIC]:
        address = ip_address(text)
        if not address.is_global or address.is_multicast or address.is_reserved or address.is_loopback:
            assert not is_public(address), text


def test_a_name_is_called_only_if_each_of_its_addresses_may_be() -> None:
    guard = Guard()
    assert [str(one) for one in guard.allowed(["1.1.1.1", "1.1.1.1", "2606:4700::1"])] == ["1.1.1.1", "2606:4700::1"]
    assert guard.allowed(["1.1.1.1", "127.0.0.1"]) == []
    assert guard.allowed([]) == []


def test_an_operator_may_allow_a_network_and_it_alone() -> None:
    guard = Guard((ip_network("10.20.0.0/16"),))
    assert guard.allows(ip_address("10.20.3.4"))
    assert not guard.allows(ip_address("10.21.3.4"))
    assert not guard.allows(ip_address("::ffff:10.20.3.4"))


def test_nothing_is_allowed_unless_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _guard() == Guard()
    monkeypatch.setenv("POULS_WEBHOOKS_ALLOW_NETWORKS", '["10.20.0.0/16", "fd00::/8"]')
    monkeypatch.setenv("POULS_WEBHOOKS_ALLOW_HTTP", "true")
    assert _guard() == Guard((ip_network("10.20.0.0/16"), ip_network("fd00::/8")), allow_http=True)


def _guard() -> Guard:
    """As the API process and the worker make it."""
    given = Settings().webhooks
    return Guard(given.allow_networks, given.allow_http)


TARGETS = {
    "https://hris.example": ("hris.example", 443, "/"),
    "https://HRIS.example:8443/a/b?c=d&e=%20": ("hris.example", 8443, "/a/b?c=d&e=%20"),
    "https://hris.example?c=d": ("hris.example", 443, "/?c=d"),
    "https://xn--exmple-cua.example/": ("xn--exmple-cua.example", 443, "/"),
    "https://8.8.8.8/x": ("8.8.8.8", 443, "/x"),
    "https://[2606:4700:4700:0::1111]/x": ("2606:4700:4700::1111", 443, "/x"),
    "https://hris/": ("hris", 443, "/"),
    "https://1.example/": ("1.example", 443, "/"),
}


@pytest.mark.parametrize("url", TARGETS)
def test_a_url_is_taken_apart(url: str) -> None:
    target = Guard().target(url)
    assert (target.host, target.port, target.target) == TARGETS[url]


DISGUISED = [
    "https://127.1/", "https://2130706433/", "https://0x7f000001/", "https://0x7f.0.0.1/", "https://0177.0.0.1/",
    "https://127.0.0.1./", "https://127.0.0.0x1/", "https://017700000001/", "https://0/", "https://0x/",
    "https://1.2.3.4.5/", "https://256.1.1.1/", "https://127.0.0.1:443/", "https://[::ffff:127.0.0.1]/",
    "https://[::127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://[fe80::1%25eth0]/", "https://[::1]/",
    "https://[64:ff9b::a9fe:a9fe]/", "https://169.254.169.254/latest/meta-data/", "https://[fd00:ec2::254]/",
    "https://\uff11\uff12\uff17.0.0.1/", "https://①②⑦.0.0.1/", "https://127。0。0。1/", "https://ⓛocalhost/", "https://exämple.example/",
    "https://hris.example@127.0.0.1/", "https://127.0.0.1\\@hris.example/", "https://hris.example:443@127.0.0.1/",
    "https://hris.example\t/",
    "https://hris.example\r\nHost: x/", "https://hris.example/\r\nX: y", "https://hris.example /",
    "https:hris.example/", "https:/hris.example/", "//hris.example/", "javascript:alert(1)", "file:///etc/passwd",
    "gopher://hris.example/", "data:text/plain,x", "unix:///run/x", "HTTPS+unix://x/", "https://%31%32%37.0.0.1/",
    "https://hris_example.example/", "https://hris.example-/", "https://.example/", "https://example./", "https://",
    "https://" + "a" * 64 + ".example/", "https://" + "a." * 127 + "example/", "https://hris.example:/",
    "https://hris.example:443443/", "https://hris.example/#x", "", "https://[::1/", "https://::1/", "https://[]/",
]  # fmt: skip


WITHIN = ["https://localhost/", "https://LOCALHOST:8443/x", "https://hooks.localhost/", "https://127.0.0.1/"]


@pytest.mark.parametrize("url", [*WITHIN, "https://10.20.0.1/", "https://[fd00::1]/"])
def test_the_refusal_of_an_address_names_the_setting_that_allows_it(url: str) -> None:
    with pytest.raises(UrlRefused, match=r"must be a public address, unless .* \(POULS_WEBHOOKS_ALLOW_NETWORKS\)"):
        Guard().target(url)
    with pytest.raises(UrlRefused, match=r"must be https, unless .* \(POULS_WEBHOOKS_ALLOW_HTTP\)"):
        Guard().target(url.replace("https", "http"))


@pytest.mark.parametrize("network", ["127.0.0.0/8", "::1/128"])
def test_localhost_may_be_named_where_its_network_is_allowed(network: str) -> None:
    assert Guard((ip_network(network),)).target("https://localhost/").host == "localhost"
    for not_it in ("https://localhost.example/", "https://notlocalhost/"):
        assert Guard().target(not_it).literal is None


@pytest.mark.parametrize("url", DISGUISED)
def test_a_url_in_disguise_is_refused_without_a_look_up(url: str) -> None:
    with pytest.raises(UrlRefused) as refused:
        Guard().target(url)
    assert not any(part in str(refused.value) for part in ("127", "example", "etc"))


def test_http_only_where_it_is_allowed() -> None:
    with pytest.raises(UrlRefused):
        Guard().target("http://hris.example/")
    assert Guard(allow_http=True).target("http://hris.example/").port == 80


def test_the_resolver_reads_numbers_as_addresses_so_its_answer_is_checked_too() -> None:
    """What a careless look at the URL would take for a name; found out by the address that comes of it."""

    async def go(host: str) -> list[str]:
        return list(await Resolver()(host, 443))

    for host in ("2130706433", "0x7f.1", "localhost"):
        found = asyncio.run(go(host))
        assert found, host
        assert Guard().allowed(found) == []
    assert asyncio.run(go("does-not-exist.invalid")) == []
    assert asyncio.run(go("a" * 64)) == []


HANGING = """
import asyncio, threading
from service.kit import http

async def go():
    loop, begun = asyncio.get_running_loop(), asyncio.Event()

    def hang(host, port):
        loop.call_soon_threadsafe(begun.set)
        threading.Event().wait()

    http._addresses = hang
    asked = asyncio.create_task(http.Resolver()("hris.example", 443))
    await begun.wait()
    asked.cancel()

asyncio.run(go())
"""


def test_a_process_ends_while_a_name_server_hangs() -> None:
    done = subprocess.run([sys.executable, "-c", HANGING], check=False, timeout=60, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")


def test_look_ups_that_hang_are_bounded_and_count_until_they_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asked has given up long before: its thread is there all the same."""
    monkeypatch.setattr(http, "RESOLVERS", 2)
    go_on = threading.Event()

    async def go() -> None:
        loop = asyncio.get_running_loop()
        begun: asyncio.Queue[str] = asyncio.Queue()

        def hang(host: str, _: int) -> list[str]:
            loop.call_soon_threadsafe(begun.put_nowait, host)
            go_on.wait(60)
            return [host]

        monkeypatch.setattr(http, "_addresses", hang)
        resolver = Resolver()
        given_up = [asyncio.create_task(resolver(host, 443)) for host in ("a", "b")]
        assert {await begun.get(), await begun.get()} == {"a", "b"}
        for one in given_up:
            one.cancel()
        await asyncio.wait(given_up)
        third = asyncio.create_task(resolver("c", 443))
        for _ in range(5):
            await asyncio.sleep(0)
        assert begun.empty()
        go_on.set()
        assert await third == ["c"]

    async def in_time() -> None:
        async with asyncio.timeout(60):
            await go()

    asyncio.run(in_time())


# -- pinned ------------------------------------------------------------------------------------------------------


class Network(httpcore2.AsyncMockBackend):
    """Writes down where it is asked to connect to; the first so many refuse."""

    def __init__(self, refusing: int = 0) -> None:
        super().__init__([b"HTTP/1.1 204 No Content\r\n\r\n"])
        self.asked: list[tuple[str, int]] = []
        self._refusing = refusing

    async def connect_tcp(self, host: str, port: int, *given: Any, **named: Any) -> httpcore2.AsyncNetworkStream:
        self.asked.append((host, port))
        if len(self.asked) <= self._refusing:
            raise httpcore2.ConnectError
        return await super().connect_tcp(host, port, *given, **named)


class Rebinding:
    """A name server that changes its mind: first a public address, then one within."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def __call__(self, host: str, port: int) -> list[str]:
        assert (host, port) == ("hris.example", 443)
        self.asked += 1
        return self.answers[min(self.asked, len(self.answers)) - 1]


def post(network: Network, resolve: Any, url: str = "https://hris.example/hook") -> int:
    async def go() -> int:
        return (await Outbound(Guard(), 5, resolve, network=network).post(url, b"{}", {})).status

    return asyncio.run(go())


def test_the_address_that_was_checked_is_the_one_that_is_called() -> None:
    network, names = Network(), Rebinding(["93.184.215.14"], ["127.0.0.1"])
    assert post(network, names) == 204
    assert network.asked == [("93.184.215.14", 443)]
    assert names.asked == 1
    with pytest.raises(Unreachable) as refused:
        post(network, names)
    assert refused.value.problem == "no-public-address"
    assert len(network.asked) == 1


def test_of_several_addresses_the_next_is_tried() -> None:
    network = Network(refusing=2)
    assert post(network, Rebinding(["93.184.215.14", "2606:4700::1", "1.1.1.1"])) == 204
    assert [host for host, _ in network.asked] == ["93.184.215.14", "2606:4700::1", "1.1.1.1"]
    silent = Network(refusing=9)
    with pytest.raises(Unreachable) as refused:
        post(silent, Rebinding([f"93.184.215.{number}" for number in range(9)]))
    assert refused.value.problem == "connection"
    assert len(silent.asked) == 4


def test_one_address_within_spoils_the_name() -> None:
    network = Network()
    with pytest.raises(Unreachable):
        post(network, Rebinding(["93.184.215.14", "10.0.0.1"]))
    assert network.asked == []


def test_a_url_that_was_changed_since_is_read_again_before_it_is_called() -> None:
    network = Network()
    for url in ("http://hris.example/", "https://127.0.0.1/", "file:///etc/passwd"):
        with pytest.raises(Unreachable) as refused:
            post(network, Rebinding(["93.184.215.14"]), url)
        assert refused.value.problem == "url-refused"
    assert network.asked == []


def test_no_unix_socket_is_connected_to() -> None:
    from service.kit.http import _Pinned  # noqa: PLC0415 - only here

    async def go() -> None:
        await _Pinned(Guard(), Rebinding([]), Network()).connect_unix_socket("/run/x")

    with pytest.raises(NotImplementedError):
        asyncio.run(go())


def test_a_loopback_server_exists_for_the_checks_above() -> None:
    """So that a refusal is the guard's, not an absent network's."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname(), 5):
        assert server.getsockname()[1]
