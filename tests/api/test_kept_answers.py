"""Answers that are given again out of memory: the same bytes, to whom they may be shown, for as long as they hold."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy.event import listen, remove

from service.releases.answer_store import LONGEST_KEY, Answer, Answers
from service.releases.kept_answers import KEPT_S, KeptAnswers
from service.settings import ReadsSettings
from tests.api.test_keys_of_units import limited
from tests.api.test_releases import odd_release
from tests.fixtures.house import House, TenantUnderTest
from tests.make.formats import READ, withdraw
from tests.make.wire import problem
from tests.make.world import LaunchedWave, a_launched_wave, ok

KNOWN_S = 2.0


@pytest.fixture
def layer(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[KeptAnswers]:
    """The layer at work, with a timer that stands still unless it is set."""
    found: Any = house.client.app
    house.client.get("/livez")  # the layers are put together at the first request
    found = found.middleware_stack
    while not isinstance(found, KeptAnswers):
        found = found.app
    monkeypatch.setattr(found, "_known_s", KNOWN_S)
    monkeypatch.setattr(found, "_timer", lambda: 100.0)
    yield found
    found._known.clear()
    empty(found)


def empty(layer: KeptAnswers, budget: int = ReadsSettings().answers_mib << 20) -> None:
    """The layer without answers."""
    layer._answers = Answers(budget)


def kept(layer: KeptAnswers) -> list[Answer]:
    return list(layer._answers._kept.values())


@pytest.fixture
def released(tenant: TenantUnderTest) -> tuple[TenantUnderTest, str]:
    return tenant, odd_release(a_launched_wave(tenant, {"A": 12, "B": 12}))


@contextmanager
def statements(house: House) -> Iterator[list[str]]:
    """What the service asks its database meanwhile."""
    asked: list[str] = []
    app: Any = house.client.app
    engine = app.state.database.engine.sync_engine

    def note(*given: Any) -> None:
        asked.append(given[2])

    listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        remove(engine, "before_cursor_execute", note)


def get(tenant: TenantUnderTest, path: str, **headers: str) -> Any:
    return tenant.call(READ, "GET", f"/v1/releases/{path}", headers=headers)


@pytest.mark.parametrize("address", ["", "/cells", "/cells?unit=A&limit=3", "/certificate", "/comments"])
@pytest.mark.usefixtures("layer")
def test_what_was_said_is_said_again_without_a_look(released: tuple[TenantUnderTest, str], address: str) -> None:
    tenant, release = released
    first = get(tenant, release + address)
    with statements(tenant.house) as asked:
        again = get(tenant, release + address)
        held = get(tenant, release + address, **{"If-None-Match": first.headers["etag"]})
        head = tenant.call(READ, "HEAD", f"/v1/releases/{release}{address}")
    assert asked == []
    assert again.content == first.content
    told = {"x-request-id", "ratelimit"}
    assert again.headers.keys() == first.headers.keys() >= told
    for name in first.headers.keys() - told:
        assert again.headers[name] == first.headers[name]
    assert (held.status_code, held.content) == (304, b"")
    assert held.headers["etag"] == first.headers["etag"]
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", first.headers["etag"])


@pytest.mark.usefixtures("layer")
def test_it_is_counted_and_limited_as_any_other(released: tuple[TenantUnderTest, str]) -> None:
    tenant, release = released
    standing = [get(tenant, f"{release}/cells").headers["ratelimit"] for _ in range(4)]
    assert len(set(standing)) == 4
    tenant.house.write_readings()
    counted = tenant.sql("SELECT reads FROM read_access WHERE operation = 'releases.cells'")
    assert [row.reads for row in counted] == [4]


def test_after_its_time_the_key_and_the_releases_are_looked_up_once(
    layer: KeptAnswers, released: tuple[TenantUnderTest, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant, release = released
    first = get(tenant, f"{release}/cells")
    monkeypatch.setattr(layer, "_timer", lambda: 100.0 + KNOWN_S)
    with statements(tenant.house) as asked:
        assert get(tenant, f"{release}/cells").content == first.content
        assert get(tenant, f"{release}/cells").content == first.content
    assert sum("api_key" in one for one in asked) == 1
    assert sum("release_cell" in one for one in asked) == 0


def test_a_revoked_key_is_refused_at_once_here_and_soon_elsewhere(
    layer: KeptAnswers, released: tuple[TenantUnderTest, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant, release = released
    key = limited(tenant, "A")
    assert get(key, f"{release}/cells").status_code == 200
    # Another process writes it down: this one learns of it when it looks again.
    tenant.sql("UPDATE api_key SET revoked_at = now() WHERE unit = 'A'")
    assert get(key, f"{release}/cells").status_code == 200
    monkeypatch.setattr(layer, "_timer", lambda: 100.0 + KNOWN_S)
    problem(get(key, f"{release}/cells"), 401, "unauthenticated")
    problem(get(key, f"{release}/cells"), 401, "unauthenticated")
    # Through this process.
    body = {"name": "n", "scopes": [READ]}
    made = ok(tenant.call("admin", "POST", "/v1/api-keys", json=body), 201)
    other = TenantUnderTest(tenant.house, tenant.tenant_id, tenant.keys | {READ: made["key"]})
    assert get(other, f"{release}/cells").status_code == 200
    ok(tenant.call("admin", "DELETE", f"/v1/api-keys/{made['id']}"), 204)
    problem(get(other, f"{release}/cells"), 401, "unauthenticated")


def test_a_withdrawn_release_is_gone_at_once_here_and_soon_elsewhere(
    layer: KeptAnswers, released: tuple[TenantUnderTest, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant, release = released
    get(tenant, f"{release}/cells")
    withdrawn = "withdrawn_at = now(), withdrawn_because = 'no', changed_at = clock_timestamp()"
    tenant.sql(f"UPDATE release SET {withdrawn}")  # noqa: S608 - a text of this test
    assert get(tenant, f"{release}/cells").status_code == 200
    monkeypatch.setattr(layer, "_timer", lambda: 100.0 + KNOWN_S)
    problem(get(tenant, f"{release}/cells"), 410, "release-withdrawn")
    back = "withdrawn_at = NULL, withdrawn_because = NULL, changed_at = clock_timestamp()"
    tenant.sql(f"UPDATE release SET {back}")  # noqa: S608 - a text of this test
    monkeypatch.setattr(layer, "_timer", lambda: 200.0)
    assert get(tenant, f"{release}/cells").status_code == 200
    withdraw(tenant, release)
    problem(get(tenant, f"{release}/cells"), 410, "release-withdrawn")


def test_a_change_is_seen_whatever_the_order_in_which_it_is_committed(
    layer: KeptAnswers, released: tuple[TenantUnderTest, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its moment may lie before one that was committed earlier."""
    tenant, release = released
    tenant.sql("UPDATE release SET changed_at = clock_timestamp() + interval '1 minute'")
    get(tenant, f"{release}/cells")
    withdrawn = "withdrawn_at = now(), withdrawn_because = 'no', changed_at = now() - interval '1 minute'"
    tenant.sql(f"UPDATE release SET {withdrawn}")  # noqa: S608 - a text of this test
    monkeypatch.setattr(layer, "_timer", lambda: 100.0 + KNOWN_S)
    problem(get(tenant, f"{release}/cells"), 410, "release-withdrawn")


def test_an_answer_is_made_anew_after_a_while(
    layer: KeptAnswers, released: tuple[TenantUnderTest, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant, release = released
    get(tenant, f"{release}/cells")
    monkeypatch.setattr(layer, "_timer", lambda: 100.0 + KEPT_S)
    with statements(tenant.house) as asked:
        get(tenant, f"{release}/cells")
    assert any("release_cell" in one for one in asked)


def test_a_question_that_is_long_is_not_kept(layer: KeptAnswers, released: tuple[TenantUnderTest, str]) -> None:
    tenant, release = released
    for accept in ("x" * LONGEST_KEY, ",".join(f"text/x-{n}" for n in range(500))):
        get(tenant, f"{release}/cells", Accept=accept)
    assert not kept(layer)
    get(tenant, f"{release}/cells")
    (one,) = kept(layer)
    assert layer._answers._size == one.size > len(one.body or b"") > 0


def test_who_is_forgotten_while_an_answer_is_made_stays_forgotten(
    layer: KeptAnswers, released: tuple[TenantUnderTest, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant, release = released
    inner = layer.app

    async def with_a_write_in_between(scope: Any, receive: Any, send: Any) -> None:
        await inner(scope, receive, send)
        layer._writes += 1

    monkeypatch.setattr(layer, "app", with_a_write_in_between)
    get(tenant, f"{release}/cells")
    assert not layer._known


def test_who_is_forgotten_during_a_look_is_not_known_by_it(
    layer: KeptAnswers, released: tuple[TenantUnderTest, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or a key that was revoked meanwhile would be good for two seconds more."""
    tenant, release = released
    get(tenant, f"{release}/cells")
    monkeypatch.setattr(layer, "_timer", lambda: 100.0 + KNOWN_S)
    look = layer._look

    async def with_a_write_in_between(scope: Any, caller: Any) -> Any:
        fresh = await look(scope, caller)
        layer._writes += 1
        return fresh

    monkeypatch.setattr(layer, "_look", with_a_write_in_between)
    with statements(tenant.house) as asked:
        get(tenant, f"{release}/cells")
    assert any("release_cell" in one for one in asked)


@pytest.mark.usefixtures("layer")
def test_nobody_is_shown_what_another_may_see(released: tuple[TenantUnderTest, str]) -> None:
    tenant, release = released
    whole = get(tenant, f"{release}/cells").content
    stranger = tenant.house.tenant()
    for _ in range(2):
        part = get(limited(tenant, "A"), f"{release}/cells")
        assert part.content != whole
        assert {cell["unit"] for cell in part.json()["data"]} == {"A"}
        problem(get(stranger, f"{release}/cells"), 404, "not-found")
        problem(tenant.call("admin", "GET", f"/v1/releases/{release}/cells"), 403, "forbidden")
        problem(tenant.call(None, "GET", f"/v1/releases/{release}/cells"), 401, "unauthenticated")
        assert get(tenant, f"{release}/cells").content == whole


def test_who_only_asks_whether_it_changed_costs_no_look_either(
    layer: KeptAnswers, released: tuple[TenantUnderTest, str]
) -> None:
    tenant, release = released
    tag = get(tenant, f"{release}/cells").headers["etag"]
    empty(layer)
    assert get(tenant, f"{release}/cells", **{"If-None-Match": tag}).status_code == 304
    with statements(tenant.house) as asked:
        again = get(tenant, f"{release}/cells", **{"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["etag"], asked) == (304, b"", tag, [])
    for holds in ({}, {"If-None-Match": '"another"'}):
        empty(layer)
        get(tenant, f"{release}/cells", **{"If-None-Match": tag})
        whole = get(tenant, f"{release}/cells", **holds)
        assert whole.status_code == 200
        assert whole.json()["data"]


@pytest.mark.usefixtures("layer")
def test_recipients_answers_are_their_own(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant, {"A": 12, "B": 12}, recipients=[{"id": "hr", "name": {"en": "the people team"}}])
    made = ok(
        tenant.call("admin", "POST", "/v1/api-keys", json={"name": "n", "scopes": [READ], "recipient": "hr"}), 201
    )
    theirs = TenantUnderTest(tenant.house, tenant.tenant_id, tenant.keys | {READ: made["key"]})
    release = odd_release(LaunchedWave(theirs, wave.campaign, wave.wave, wave.address, wave.codes))
    for _ in range(2):
        assert get(theirs, release).status_code == 200
        assert get(tenant, release).status_code == 404
        listed = [ok(key.call(READ, "GET", "/v1/releases"))["data"] for key in (theirs, tenant)]
        assert [len(found) for found in listed] == [1, 0]


@pytest.mark.usefixtures("layer")
def test_another_form_is_another_answer(released: tuple[TenantUnderTest, str]) -> None:
    tenant, release = released
    for _ in range(2):
        assert get(tenant, f"{release}/cells").headers["content-type"] == "application/json"
        assert get(tenant, f"{release}/cells", Accept="text/csv").headers["content-type"].startswith("text/csv")
        problem(get(tenant, f"{release}/cells?limit=0"), 422, "invalid")


@pytest.mark.usefixtures("layer")
@pytest.mark.parametrize("headers", [{"Accept": "text/csv"}, {}])
def test_a_head_that_comes_first_leaves_no_empty_answer(
    released: tuple[TenantUnderTest, str], headers: dict[str, str]
) -> None:
    tenant, release = released
    head = tenant.call(READ, "HEAD", f"/v1/releases/{release}/cells", headers=headers)
    for _ in range(2):
        whole = get(tenant, f"{release}/cells", **headers)
        assert len(whole.content) == int(head.headers["content-length"]) > 0


@pytest.mark.usefixtures("layer")
def test_for_an_access_token_nothing_is_kept(released: tuple[TenantUnderTest, str]) -> None:
    """It ends by itself, which no look at its key would tell."""
    tenant, release = released
    made = ok(tenant.call("admin", "POST", "/v1/api-keys", json={"name": "n", "scopes": [READ]}), 201)
    form = {"grant_type": "client_credentials", "client_id": made["client_id"], "client_secret": made["key"]}
    token = ok(tenant.house.client.post("/oauth/token", data=form))["access_token"]
    holder = TenantUnderTest(tenant.house, tenant.tenant_id, tenant.keys | {READ: token})
    get(holder, f"{release}/cells")
    with statements(tenant.house) as asked:
        get(holder, f"{release}/cells")
    assert any("release_cell" in one for one in asked)


def test_what_was_not_asked_for_the_longest_goes_first(
    layer: KeptAnswers, released: tuple[TenantUnderTest, str]
) -> None:
    tenant, release = released
    get(tenant, f"{release}/cells?limit=1")
    (size,) = [one.size for one in kept(layer)]
    empty(layer, 3 * size + size // 2)
    for unit in ("A", "B", "TOP"):
        get(tenant, f"{release}/cells?limit=1&unit={unit}")
    get(tenant, f"{release}/cells?limit=1&unit=A")
    get(tenant, f"{release}/cells?limit=1&measure=load")
    with statements(tenant.house) as asked:
        get(tenant, f"{release}/cells?limit=1&unit=A")
    assert asked == []
    assert layer._answers._size <= 3 * size + size // 2
    with statements(tenant.house) as asked:
        get(tenant, f"{release}/cells?limit=1&unit=B")
    assert asked != []
