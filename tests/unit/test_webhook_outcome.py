"""What follows from an attempt; secrets and rows that only the key vouches for."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from standardwebhooks import Webhook

from service.webhooks.endpoint_keys import EndpointKeys, previous_until
from service.webhooks.message import Message
from service.webhooks.outcome import DELAYS, Attempt, gives_up, retry_at

NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)
A, B = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(200, "delivered"), (204, "delivered"), (299, "delivered"), (199, "failed"), (301, "failed"), (302, "failed"),
     (307, "failed"), (400, "failed"), (404, "failed"), (410, "gone"), (429, "failed"), (500, "failed"),
     (None, "failed")],
)  # fmt: skip
def test_a_status_is_an_outcome(status: int | None, outcome: str) -> None:
    assert Attempt(status).outcome == outcome


def test_retries_grow_over_three_days_and_end() -> None:
    moments, now = [], NOW
    for attempts in range(1, 20):
        following = retry_at(attempts, None, now, 0.5)
        if following is None:
            break
        moments.append(following - now)
        now = following
    assert moments == list(DELAYS)
    assert moments == sorted(moments)
    assert timedelta(days=3) < now - NOW < timedelta(days=3, hours=6)


def test_two_that_failed_together_are_not_tried_together() -> None:
    low, high = retry_at(3, None, NOW, 0), retry_at(3, None, NOW, 1)
    assert low is not None
    assert high is not None
    assert (low - NOW, high - NOW) == (DELAYS[2] * 0.9, DELAYS[2] * 1.1)


@pytest.mark.parametrize(
    ("asked", "delay"),
    [
        ("120", timedelta(seconds=120)),
        (" 120 ", timedelta(seconds=120)),
        ("0", DELAYS[0]),
        ("999999999999999999999", timedelta(days=1)),
        ("Mon, 01 Mar 2027 10:00:00 GMT", timedelta(hours=1)),
        ("Mon, 01 Mar 2027 08:00:00 GMT", DELAYS[0]),
        ("Mon, 01 Mar 2127 08:00:00 GMT", timedelta(days=1)),
        ("Mon, 01 Mar 2027 10:00:00", timedelta(hours=1)),
        ("soon", DELAYS[0]),
        ("-5", DELAYS[0]),
        ("1.5", DELAYS[0]),
        ("\u0661", DELAYS[0]),
        ("", DELAYS[0]),
        (None, DELAYS[0]),
    ],
)
def test_what_a_receiver_asks_for_is_respected_to_a_day(asked: str | None, delay: timedelta) -> None:
    assert retry_at(1, asked, NOW, 0.5) == NOW + delay


def test_asking_for_less_does_not_hurry() -> None:
    assert retry_at(5, "1", NOW, 0.5) == NOW + DELAYS[4]


def test_an_endpoint_is_given_up_after_five_days() -> None:
    assert not gives_up(NOW, NOW + timedelta(days=5) - timedelta(seconds=1))
    assert gives_up(NOW, NOW + timedelta(days=5))


@dataclass
class Row:
    tenant_id: UUID = A
    endpoint_id: UUID = B
    url: str = "https://hris.example/hook"
    generation: int = 1
    rotated_at: datetime | None = None
    enabled: bool = True
    mac: bytes = b""


KEYS = EndpointKeys(b"k" * 32)


def test_a_secret_is_of_its_tenant_endpoint_and_generation() -> None:
    drawn = [
        KEYS.secret(A, B, 1), KEYS.secret(A, B, 2), KEYS.secret(B, A, 1), KEYS.secret(A, A, 1),
        EndpointKeys(b"l" * 32).secret(A, B, 1),
    ]  # fmt: skip
    assert len(set(drawn)) == len(drawn)
    assert {len(one) for one in drawn} == {32}
    assert len({half for one in drawn for half in (one[:16], one[16:])}) == 2 * len(drawn)
    assert KEYS.secret(A, B, 1) == EndpointKeys(b"k" * 32).secret(A, B, 1)


def test_the_text_of_a_secret_is_what_the_library_takes() -> None:
    text = KEYS.text(Row())
    assert Webhook(text).sign("x", NOW, "y") == Webhook(KEYS.secret(A, B, 1)).sign("x", NOW, "y")


def test_a_row_that_was_altered_is_not_known() -> None:
    row = Row(rotated_at=NOW, generation=2)
    row.mac = KEYS.sign(row)
    assert KEYS.knows(row)
    local = timedelta(hours=0)
    assert KEYS.knows(replace(row, rotated_at=NOW + local))
    for altered in (
        replace(row, url="https://elsewhere.example/"),
        replace(row, tenant_id=B),
        replace(row, endpoint_id=A),
        replace(row, generation=1),
        replace(row, rotated_at=None),
        replace(row, rotated_at=NOW + timedelta(days=1)),
        replace(row, enabled=False),
        replace(row, mac=b""),
    ):
        assert not KEYS.knows(altered)


def test_two_secrets_sign_for_a_day() -> None:
    row = Row(generation=2, rotated_at=NOW)
    both, one = [KEYS.secret(A, B, 2), KEYS.secret(A, B, 1)], [KEYS.secret(A, B, 2)]
    assert KEYS.secrets(row, NOW) == both
    assert KEYS.secrets(row, NOW + timedelta(hours=24) - timedelta(seconds=1)) == both
    assert KEYS.secrets(row, NOW + timedelta(hours=24)) == one
    assert KEYS.secrets(Row(), NOW) == [KEYS.secret(A, B, 1)]
    assert previous_until(Row()) is None


def test_a_message_hides_its_secrets_from_whoever_prints_it() -> None:
    message = Message(A, B, A, NOW, "https://hris.example/", b"{}", [b"canary-secret"])
    assert "canary" not in repr(message)
