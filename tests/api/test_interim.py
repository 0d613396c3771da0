"""Results before the closing: a few times, safe together with all that comes after, and nothing in between."""

import asyncio
import threading
import time
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from service.kit.ids import new_id
from service.releases import interim_job
from service.releases.tables import Release
from tests.faults.writer import write
from tests.fixtures.house import TenantUnderTest
from tests.make.wire import places
from tests.make.world import (
    LaunchedWave,
    a_campaign,
    a_launched_wave,
    a_questionnaire,
    an_org,
    cells_of,
    codes_of,
    declare,
    ok,
)

WRITE, READ = "campaigns:write", "aggregates:read"
HOURS = {"hours_after_opening": [24, 48]}


def releases(wave: LaunchedWave) -> list[dict[str, Any]]:
    """Of the wave, first to last."""
    found: list[dict[str, Any]] = ok(wave.tenant.call(READ, "GET", f"/v1/releases?wave={wave.wave}"))["data"]
    return sorted(found, key=lambda one: one["released_at"])


def later(wave: LaunchedWave, hours: float) -> None:
    wave.tenant.house.clock.shift += timedelta(hours=hours)
    wave.tenant.house.sweep()


def answer(wave: LaunchedWave, people: list[str], load: int) -> None:
    for person in people:
        ok(wave.submit(person, {"load": load, "help": 3, "place": "home"}), 201)


def means(wave: LaunchedWave, release: dict[str, Any]) -> dict[str, Any]:
    found = cells_of(wave.tenant, release["id"], measure="load", family="mean")
    return {cell["unit"]: (cell["status"], cell["mean"]) for cell in found if not cell["dimensions"]}


def test_results_come_at_their_moments_and_stay(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant, {"A": 40, "B": 40}, interim=HOURS)
    people = sorted(wave.codes)
    answer(wave, [one for one in people if one[0] == "A"][:20] + [one for one in people if one[0] == "B"][:20], 2)
    later(wave, 1)
    assert releases(wave) == []
    later(wave, 24)
    (first,) = releases(wave)
    assert (first["status"], first["interim"]) == ("published", 1)
    shown = cells_of(tenant, first["id"])
    assert means(wave, first)["TOP"][0] == "published"
    answer(wave, [one for one in people if one[0] == "A"][20:23], 5)
    later(wave, 2)  # nothing between two moments
    assert len(releases(wave)) == 1
    answer(wave, [one for one in people if one[0] == "A"][23:] + [one for one in people if one[0] == "B"][20:], 4)
    later(wave, 22)
    assert [one["interim"] for one in releases(wave)] == [1, 2]
    ok(wave.close())
    tenant.house.sweep()
    found = releases(wave)
    assert [(one["interim"], one["status"]) for one in found] == [
        (1, "published"),
        (2, "published"),
        (None, "published"),
    ]
    assert cells_of(tenant, first["id"]) == shown
    assert means(wave, found[2])["TOP"][0] == "published"
    for release in found:
        ok(tenant.call(READ, "GET", f"/v1/releases/{release['id']}/certificate"))


def test_a_few_new_answers_make_no_new_results(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant, {"A": 20, "B": 20}, interim=HOURS)
    people = sorted(wave.codes)
    answer(wave, people[:30], 2)
    later(wave, 25)
    answer(wave, people[30:34], 5)
    later(wave, 24)
    assert [one["interim"] for one in releases(wave)] == [1]
    ok(wave.close())
    tenant.house.sweep()
    first, last = releases(wave)
    # Whatever holds all forty less whatever held thirty would tell of four.
    assert means(wave, first)["TOP"][0] == "published"
    assert means(wave, last)["TOP"][0] == "withheld"


def test_breakdowns_are_judged_with_the_earlier_ones(tenant: TenantUnderTest) -> None:
    people = an_org(tenant, {"A": 30, "B": 30})
    declare(
        tenant, {"site": ["lyon", "nantes"]}, {one: {"site": ("lyon", "nantes")[n % 2]} for n, one in enumerate(people)}
    )
    a_questionnaire(tenant)
    campaign = a_campaign(tenant, plan={"breakdowns": [["org"], ["org", "site"]]}, interim=HOURS, recuts=True)
    made = ok(tenant.call(WRITE, "POST", f"/v1/campaigns/{campaign['id']}/launch"))
    wave = LaunchedWave(tenant, campaign["id"], made["id"], made["address"], codes_of(tenant, made["id"]))
    answer(wave, people[:40], 2)
    later(wave, 25)
    answer(wave, people[40:], 4)
    ok(wave.close())
    tenant.house.sweep()
    first, last = releases(wave)
    assert (first["status"], last["status"]) == ("published", "published")
    by_site = cells_of(tenant, last["id"], measure="load", family="mean", breakdown="org*site")
    assert "published" in {cell["status"] for cell in by_site}
    asked = {"dimensions": [{"name": "all", "of": "site", "values": [
        {"id": "x", "label": {"en": "X"}, "members": ["lyon"]}]}], "breakdowns": [["org", "all"]]}  # fmt: skip
    ok(tenant.call(WRITE, "POST", f"/v1/waves/{wave.wave}/recuts", json=asked), 202)
    tenant.house.sweep()
    assert [(one["status"], bool(one["recut_id"])) for one in releases(wave)] == [
        ("published", False), ("published", False), ("published", True),
    ]  # fmt: skip


def test_a_writer_who_moves_batches_between_parts_gets_no_results(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant, {"A": 20, "B": 20}, interim=HOURS)
    people = sorted(wave.codes)
    answer(wave, people[:20], 2)
    later(wave, 25)
    answer(wave, people[20:], 4)
    moved = """
        UPDATE sealed_batch SET part = NULL WHERE batch_id = (
            SELECT min(batch_id::text)::uuid FROM sealed_batch WHERE part = 1) RETURNING 1
    """
    assert len(tenant.sql(moved)) == 1
    ok(wave.close())
    tenant.house.sweep()
    assert releases(wave)[-1]["status"] == "refused"


def test_closing_does_not_wait_for_results_under_way_and_its_own_do(
    tenant: TenantUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wave is closed while its interim results are being made; they come first, and both stand."""
    wave = a_launched_wave(tenant, {"A": 40, "B": 40}, interim=HOURS)
    people, house = sorted(wave.codes), tenant.house
    answer(wave, people[:20] + people[40:60], 2)
    made, begun, go_on = interim_job._made, threading.Event(), threading.Event()

    async def slowly(*arguments: Any) -> Release:
        begun.set()
        await asyncio.to_thread(go_on.wait, 60)
        return await made(*arguments)

    monkeypatch.setattr(interim_job, "_made", slowly)
    house.clock.shift += timedelta(hours=25)
    assert house.client.portal is not None
    sweeping = [house.client.portal.start_task_soon(house.sweeper.sweep)]
    try:
        assert begun.wait(60)
        answer(wave, people[20:30] + people[60:70], 4)  # answers are taken meanwhile
        assert ok(wave.close())["state"] == "closed"
        sweeping.append(house.client.portal.start_task_soon(house.sweeper.sweep))  # another worker's
        for _ in range(500):
            if house.sql(None, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted") == [(1,)]:
                break
            time.sleep(0.01)
        else:
            raise AssertionError("the wave's own release does not wait")
        assert releases(wave) == []
    finally:
        go_on.set()
        for one in sweeping:
            one.result(60)
    house.sweep()
    later(wave, 1)  # a release that found them unfinished looks again
    found = releases(wave)
    assert [(one["interim"], one["status"]) for one in found] == [(1, "published"), (None, "published")]
    assert means(wave, found[0])["TOP"] == ("published", 2.0)
    assert means(wave, found[1])["TOP"][0] == "published"


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "falling": ({"interim": {"hours_after_opening": [48, 24]}}, "/interim/hours_after_opening"),
    "four": ({"interim": {"hours_after_opening": [1, 2, 3, 4]}}, "/interim/hours_after_opening"),
    "thresholds": ({"interim": HOURS, "policy": {"k_mean": 16}}, "/policy/k_mean"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_interim_results_that_can_not_be_are_refused(tenant: TenantUnderTest, name: str) -> None:
    fields, place = REFUSED[name]
    an_org(tenant, {"A": 20})
    a_questionnaire(tenant)
    body = {"name": "x", "questionnaire": "small", "audience": {"units": ["TOP"]}} | fields
    answered = tenant.call(WRITE, "POST", "/v1/campaigns", json=body)
    assert answered.status_code == 422
    assert list(places(answered.json())) == [place]


def test_the_contract_says_when(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant, interim=HOURS)
    told = ok(tenant.call(WRITE, "GET", f"/v1/waves/{wave.wave}/contract"))
    assert told["contract"]["interim"] == HOURS
    assert [one for one in told["sentences"] if one["topic"] == "interim" and "24 and 48 hours" in one["text"]]


def ask_for_part(wave: LaunchedWave, number: int, responses: int) -> None:
    """A writer puts the part into the database and has it released."""
    house, me, ident = wave.tenant.house, wave.tenant.tenant_id, UUID(wave.wave)
    part = """
        INSERT INTO wave_part (tenant_id, part_id, wave_id, number, response_count, marked_at)
        VALUES ($1, $2, $3, $4, $5, now())
    """
    write(house, part, me, ident, ident, number, responses)
    job = """
        INSERT INTO job (tenant_id, job_id, kind, subject_id, due_at, attempts)
        VALUES ($1, $2, 'interim_release', $3, now(), 0)
    """
    write(house, job, me, new_id(), ident)
    house.sweep()


def test_a_writer_who_asks_for_results_that_nobody_promised_gets_none(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant, {"A": 20, "B": 20})
    answer(wave, sorted(wave.codes)[:30], 2)
    house, ident = tenant.house, UUID(wave.wave)
    write(house, "UPDATE sealed_batch SET part = 1 WHERE wave_id = $1", ident)
    ask_for_part(wave, 1, 30)
    assert {one["status"] for one in releases(wave)} == {"refused"}


@pytest.mark.parametrize(("number", "batches"), [(0, 30), (1, 4)])
def test_a_writer_who_picks_a_few_answers_gets_no_results_of_them(
    tenant: TenantUnderTest, number: int, batches: int
) -> None:
    wave = a_launched_wave(tenant, {"A": 20, "B": 20}, interim=HOURS)
    answer(wave, sorted(wave.codes)[:30], 2)
    tenant.house.clock.shift += timedelta(hours=49)
    house, ident = tenant.house, UUID(wave.wave)
    if not number:
        write(house, "ALTER TABLE wave_part DROP CONSTRAINT ck_wave_part__number")
    try:
        pick = """
            UPDATE sealed_batch SET part = $2 WHERE batch_id IN (
                SELECT batch_id FROM sealed_batch WHERE wave_id = $1 ORDER BY batch_id LIMIT $3)
        """
        write(house, pick, ident, number, batches)
        write(house, "DELETE FROM job WHERE kind = 'interim_mark'")
        ask_for_part(wave, number, batches)
        assert {one["status"] for one in releases(wave)} == {"refused"}
    finally:
        if not number:
            write(house, "DELETE FROM wave_part WHERE number < 1")
            write(house, "ALTER TABLE wave_part ADD CONSTRAINT ck_wave_part__number CHECK (number >= 1)")


def test_a_writer_who_asks_again_gets_no_more_parts_than_moments(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant, {"A": 20, "B": 20}, interim=HOURS)
    people = sorted(wave.codes)
    answer(wave, people[:20], 2)
    later(wave, 25)
    answer(wave, people[20:], 4)
    write(tenant.house, "UPDATE job SET due_at = now() - interval '1 day' WHERE kind = 'interim_mark'")
    tenant.house.sweep()
    assert [one["interim"] for one in releases(wave)] == [1]
