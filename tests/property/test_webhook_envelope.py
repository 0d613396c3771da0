"""The envelope: whatever happened, a receiver's library reads back what was meant, and nothing else verifies."""

import json
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from service.webhooks.catalogue import BY_TYPE, EVENTS, envelope, shown
from service.webhooks.message import Message
from service.webhooks.outcome import DELAYS, LONGEST_ASKED, retry_at

ZONES = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45)), timezone(timedelta(hours=-9))])
MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=ZONES)  # noqa: DTZ001 - the bounds have none
FIELDS = {UUID: st.uuids(), datetime: MOMENTS}


@st.composite
def events(draw: st.DrawFn) -> tuple[str, dict[str, object]]:
    """A type and its fields as the outbox stores them."""
    event = draw(st.sampled_from(EVENTS))
    fields = {name: draw(FIELDS[field.annotation]) for name, field in event.model_fields.items()}  # type: ignore[index]  # these two are all there are
    return event.type, event.model_validate(fields).stored()


def message(body: bytes, secrets: list[bytes], event: UUID) -> Message:
    return Message(UUID(int=1), UUID(int=2), event, datetime.now(UTC), "https://hris.example/", body, secrets)


@given(
    events(),
    MOMENTS,
    MOMENTS,
    st.uuids(),
    st.lists(st.binary(min_size=24, max_size=64), min_size=1, max_size=2, unique=True),
)
def test_what_was_meant_is_what_is_read(
    event: tuple[str, dict[str, object]], at: datetime, sent: datetime, ident: UUID, secrets: list[bytes]
) -> None:
    type_, stored = event
    data = shown(type_, stored)
    assert data is not None
    body = envelope(type_, at, data)
    headers = dict(message(body, secrets, ident).headers(sent))
    assert headers["webhook-id"] == str(ident)
    assert abs(int(headers["webhook-timestamp"]) - sent.timestamp()) <= 1
    with time_machine.travel(sent.timestamp(), tick=False):
        for secret in secrets:
            read = Webhook(secret).verify(body, headers)
            assert read["type"] == type_
            assert datetime.fromisoformat(read["timestamp"]) == at
            assert read["data"] == stored | {"url": data["url"]}
            for other in (
                headers | {"webhook-id": str(UUID(int=ident.int ^ 1))},
                headers | {"webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)},
            ):
                with pytest.raises(WebhookVerificationError):
                    Webhook(secret).verify(body, other)
            with pytest.raises(WebhookVerificationError):
                Webhook(secret).verify(body.replace(b"-", b"_", 1), headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(b"another secret of 24 byte").verify(body, headers)
    with time_machine.travel(sent.timestamp() + 360, tick=False), pytest.raises(WebhookVerificationError):
        Webhook(secrets[0]).verify(body, headers)


@given(events())
def test_it_is_the_same_bytes_each_time(event: tuple[str, dict[str, object]]) -> None:
    type_, stored = event
    data, at = shown(type_, stored), datetime(2027, 3, 1, tzinfo=UTC)
    assert data is not None
    kept = json.loads(json.dumps(dict(reversed(stored.items()))))  # as the database may give it back
    again = shown(type_, kept)
    assert again is not None
    assert envelope(type_, at, data) == envelope(type_, at, again)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=5,
)


@given(events(), st.text(min_size=1, max_size=12), ANYTHING)
def test_a_row_with_anything_more_in_it_is_no_event(
    event: tuple[str, dict[str, object]], name: str, value: object
) -> None:
    """Somebody wrote it to the database: nothing but ids and moments gets out."""
    type_, stored = event
    if name not in BY_TYPE[type_].model_fields:
        assert shown(type_, stored | {name: value}) is None
    for field in stored:
        told = shown(type_, stored | {field: value})
        assert told is None or set(told) == {*stored, "url"}
        if told is not None:
            assert not isinstance(value, dict | list)
            _ = UUID(told[field]) if field.endswith("_id") else datetime.fromisoformat(told[field])
    assert shown(f"{type_}x", stored) is None


@given(
    st.text(max_size=40)
    | st.from_regex(r"[A-Z][a-z]{2}, \d{1,4} [A-Z][a-z]{2} \d{1,9} \d+:\d+:\d+ [+-]\d{1,12}", fullmatch=True)
)
def test_whatever_a_receiver_asks_for_is_a_moment_within_a_day(asked: str) -> None:
    now = datetime(2027, 3, 1, tzinfo=UTC)
    following = retry_at(1, asked, now, 0.5)
    assert following is not None
    assert now + DELAYS[0] <= following <= now + LONGEST_ASKED
