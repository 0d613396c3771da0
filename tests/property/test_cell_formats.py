"""Whatever a cell shows, each format says the same of it: against cells that are put together here, field by field."""

import io
import json
import re
import sys
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.releases import cell_lines
from service.releases.arrow import ArrowSheet
from service.releases.cell_lines import Csv, json_cells
from service.releases.cell_reads import Measure, PlaceOfCells
from service.releases.cell_schemas import CellOut
from service.releases.columns import AFTER, BEFORE, Kind
from service.releases.tables import Release
from tests.make.formats import from_csv, from_table

SLUG = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
# Line feeds and tabs are let into names, other controls are not.
ANY = st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\t"), min_size=1, max_size=12)
ODD = st.text("=+-@;, \n\tA\ufeff\u200b\u00a0\uff1d", min_size=1, max_size=8)
NAME = ANY | ODD
INVISIBLE = "".join(chr(code) for code in range(sys.maxunicode + 1) if re.match(r"[\s\ufeff\u200b]", chr(code)))
RUN = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
NUMBER = st.decimals(-100, 100, places=2).map(str) | st.integers(0, 100).map(str) | st.just("3.10")
BOUND = st.sampled_from([None, "at_least", "at_most"])
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
WORDS = ["at_least", "at_most", "release", "cell"]


class World(NamedTuple):
    places: list[PlaceOfCells]
    measures: list[Measure]
    cells: list[dict[str, Any]]


def figure(kind: Kind) -> st.SearchStrategy[str]:
    some = {Kind.text: st.sampled_from(WORDS), Kind.integer: st.integers(0, 9999).map(str), Kind.number: NUMBER}
    return st.just("") | some[kind]


def value_of(kind: Kind, text: str) -> Any:
    if not text:
        return None
    return text if kind is Kind.text else int(text) if kind is Kind.integer else float(text)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    measures = draw(
        st.lists(
            st.builds(
                Measure,
                SLUG,
                st.sampled_from(["item", "scale", "index"]),
                st.sampled_from(["mean", "distribution"]),
                st.lists(SLUG | st.integers(0, 10).map(str), min_size=1, max_size=5, unique=True).map(tuple),
            ),
            min_size=1,
            max_size=3,
        )
    )
    places, cells = [], []
    for _ in range(draw(st.integers(1, 3))):
        values = draw(st.dictionaries(SLUG, SLUG, max_size=3))
        unit = draw(st.none() | NAME)
        place = {
            "unit": unit,
            "source": draw(st.none() | SLUG),
            "unit_name": draw(NAME),
            "level": draw(st.integers(0, 9)),
            "breakdown": "*".join(["org", *sorted(values)]),
            "dimensions": values,
        }
        lines = []
        for measure in measures:
            before = [draw(figure(column.kind)) for column in BEFORE]
            after = [draw(figure(column.kind)) for column in AFTER]
            shares = draw(st.none() | st.tuples(*[st.tuples(NUMBER, BOUND) for _ in measure.options]))
            stored = (
                "" if shares is None else f"[{', '.join(f'[{one}, {json.dumps(bound)}]' for one, bound in shares)}]"
            )
            lines.append("\x1f".join((",".join(before), stored, ",".join(after))))
            cell = place | {"measure": measure.measure, "kind": measure.kind, "family": measure.family}
            cell |= {column.name: value_of(column.kind, text) for column, text in zip(BEFORE, before, strict=True)}
            cell["distribution"] = shares and [
                {"option": option, "value": float(one), "bound": bound}
                for option, (one, bound) in zip(measure.options, shares, strict=True)
            ]
            cell |= {column.name: value_of(column.kind, text) for column, text in zip(AFTER, after, strict=True)}
            cells.append(cell)
        texts = (place["source"], unit, place["unit_name"], place["level"], values)
        places.append(PlaceOfCells(*texts, "\n".join(lines)))
    return World(places, measures, cells)


def in_columns(world: World, suffix: str) -> list[dict[str, Any]]:
    manifest = {"campaign": {"name": "c"}, "wave": {"number": 1}}
    release = Release(release_id=UUID(int=1), digest="d", manifest=manifest, released_at=NOON)
    file = io.BytesIO()
    with ArrowSheet(suffix, release, file) as sheet:
        sheet.add(world.places, world.measures)
        sheet.add(world.places, world.measures)
    read = pa.parquet.read_table if suffix == "parquet" else lambda raw: pa.ipc.open_file(raw).read_all()
    found = from_table(read(io.BytesIO(file.getvalue())))
    assert found[: len(world.cells)] == found[len(world.cells) :]
    return found[: len(world.cells)]


def check_values(world: World) -> None:
    assert [list(cell) for cell in world.cells] == [list(CellOut.model_fields)] * len(world.cells)
    assert [json.loads(cell) for cell in json_cells(world.places, world.measures)] == world.cells
    for style in (Csv(escaped=False), Csv(separator=";", decimal=",", escaped=False)):
        text = style.header() + style.places(world.places, world.measures)
        assert from_csv(text, style.separator, style.decimal) == world.cells
    for suffix in ("parquet", "arrow"):
        assert in_columns(world, suffix) == world.cells


def check_escapes(world: World) -> None:
    plain = from_csv(Csv(escaped=False).header() + Csv(escaped=False).places(world.places, world.measures))
    safe = from_csv(Csv().header() + Csv().places(world.places, world.measures))
    for before, after in zip(plain, safe, strict=True):
        for name in ("unit", "source", "unit_name"):
            assert after[name] == (None if before[name] is None else tamed(before[name]))


def tamed(text: str) -> str:
    """An apostrophe wherever a cell may begin, for whatever separator, and what is seen of it would be run."""
    out = ""
    for at, character in enumerate(text):
        if at == 0 or text[at - 1] in ";,\r\n":
            seen = text[at:].lstrip(INVISIBLE)
            hidden = text[at : len(text) - len(seen)]
            if seen[:1] in RUN or any(one in hidden for one in "\t\r\n"):
                out += "'"
        out += character
    return out


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds())
def test_every_format_says_what_the_cell_shows(world: World) -> None:
    check_values(world)


@settings(deadline=None)
@given(worlds())
def test_nothing_in_a_file_for_spreadsheets_is_run(world: World) -> None:
    check_escapes(world)


def a_world() -> World:
    """One with a value beyond every bound, and names that a spreadsheet would run."""
    measure = Measure("load", "item", "distribution", ("1", "2"))
    figures = ",".join(["published", *map(str, range(1, len(BEFORE)))])
    shares = [{"option": "1", "value": 90.0, "bound": "at_least"}, {"option": "2", "value": 10.0, "bound": None}]
    after = [str(number) for number in range(len(AFTER))]
    line = "\x1f".join((figures, '[[90, "at_least"], [10, null]]', ",".join(after)))
    place = PlaceOfCells("hris", "-1", "@A", 0, {}, line)
    cell: dict[str, Any] = {"unit": "-1", "source": "hris", "unit_name": "@A", "level": 0, "breakdown": "org"}
    cell |= {"dimensions": {}, "measure": "load", "kind": "item", "family": "distribution"}
    cell |= {column.name: value_of(column.kind, text) for column, text in zip(BEFORE, figures.split(","), strict=True)}
    cell["distribution"] = shares
    cell |= {column.name: value_of(column.kind, text) for column, text in zip(AFTER, after, strict=True)}
    return World([place], [measure], [cell])


@pytest.mark.parametrize("defect", ["none", "bound", "order", "escape"])
def test_a_format_that_says_otherwise_would_be_seen(defect: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cell_lines.shares_as_text.cache_clear()
    if defect == "bound":
        monkeypatch.setitem(cell_lines.SIGNS, "at_least", "")
    elif defect == "order":
        monkeypatch.setattr(cell_lines, "_AFTER", cell_lines._Members(tuple(reversed(AFTER))))
    elif defect == "escape":
        monkeypatch.setattr(cell_lines, "_FORMULA", re.compile("(^)(?==)"))
    found = []
    for check in (check_values, check_escapes):
        try:
            check(a_world())
        except AssertionError:
            found.append(check)
    cell_lines.shares_as_text.cache_clear()
    assert found == {"none": [], "bound": [check_values], "order": [check_values], "escape": [check_escapes]}[defect]
