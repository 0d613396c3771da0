"""A worker that is killed between an event's commit and its delivery: each event arrives all the same, none is made up.

Processes as an operator runs them: `pouls serve`, `pouls work`, a receiver; the second is ended with SIGKILL.
"""

import os
import secrets
import signal
from collections.abc import Callable, Iterator

import pytest

from service.kit.postgres import Embedded
from tests.fixtures.receivers import Receiver
from tests.fixtures.sites import DOCUMENT, Site, placed, send
from tests.flows.children import Child, needs_proc, wait_for

pytestmark = needs_proc
CAMPAIGNS = 4


class Hooked(Site):
    """One whose worker may send to loopback."""

    def environment(self, keys: str = "all") -> dict[str, str]:
        return super().environment(keys) | {
            "POULS_WEBHOOKS_ALLOW_HTTP": "true",
            "POULS_WEBHOOKS_ALLOW_NETWORKS": '["127.0.0.1/32"]',
            "POULS_WEBHOOKS_TIMEOUT_S": "2",
        }

    def count(self, statement: str) -> int:
        return int(self.sql(statement)[0][0])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, prepared: Embedded) -> Iterator[Hooked]:
    with placed(Hooked, prepared, tmp_path_factory.mktemp("site")) as here:
        yield here


def given_up(api: Child, keys: dict[str, str]) -> None:
    """Some campaigns that are drafted and given up: an event each."""
    for _ in range(CAMPAIGNS):
        body = {"name": secrets.token_hex(4), "questionnaire": "words", "audience": {"units": ["TOP"]}}
        status, made = send(api, "POST", "/v1/campaigns", keys["campaigns:write"], body)
        assert status == 201
        assert send(api, "POST", f"/v1/campaigns/{made['id']}/cancel", keys["campaigns:write"])[0] == 200


def kill(worker: Child) -> None:
    os.kill(worker.pid, signal.SIGKILL)
    assert worker.process.wait(20) == -signal.SIGKILL


def test_a_killed_worker_loses_and_invents_nothing(site: Hooked, receive: Callable[..., Receiver]) -> None:
    receiver = receive()
    _, keys = site.make_tenant()
    with site.serve() as api:
        write = keys["people:write"]
        assert send(api, "PUT", "/v1/org-units", write, [{"external_id": "TOP", "name": "Everyone"}])[0] == 200
        assert send(api, "POST", "/v1/questionnaires", keys["questionnaires:write"], DOCUMENT)[0] == 201
        hook = {"url": receiver.url, "event_types": None}
        status, endpoint = send(api, "POST", "/v1/webhook-endpoints", keys["webhooks:write"], hook)
        assert status == 201

        # Committed, and not looked at by anybody.
        given_up(api, keys)
        assert site.count("SELECT count(*) FROM event WHERE position IS NULL") == CAMPAIGNS
        with site.work() as worker:
            kill(worker)
        assert receiver.got == []

        # Sent, and not written down: the receiver has it and does not answer.
        receiver.hangs = True
        given_up(api, keys)
        with site.work() as worker:
            receiver.wait()
            kill(worker)
        unsure = set(receiver.ids)
        receiver.hangs = False
        receiver.go_on.set()
        assert site.count("SELECT count(*) FROM webhook_delivery WHERE status = 'delivered'") == 0

        # Killed once more, in the middle of it.
        given_up(api, keys)
        with site.work() as worker:
            receiver.wait()
            kill(worker)

        with site.work() as worker:
            assert wait_for(lambda: site.count("SELECT count(*) FROM webhook_delivery") == 3 * CAMPAIGNS), worker.said()
            done = "SELECT count(*) FROM webhook_delivery WHERE status = 'delivered'"
            assert wait_for(lambda: site.count(done) == 3 * CAMPAIGNS), worker.said()
            assert worker.stop() == 0
        _, page = send(api, "GET", "/v1/events", keys["webhooks:write"])
        assert api.stop() == 0
    happened = {row["id"]: row for row in page["data"]}
    assert len(happened) == 3 * CAMPAIGNS
    assert set(receiver.ids) == set(happened), "each at least once, and none that did not happen"
    assert unsure
    assert all(receiver.ids.count(ident) > 1 for ident in unsure), "what nobody knew of was sent again, with its id"
    for request in receiver.got:
        assert request.is_signed_by(endpoint["secret"])
        assert request.event["data"] == happened[request.id]["data"]
    assert len({(request.id, request.body) for request in receiver.got}) == len(happened)
