"""The auditor on numbers of people that are printed as bands: what they still show, and that new ones are bands."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from random import Random
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from service.disclosure.audit import (
    THRESHOLDS,
    Classes,
    Published,
    Report,
    Row,
    Verdict,
    Wave,
    audit,
    audit_wave,
    by_rows_alone,
)
from service.releases import again, audited, read_back
from service.releases.read_back import Cells, Place
from tests.make.banded_wave import AB, CD, EVERYBODY, MEMBERS, measured, wave

Band = tuple[int, int]
UNIT = {"unit": "U"}


def row(band: Band, team: str | None = None, family: str = "mean") -> Row:
    labels = UNIT if team is None else UNIT | {"team": team}
    return Row(family, labels, n=band[0], most=band[1])


def alone(*rows: Row) -> list[str]:
    return [one.reason for one in by_rows_alone(rows, THRESHOLDS)]


# Rows alone.


@pytest.mark.parametrize(
    ("band", "reasons"),
    [
        ((0, 4), ["it says 0 to 4 people, fewer than 5"]),
        ((3, 5), []),
        ((5, 9), []),
        ((9, 5), ["it says 9 to 5 people, which is no number"]),
        ((4, 4), ["it says 4 people, fewer than 5"]),
    ],
)
def test_a_band_is_too_small_where_all_of_it_is(band: Band, reasons: list[str]) -> None:
    assert alone(row(band)) == reasons


@pytest.mark.parametrize(
    ("whole", "parts", "reasons"),
    [
        ((20, 24), [(20, 24)], []),
        ((25, 29), [(20, 24)], ["less its parts by team it leaves 1 to 9 people, fewer than 10"]),
        ((30, 34), [(20, 24)], []),
        ((40, 44), [(20, 24), (10, 14)], []),
        ((45, 46), [(20, 21), (17, 18)], ["less its parts by team it leaves 6 to 9 people, fewer than 10"]),
        ((45, 47), [(20, 21), (17, 18)], []),
        ((30, 34), [(20, 24), (10, 14)], []),
        ((25, 29), [(20, 24), (10, 14)], ["it says 25 to 29 people, and its parts by team are 30 to 38"]),
    ],
)
def test_what_bands_leave_is_told_where_it_is_certain(whole: Band, parts: list[Band], reasons: list[str]) -> None:
    teams = [row(band, str(number), "distribution") for number, band in enumerate(parts)]
    means = [replace(one, family="mean") for one in teams]
    found = alone(row(whole), row(whole, family="distribution"), *means, *teams)
    # Fewer than nobody is wrong of means, too.
    assert found == reasons * (2 if "and its parts" in "".join(reasons) else 1)


def test_a_distribution_and_its_mean_are_of_the_same_people() -> None:
    for mean, wrong in (((20, 24), False), ((24, 28), False), ((25, 29), True), ((10, 19), True)):
        said = [f"it says 20 to 24 people, and its mean {mean[0]} to {mean[1]}"] if wrong else []
        assert alone(row(mean), row((20, 24), family="distribution")) == said


def test_bands_are_refused_exactly_where_every_number_in_them_is() -> None:
    """Each kind of reason against all numbers that the bands allow."""
    seen = set()
    for seed in range(400):
        random = Random(seed)
        whole = random.randint(8, 26)
        given = [
            ("mean", None, whole),
            ("distribution", None, whole + random.choice([0, 0, 1, 3])),
            *(("mean", team, random.randint(3, 14)) for team in "ab"[: random.randint(1, 2)]),
        ]
        bands = [(n, n + random.randint(0, 2)) for _, _, n in given]
        found = kinds(given, bands)
        numbers = product(*(range(least, most + 1) for least, most in bands))
        always = set.intersection(*(kinds(given, [(n, n) for n in one]) for one in numbers))
        assert found == always, seed
        seen |= {kind for _, kind in found}
    assert seen == {"fewer", "mean", "leaves", "parts"}


def kinds(given: Sequence[tuple[str, str | None, int]], bands: Sequence[Band]) -> set[tuple[str, str]]:
    rows = [row(band, team, family) for (family, team, _), band in zip(given, bands, strict=True)]
    found = set()
    for one in by_rows_alone(rows, THRESHOLDS):
        kind = "leaves" if "leaves" in one.reason else "parts" if "parts" in one.reason else "fewer"
        found.add((f"{one.row.family} {one.row}", "mean" if "its mean" in one.reason else kind))
    return found


def test_a_band_holds_the_number_counted() -> None:
    classes = Classes(("team",), [("1",), ("2",)], [12, 20])

    def refused(*band: int) -> list[str]:
        return [one.reason for one in audit(classes, [Row("mean", {"team": "1"}, n=band[0], most=band[1])]).refusals]

    assert refused(10, 14) == refused(12, 12) == refused(8, 12) == []
    assert refused(13, 17) == ["it says 13 to 17 people and counts 12"]
    assert refused(7, 11) == ["it says 7 to 11 people and counts 12"]


def test_a_release_is_looked_at_by_its_bands() -> None:
    """Everybody, a unit, and a unit inside it; the inner one leaves 1 to 9 people of the other."""
    places = [Place(None, None, None, {}), Place(0, "hr", "u", {}), Place(1, "hr", "t", {})]
    policy = {"k_mean": 10, "k_distribution": 10, "k_sensitive": 10, "sd_from": 30, "collusion": 0}

    def said(family: str, *least: int, width: int = 5) -> list[str]:
        most = [one + width - 1 for one in least]
        cells = [Cells("q", family, [0, 1, 2], list(least), most, [])]
        return again._by_rows_alone(read_back.Published(places, cells), policy)

    unit = "mean [level 1=hr/u] (q): less its parts by level 2 it leaves"
    assert said("mean", 60, 25, 15) == []
    assert said("mean", 60, 25, 20) == [f"{unit} 1 to 9 people, fewer than 10"]
    assert said("mean", 60, 25, 20, width=1) == [f"{unit} 5 people, fewer than 10"]
    assert said("mean", 60, 25, 5) == ["mean [level 1=hr/u, level 2=hr/t] (q): it says 5 to 9 people, fewer than 10"]
    # Whoever reads a distribution without a mean beside it reads a mean.
    assert len(said("distribution", 60, 25, 20)) == 2


# What is new.


def exact(made: Wave, *places: int) -> Wave:
    """The numbers of these places told as they are."""
    counted = {one.id: one.n for one in made.measures}

    def told(one: Published) -> Published:
        own = np.isin(one.places, places)
        people = np.array([counted[one.measure][made.members[place]].sum() for place in one.places], np.int64)
        return replace(one, least=np.where(own, people, one.least), most=np.where(own, people, one.most))

    return replace(made, published=[told(one) for one in made.published])


ITEM = wave(
    [measured("q", (12, 13, 33, 44))],
    {("q", family): (EVERYBODY, AB, CD) for family in ("mean", "distribution")},
)


def reasons(report: Report) -> list[tuple[str, str]]:
    return [(one.row.labels["place"], one.reason) for one in report.refusals if one.row.family == "mean"]


def test_a_new_number_is_a_band() -> None:
    bands, numbers = ITEM, exact(ITEM, EVERYBODY, AB, CD)
    for first in (None, 0, 1):
        assert audit_wave(replace(bands, bands_from=first)).refusals == ()
    assert audit_wave(numbers).refusals == ()
    said = [(str(place), f"it says {n} people, which is fewer than 5 numbers") for place, n in enumerate((102, 25, 77))]
    for first in range(4):
        report = audit_wave(replace(numbers, bands_from=first))
        assert reasons(report) == said[first:]
        assert report.verdict == (Verdict.unsafe if said[first:] else Verdict.safe)


def told_of_25(least: int, most: int, first: int | None = 0) -> list[tuple[str, str]]:
    """What is refused where the 25 people of the place 1 are printed so."""
    one = replace(ITEM.published[0], least=np.array([100, least, 75]), most=np.array([104, most, 79]))
    return reasons(audit_wave(replace(ITEM, published=[one], bands_from=first)))


@pytest.mark.parametrize("numbers", range(1, 5))
def test_a_band_holds_five_numbers(numbers: int) -> None:
    words = "25" if numbers == 1 else f"25 to {24 + numbers}"
    assert told_of_25(25, 24 + numbers) == [("1", f"it says {words} people, which is fewer than 5 numbers")]


@pytest.mark.parametrize("band", [(25, 29), (20, 39), (20, 29), (20, 59), (0, 29)])
def test_a_band_begins_and_ends_at_fives(band: Band) -> None:
    assert told_of_25(*band) == []


@pytest.mark.parametrize("band", [(24, 28), (23, 27), (21, 25), (24, 29), (25, 30), (25, 31), (20, 40), (21, 40)])
def test_a_band_put_around_its_number_is_refused(band: Band) -> None:
    """A band "n to n + 4" would tell n. What is out already stands as it is."""
    least, most = band
    words = f"it says {least} to {most} people, which is no band from a multiple of 5 to one under a multiple of 5"
    assert told_of_25(least, most) == [("1", words)]
    assert told_of_25(least, most, None) == told_of_25(least, most, 2) == []


# Releases, new and out.


RELATED = wave(
    [measured(name, (43, 44, 45, 40)) for name in "pq"],
    {(name, family): (EVERYBODY,) for name in "pq" for family in ("mean", "deviation")},
    (*MEMBERS, MEMBERS[EVERYBODY]),
)


def release(n: int) -> Any:
    return SimpleNamespace(
        tenant_id=UUID(int=1),
        release_id=UUID(int=n),
        manifest={"statistics": {"drivers": {"n": n, "measures": ["p", "q"]}}},
    )


def judged(monkeypatch: pytest.MonkeyPatch, own: int, out: int | None, told: Wave) -> list[str]:
    """A release that says `own`, of the last of so many places, behind one that says `out`, of all before."""

    async def published(*_: Any) -> read_back.Published:
        return read_back.Published([], [])

    monkeypatch.setattr("service.releases.read_back.published", published)
    monkeypatch.setattr("service.releases.audited.wave_of", lambda *_: told)
    agreed = SimpleNamespace(policy=SimpleNamespace(as_dict=dict), breakdowns=SimpleNamespace(united={}), document=None)
    found = SimpleNamespace(units=[], classes=[])
    counts = SimpleNamespace(together=lambda _: np.array([43, 44, 45, 40]))
    places = [Place(None, None, None, {})] * 4
    earlier = [] if out is None else [(release(out), read_back.Published(places, []))]
    given: Any = (None, release(own), agreed, found, counts, earlier)
    report = asyncio.run(audited.judged(*given))
    assert report is not None
    return sorted({one.reason for one in report.refusals})


def test_a_release_tells_bands_beside_older_ones_that_did_not(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = exact(RELATED, EVERYBODY)
    assert judged(monkeypatch, 170, None, RELATED) == []
    narrow = ["it says 172 people, which is fewer than 5 numbers"]
    assert judged(monkeypatch, 170, None, numbers) == narrow
    exactly = ["it says exactly 172 people, and not that there are 170 or more"]
    assert judged(monkeypatch, 172, None, RELATED) == exactly
    # The place of everybody is of the release that is out, and the last one is new.
    assert judged(monkeypatch, 170, 172, numbers) == []
    assert judged(monkeypatch, 172, 170, numbers) == exactly
    assert judged(monkeypatch, 170, 171, numbers) == ["it says 171 people and counts 172"]
    last = len(MEMBERS)
    both = replace(RELATED, published=[also(one, last) for one in RELATED.published])
    assert judged(monkeypatch, 170, 172, exact(both, EVERYBODY)) == []
    assert judged(monkeypatch, 170, 172, exact(both, last)) == narrow


def also(one: Published, place: int) -> Published:
    """What is told of everybody, told of one more place."""
    return replace(one, places=np.append(one.places, place), least=np.tile(one.least, 2), most=np.tile(one.most, 2))
