"""The commands' client waits where the service is busy, or where its key has called too often for the moment."""

from collections.abc import Iterator

import httpx2
import pytest

from service.cli import client as module
from service.cli.client import CallFailed, Client


def client_of(statuses: list[int]) -> Client:
    """A client of a service that answers by these, in turn."""
    rest: Iterator[int] = iter(statuses)
    made = Client("http://pouls.test", {"admin": "k"})
    made.close()
    made._http = httpx2.Client(
        base_url="http://pouls.test",
        transport=httpx2.MockTransport(lambda _: httpx2.Response(next(rest), json={"title": "T"})),
    )
    return made


@pytest.mark.parametrize("status", [429, 503])
def test_it_asks_again(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY_S", 0)
    client = client_of([status, status, 200])
    assert client.call("admin", "GET", "/v1/audit-log") == {"title": "T"}
    client.close()


def test_another_refusal_is_told() -> None:
    client = client_of([403])
    with pytest.raises(CallFailed, match="T"):
        client.call("admin", "GET", "/v1/audit-log")
    client.close()
