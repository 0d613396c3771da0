"""Drawings of a report: strict XML, every figure as it was given, every withheld cell to be seen, in any colours."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring

from service.releases.report.charts import bars, heat, means, svg, trend
from service.releases.report.charts.bars import Bar, Key, Segment
from service.releases.report.charts.heat import Square, Strip
from service.releases.report.charts.means import Dot
from service.releases.report.charts.palette import DARK, LIGHT, PALETTES, TONES, Palette, rules
from service.releases.report.charts.svg import Head, Look
from service.releases.report.charts.trend import Mark, Range, TrendPoint
from tests.make.reports import SVG, texts_of

HOSTILE = [
    '"><script>alert(1)</script>',
    "a & b < c",
    "]]>",
    "\ufffe\x0b\x00 null",
    "\u202eevil",
    "a\nb\tc",
    "名前" * 40,
]
HEAD = Head("Title <&>", 'Description "quoted" & more', "fr", "d1")
LOOKS = [Look(), Look(theme="dark"), Look(font="Libertinus Serif", char=0.5)]
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
WORD = "protégé"
OVER = Range(Decimal(1), Decimal(5), ("1", "5"))


def point(number: int, mean: str | None) -> TrendPoint:
    if mean is None:
        return TrendPoint(number, NOON, "withheld")
    value = Decimal(mean)
    return TrendPoint(number, NOON, "published", value, value - Decimal("0.2"), value + Decimal("0.2"))


def dots(look: Look) -> str:
    shown = Dot("One", shown="3,3 (3,1 à 3,5)", at=0.57, low=0.5, high=0.6, ends=("1", "5"))
    beyond = Dot("Two", shown="≥ 90", at=0.9, ends=("0", "100"), is_bound=True)
    return means.means(look, HEAD, [shown, beyond, Dot("Three", withheld=WORD), Dot("Ratio", shown="1,2")])


SEGMENTS = (Segment("Never", "≤ 5 %", 5, "against2", is_bound=True), Segment("Now", "20 %", 20, "middle"))
SEGMENTS = (*SEGMENTS, Segment("Always", "75 %", 75, "for2"))


def stacks(look: Look) -> str:
    keys = [Key("Low", "against2"), Key("High", "for2")]
    return bars.stacked(look, HEAD, [Bar("One", SEGMENTS), Bar("Two", withheld=WORD)], keys)


def rows(look: Look) -> str:
    return bars.apart(look, HEAD, Bar("", SEGMENTS))


def squares(look: Look) -> str:
    strips = [Strip("A", (Square("3,3", 0.6), Square(withheld=WORD))), Strip("B", (Square("≥ 4,5", 1), Square("1,2")))]
    return heat.heat(look, HEAD, ["First", "Second"], strips)


def waves(look: Look) -> str:
    marks = [Mark(point(1, "3.1"), "1", "3,1"), Mark(point(2, None), "2", WORD), Mark(point(3, "4"), "3", "4")]
    return trend.trend(look, HEAD, [*marks, Mark(point(4, "4.2"), "4", "4,2")], OVER)


DRAWN: dict[str, tuple[Callable[[Look], str], set[str], int]] = {
    "means": (dots, {"3,3 (3,1 à 3,5)", "≥ 90", "1,2"}, 1),
    "stacks": (stacks, {"20 %", "75 %"}, 1),  # 5 % has no room, and stands in the table
    "rows": (rows, {"≤ 5 %", "20 %", "75 %"}, 0),
    "squares": (squares, {"3,3", "≥ 4,5", "1,2"}, 1),
    "waves": (waves, {"3,1", "4", "4,2"}, 1),
}


def hatched(drawing: Element) -> list[Element]:
    return [one for one in drawing.iter(f"{SVG}rect") if one.get("fill") == "url(#d1-withheld)"]


def check(name: str, look: Look) -> Element:
    """Whatever must hold of a drawing."""
    draw, shown, hidden = DRAWN[name]
    drawing = fromstring(draw(look))
    assert drawing.tag == f"{SVG}svg"
    texts = texts_of(drawing)
    figures = {text for text in texts if re.search(r"\d", text)}
    assert figures == shown
    assert len(hatched(drawing)) == texts.count(WORD) == hidden
    ids = [one.get("id") for one in drawing.iter() if one.get("id")]
    assert len(ids) == len(set(ids))
    used = set(re.findall(r"url\(#(.+?)\)", draw(look)))
    assert used <= set(ids)
    return drawing


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", DRAWN)
def test_a_drawing_shows_what_it_was_given_and_nothing_else(name: str, look: Look) -> None:
    check(name, look)


@pytest.mark.parametrize("name", DRAWN)
def test_a_drawing_says_what_it_is_and_runs_nothing(name: str) -> None:
    drawing = check(name, Look())
    title, description = drawing[0], drawing[1]
    assert (drawing.get("role"), drawing.get("lang")) == ("img", "fr")
    assert (title.text, description.text) == (HEAD.title, HEAD.description)
    assert drawing.get("aria-labelledby") == title.get("id")
    assert drawing.get("aria-describedby") == description.get("id")
    allowed = {"svg", "title", "desc", "defs", "pattern", "rect", "path", "circle", "text", "g"}
    assert {one.tag.removeprefix(SVG) for one in drawing.iter()} <= allowed
    names = {attribute for one in drawing.iter() for attribute in one.attrib}
    assert not {one for one in names if one.startswith("on") or "href" in one or one == "style"}


def defect(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What could be wrong with a drawing."""

    def empty(*_: Any, **__: Any) -> str:
        return ""

    def unpatterned(*_: Any) -> list[str]:
        return []

    match name:
        case "withheld is blank":
            for module in (means, bars, heat, trend):
                monkeypatch.setattr(module, "withheld", empty)
        case "hatched without a word":
            monkeypatch.setattr(svg, "words", empty)
        case "figures are rounded":
            monkeypatch.setattr(svg, "clean", lambda text: text.replace("3,", "3"))
        case "patterns are missing":
            monkeypatch.setattr(svg, "_patterns", unpatterned)
        case "texts are markup":
            monkeypatch.setattr(svg, "escape", lambda text: text)


def check_all() -> None:
    for name in DRAWN:
        check(name, Look())


FAULTS = [
    "withheld is blank",
    "hatched without a word",
    "figures are rounded",
    "patterns are missing",
    "texts are markup",
]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_drawing_that_is_wrong_would_be_seen(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    defect(fault, monkeypatch)
    with pytest.raises((AssertionError, SyntaxError)):  # of ElementTree, a ParseError is a SyntaxError
        check_all()


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_a_name_is_it_stays_text(text: str) -> None:
    head = Head(text, text, "en", "d1")
    strips = [Strip(text, (Square("1", 0.1), Square(withheld=text)))]
    drawn = [
        means.means(Look(), head, [Dot(text, shown=text, at=0.2), Dot(text, withheld=text)]),
        bars.stacked(Look(), head, [Bar(text, (Segment(text, "1 %", 1, "for1"),))], [Key(text, "for1")]),
        bars.apart(Look(), head, Bar(text, (Segment(text, "1 %", 1, "plain"),))),
        heat.heat(Look(), head, [text, text], strips),
        trend.trend(Look(), head, [Mark(point(1, "2"), text, text)], OVER),
    ]
    for one in drawn:
        drawing = fromstring(one)
        assert {element.tag.removeprefix(SVG) for element in drawing.iter()} & {"script", "b"} == set()
        assert drawing[0].text == svg.clean(text)


@pytest.mark.parametrize("text", [*HOSTILE, "a" * 300, "", " ", "one two three four five six seven"])
@pytest.mark.parametrize("width", [5.0, 60.0, 230.0])
def test_a_long_name_is_cut_to_lines_that_fit(text: str, width: float) -> None:
    found = svg.wrapped(Look(), text, width, 2)
    assert len(found) <= 2
    said = "".join(found).replace(" ", "")
    assert svg.clean(text).replace(" ", "").startswith(said.removesuffix("…"))
    if width > 20:
        assert all(svg.width_of(Look(), line) <= width for line in found)
    if not said.endswith("…"):
        assert said == svg.clean(text).replace(" ", "")


def test_means_lie_where_they_are() -> None:
    spots = [0.0, 0.25, 0.5, 1.0]
    drawing = fromstring(means.means(Look(), HEAD, [Dot("", shown="1", at=at, ends=("", "")) for at in spots]))
    places = [float(one.get("cx") or 0) for one in drawing.iter(f"{SVG}circle")]
    first, last = places[0], places[-1]
    assert [round((one - first) / (last - first), 3) for one in places] == spots


def test_bars_are_as_wide_as_their_shares() -> None:
    parts = [Segment("", "", percent, tone) for percent, tone in ((10, "against1"), (30, "middle"), (60, "for1"))]
    drawing = fromstring(bars.stacked(Look(), HEAD, [Bar("", tuple(parts))]))
    found = [one for one in drawing.iter(f"{SVG}rect") if (one.get("fill") or "").startswith("url")]
    assert [round(float(one.get("width") or 0) / bars.WIDTH * 100) for one in found] == [10, 30, 60]


def test_shares_beyond_a_whole_share_the_bar() -> None:
    parts = tuple(Segment("", "", 60, tone) for tone in ("against1", "for1"))
    drawing = fromstring(bars.stacked(Look(), HEAD, [Bar("", parts)]))
    ends = [float(one.get("x") or 0) + float(one.get("width") or 0) for one in drawing.iter(f"{SVG}rect")]
    assert max(ends) <= bars.WIDTH + 1


def test_a_withheld_wave_parts_the_line() -> None:
    def joined(*shown: str | None) -> int:
        marks = [Mark(point(at, mean), str(at), mean or WORD) for at, mean in enumerate(shown)]
        drawing = fromstring(trend.trend(Look(), HEAD, marks, OVER))
        return sum(
            "L" in (one.get("d") or "") and one.get("stroke-width") == "1.5" for one in drawing.iter(f"{SVG}path")
        )

    assert joined("1", "2", "3") == 2
    assert joined("1", None, "3") == 0
    assert joined(None, "2", "3") == 1


def test_a_drawing_alone_has_its_title_on_it() -> None:
    within = fromstring(means.means(Look(), HEAD, [Dot("One", shown="1", at=0.5)]))
    alone = fromstring(means.means(Look(), HEAD, [Dot("One", shown="1", at=0.5)], ground=True))
    assert (HEAD.title in texts_of(within), HEAD.title in texts_of(alone)) == (False, True)
    assert float(alone.get("height") or 0) > float(within.get("height") or 0)


def test_a_map_has_a_colour_for_each_fifth() -> None:
    assert [heat.tone_at(at) for at in (0, 0.19, 0.2, 0.5, 0.79, 0.8, 1)] == [
        "against2", "against2", "against1", "middle", "for1", "for2", "for2"
    ]  # fmt: skip
    assert heat.tone_at(None) == "plain"


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES.keys())
def test_everything_written_is_legible(palette: Palette) -> None:
    assert set(palette.tones) == set(TONES)
    assert contrast(palette.ink, palette.page) >= 4.5
    assert contrast(palette.soft, palette.page) >= 4.5
    assert contrast(palette.line, palette.page) >= 3
    for name, tone in palette.tones.items():
        for ground in (tone.ground, tone.marks):
            assert contrast(tone.label, ground) >= 4.5, (name, ground)


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES.keys())
def test_neighbours_are_told_apart_without_their_hue(palette: Palette) -> None:
    for one, other in pairwise(TONES[:5]):
        first, second = palette.tones[one], palette.tones[other]
        assert first.pattern != second.pattern or contrast(first.ground, second.ground) >= 3, (one, other)


def test_a_page_in_the_dark_repaints_every_role() -> None:
    drawn = "".join(draw(Look()) for draw, _, _ in DRAWN.values())
    for role in set(re.findall(r'class="((?:fill|stroke)-[\w-]+)"', drawn)):
        assert f".{role}{{" in rules(DARK), role
    assert rules(DARK) != rules(LIGHT)
