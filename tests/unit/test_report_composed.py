"""The order of a report and what it says between its figures."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from service.campaigns.promises import wording as contract_wording
from service.releases.report.blocks import Entry, Grid, Heading, Paragraph, Picture, Report
from service.releases.report.charts.svg import Look
from service.releases.report.composed import MEASURES_ABREAST, UNITS_A_PICTURE, composed
from service.releases.report.content import Below, Cell, Certificate, Content, Measure, Place, Share, Told
from service.releases.report.drawn import tones_of
from service.releases.report.page import page
from service.releases.report.tongue import Tongue
from service.releases.report.wording import WORDING
from tests.make.reports import Page

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
MEAN = Cell(n=(40, 40), mean=Share(Decimal("3.2"), None), low=Decimal("3.0"), high=Decimal("3.4"))
HIDDEN = Cell(reason="protected")


def a_scale(number: int, **more: Any) -> Measure:
    said = {"id": f"s{number}", "kind": "scale", "text": {"en": f"Scale {number}"}, "lowest": 1, "highest": 5}
    return Measure(said | more, ())


def content(told: list[Told], **more: Any) -> Content:
    whole = Content(
        release_id=UUID(int=1),
        digest="d",
        campaign="Campaign",
        wave_number=7,
        interim=None,
        released_at=NOON,
        place=Place("Unit", "hris", "U"),
        told=told,
        below=[],
        below_count=0,
        trends={},
        statistics=None,
        promise=None,
        certificate=Certificate(None),
    )
    return replace(whole, **more)


def report(told: list[Told], language: Any = "en", **more: Any) -> Report:
    return composed(content(told, **more), Tongue(language), Look())


def notes(found: Report) -> list[str]:
    return [block.text for block in found.blocks if isinstance(block, Paragraph)]


def test_how_many_answered_is_as_the_cells_have_it() -> None:
    part = replace(MEAN, n=(25, 29))
    assert "40 people answered." in notes(report([Told(a_scale(1), MEAN, None)]))
    both = report([Told(a_scale(1), MEAN, None), Told(a_scale(2), part, HIDDEN)])
    assert "Depending on the question, 25 to 40 people answered." in notes(both)
    one = report([Told(a_scale(1), part, None)], "fr")
    assert "Entre 25 et 29 personnes ont répondu." in notes(one)
    nothing = report([Told(a_scale(1), HIDDEN, HIDDEN)])
    assert any("is protected" in note for note in notes(nothing))


def test_what_kind_of_results_they_are_stands_above_all() -> None:
    assert report([], interim=2).subtitle[:3] == ["Wave 7", "Unit", "interim results no. 2"]
    assert report([], "fr", place=Place("everybody", None, None)).subtitle[1] == "Ensemble de l\u2019organisation"


def test_a_map_that_is_too_wide_or_too_long_is_parted() -> None:
    told = [Told(a_scale(number), MEAN, None) for number in range(MEASURES_ABREAST + 1)]
    means = {one.measure.id: MEAN for one in told}
    below = [Below(Place(f"U{number}", "hris", f"U{number}"), means) for number in range(UNITS_A_PICTURE + 1)]
    found = report(told, below=below, below_count=500)
    grids = [block for block in found.blocks if isinstance(block, Grid) and "below" in block.caption]
    assert [grid.caption[-8:] for grid in grids] == ["(1 of 2)", "(2 of 2)"]
    assert [len(grid.head) - 1 for grid in grids] == [4, 3]
    assert all(len(grid.rows) == len(below) for grid in grids)
    pictures = [block for block in found.blocks if isinstance(block, Picture) and "below" in block.title]
    assert len(pictures) == 4
    assert f"The first {len(below)} units of 500; the others can be read in the cells of the release." in notes(found)


def test_a_unit_without_a_cell_is_no_hole() -> None:
    told = [Told(a_scale(1), MEAN, None)]
    found = report(told, below=[Below(Place("U", "hris", "U"), {})], below_count=1)
    (grid,) = [block for block in found.blocks if isinstance(block, Grid) and "below" in block.caption]
    assert grid.rows == [[Entry("U"), Entry("not published", is_withheld=True)]]


def test_a_score_where_less_is_better_says_so() -> None:
    (grid,) = [b for b in report([Told(a_scale(1, favourable="low"), MEAN, None)]).blocks if isinstance(b, Grid)]
    assert grid.rows[0][0].text == "Scale 1 (the lower, the better)"


def test_a_text_in_another_language_says_which() -> None:
    told = [Told(Measure({"id": "i", "kind": "item", "type": "number", "text": {"de": "Wie?"}}, ()), MEAN, None)]
    html = page(report(told, "fr")).decode()
    assert '<h3 lang="de">Wie?</h3>' in html
    assert [text for level, text in Page(html).headings if level == 3] == ["Wie?"]


def a_rating(points: int, **more: Any) -> Measure:
    said = {"id": "r", "kind": "item", "type": "rating"} | more
    return Measure(said, tuple(str(point) for point in range(1, points + 1)))


@pytest.mark.parametrize(
    ("points", "tones"),
    [
        (2, ["against2", "for2"]),
        (3, ["against2", "middle", "for2"]),
        (4, ["against2", "against1", "for1", "for2"]),
        (5, ["against2", "against1", "middle", "for1", "for2"]),
        (7, ["against2", "against1", "against1", "middle", "for1", "for1", "for2"]),
    ],
)
def test_a_point_has_the_tone_of_its_third(points: int, tones: list[str]) -> None:
    assert tones_of(a_rating(points)) == tones
    assert tones_of(a_rating(points, reverse=True)) == tones[::-1]


def test_an_enps_has_detractors_passives_and_promoters() -> None:
    measure = Measure({"id": "e", "kind": "item", "type": "enps"}, tuple(map(str, range(11))))
    assert tones_of(measure) == ["against2"] * 7 + ["middle"] * 2 + ["for2"] * 2


def test_both_languages_say_as_much() -> None:
    french, english = WORDING["fr"], WORDING["en"]
    for name in french._fields:
        one, other = getattr(french, name), getattr(english, name)
        assert type(one) is type(other), name
        if isinstance(one, dict):
            assert one.keys() == other.keys(), name
        if isinstance(one, tuple):
            assert len(one) == len(other), name


def test_every_sentence_of_a_contract_has_its_heading() -> None:
    source = Path(contract_wording.__file__).read_text(encoding="utf-8")
    topics = set(re.findall(r'Sentence\("(\w+)"', source)) | {"waves", "limits"}
    assert len(topics) > 15
    for words in WORDING.values():
        assert words.promised_topics.keys() == topics


def test_each_heading_of_the_second_level_can_be_linked_to() -> None:
    found = report([Told(a_scale(1), MEAN, MEAN)], below=[Below(Place("U", None, "U"), {"s1": MEAN})], below_count=1)
    idents = [block.ident for block in found.blocks if isinstance(block, Heading) and block.level == 2]
    assert idents == ["answered", "scales", "below", "reading", "certificate"]
