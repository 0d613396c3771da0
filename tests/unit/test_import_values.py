"""Cells as people write them: days, yes and no, languages, ids."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from service.people.imports import values
from service.people.imports.values import Refused

DAYS = {
    "31/12/2026": date(2026, 12, 31),
    "1/2/2026": date(2026, 2, 1),
    "03.04.2026": date(2026, 4, 3),
    "03-04-2026": date(2026, 4, 3),
    "2026-12-31": date(2026, 12, 31),
    "2026-12-31 00:00:00": date(2026, 12, 31),
    "2026-12-31T08:30:00Z": date(2026, 12, 31),
    "31/12/2026 08:30": date(2026, 12, 31),
    "20261231": date(2026, 12, 31),
    "46387": date(2026, 12, 31),
    "46387.75": date(2026, 12, 31),
    "29/02/2024": date(2024, 2, 29),
}


@pytest.mark.parametrize("text", DAYS)
def test_days(text: str) -> None:
    assert values.day(text) == DAYS[text]


@pytest.mark.parametrize(
    "text",
    ["32/12/2026", "29/02/2023", "12/31/2026", "31/12/26", "2026", "31/12-2026", "demain", "0", "99999999",
     "31/12/1899", "01/01/2200", "٣١/١٢/٢٠٢٦", "=46387", "31/12/2026x"],
)  # fmt: skip
def test_what_is_no_day(text: str) -> None:
    with pytest.raises(Refused):
        values.day(text)


def test_days_the_other_way_round_and_of_the_other_calendar() -> None:
    assert values.day("12/31/2026", day_first=False) == date(2026, 12, 31)
    assert values.day("03/04/2026", day_first=False) == date(2026, 3, 4)
    assert values.day("44925", days_before=1462) == date(2026, 12, 31)


def test_flags() -> None:
    assert [values.flag(text) for text in ("Oui", "VRAI", "true", "1", "x", "Actif", "En poste")] == [True] * 7
    assert [values.flag(text) for text in ("non", "Faux", "FALSE", "0", "inactif", "sorti")] == [False] * 6
    with pytest.raises(Refused):
        values.flag("peut-être")


def test_languages() -> None:
    given = ["fr", "FR", "Français", "anglais", "English", "pt_br", "zh-hant", "Néerlandais", "pt-BR"]
    assert [values.language(text) for text in given] == [
        "fr",
        "fr",
        "fr",
        "en",
        "en",
        "pt-BR",
        "zh-hant",
        "nl",
        "pt-BR",
    ]
    for text in ("klingon!", "f", "=fr"):
        with pytest.raises(Refused):
            values.language(text)


def test_ids() -> None:
    for text in ("E1042", "00123", "a.b-c/d", "-12", "+33", "é ü", "1E5"):
        assert values.external_id(text) == text
    for text in ("=1+1", "@x", "+a", "-x1", "1,23E+05", "1.2e+10", "x" * 201, "a\x00b", "\x07"):
        with pytest.raises(Refused):
            values.external_id(text)


def test_names_are_text_whatever_they_begin_with() -> None:
    for text in ("=HYPERLINK(1)", "@SUM(A1)", "+x", "-x"):
        assert values.name(text) == text
    with pytest.raises(Refused):
        values.name("a\x00b")


@pytest.mark.parametrize("read", [values.day, values.flag, values.language, values.external_id, values.name])
def test_no_reason_repeats_the_cell(read: Callable[[str], Any]) -> None:
    needle = "\x07=SECRETVALUE"
    with pytest.raises(Refused) as told:
        read(needle)
    assert "SECRET" not in str(told.value)
    assert told.value.__context__ is None or "SECRET" not in repr(told.value.__cause__)
