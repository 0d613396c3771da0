"""In every form in which a release is read, each cell has the same value, or the same reason why it has none."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Double, cast, func

from service.odata import rows as feed_rows
from service.odata.model import Edm
from service.releases import cell_lines
from service.releases.aggregates.schemas import Figures
from service.releases.report import grids
from service.releases.report.blocks import Entry
from service.releases.report.charts.heat import Square
from service.releases.report.drawn import Pen
from tests.faults.writer import write as write_as_superuser
from tests.fixtures.house import House, TenantUnderTest
from tests.make import row_writer
from tests.make.bi import a_login
from tests.make.every_aggregate import check_aggregates
from tests.make.every_form import check_rows, in_csv, in_files, in_odata, in_sql, paged
from tests.make.every_picture import check_charts, check_report
from tests.make.formats import READ
from tests.make.random_wave import a_random_release
from tests.make.released_rows import Waves, a_plain_pair, waves
from tests.make.row_writer import Stage
from tests.make.whole_units import Unit, units_of
from tests.make.world import ok
from tests.property.test_cell_formats import tamed

Json = dict[str, Any]
Cells = dict[str, list[Json]]
"""By release."""


@pytest.fixture(scope="module")
def stage(house: House) -> Stage:
    return row_writer.stage(house)


CHECKS = {"report": check_report, "charts": check_charts, "aggregates": check_aggregates}
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
# An example takes as long as forty requests: to look for a smaller one would take many minutes.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)


@settings(max_examples=15, deadline=None, suppress_health_check=SLOW, phases=PHASES)
@given(waves(), st.sampled_from([40, 500]), st.sampled_from(["fr", "en"]), st.integers(0, 9))
def test_whatever_a_cell_holds_every_form_says_it(
    stage: Stage, drawn: Waves, rows_on_a_page: int, language: Literal["fr", "en"], which: int
) -> None:
    for check in checks(stage, drawn, rows_on_a_page, language, which).values():
        check()


@pytest.mark.parametrize("seed", range(3))
def test_a_release_that_was_made_reads_the_same_in_every_form(house: House, seed: int) -> None:
    made = a_random_release(house, seed)
    tenant, release = made.tenant, made.release
    cells = paged(tenant, release, 500)
    assert {cell["status"] for cell in cells} == {"published", "withheld"}
    for check in checks_of_rows(tenant, a_login(tenant), {release: cells}, 500).values():
        check()
    said = ok(tenant.call(READ, "GET", f"/v1/releases/{release}"))["manifest"]["measures"]
    units = list(units_of(tenant, made.campaign, release, said, cells, [], ("fr", "en")[seed % 2]))
    for unit in (units[0], units[-1]):
        for look in CHECKS.values():
            look(unit)


def checks(
    stage: Stage, drawn: Waves, rows_on_a_page: int, language: Literal["fr", "en"], which: int
) -> dict[str, Callable[[], None]]:
    """By form whether it tells of the releases, which are written now, what their rows hold; pictures are of a unit."""
    earlier, later = row_writer.write(stage, drawn)
    cells = {earlier: drawn.earlier.as_json(), later: drawn.later.as_json()}
    before = [(1, cells[earlier])]
    units = list(units_of(stage.tenant, stage.campaign, later, drawn.later.said, cells[later], before, language))
    unit = units[which % len(units)]
    rows = checks_of_rows(stage.tenant, stage.login, cells, rows_on_a_page)
    return rows | {name: _looking(look, unit) for name, look in CHECKS.items()}


def _looking(look: Callable[[Unit], None], unit: Unit) -> Callable[[], None]:
    return lambda: look(unit)


def checks_of_rows(tenant: TenantUnderTest, login: str, cells: Cells, size: int) -> dict[str, Callable[[], None]]:
    return {
        "pages": lambda: _check_pages(tenant, cells, size),
        "files": lambda: _check_files(tenant, cells),
        "csv": lambda: _check_csv(tenant, cells),
        "odata": lambda: _check_facts(in_odata(tenant, size), cells, "odata"),
        "sql": lambda: _check_facts(in_sql(login), cells, "sql"),
    }


def _check_pages(tenant: TenantUnderTest, cells: Cells, size: int) -> None:
    for release, wanted in cells.items():
        assert paged(tenant, release, size) == wanted


def _check_files(tenant: TenantUnderTest, cells: Cells) -> None:
    for release, wanted in cells.items():
        for name, found in in_files(tenant, release):
            assert found == wanted, name


def _check_csv(tenant: TenantUnderTest, cells: Cells) -> None:
    for release, wanted in cells.items():
        for name, found in in_csv(tenant, release):
            check_rows(found, wanted, name, tamed)


def _check_facts(found: Cells, cells: Cells, what: str) -> None:
    assert set(found) == set(cells), what
    for release, wanted in cells.items():
        check_rows(found[release], wanted, what)


# -- defects -------------------------------------------------------------------------------------------------


@contextmanager
def other_shares(house: House) -> Iterator[None]:
    """The view shows one share for another."""
    (row,) = write_as_superuser(house, "SELECT pg_get_viewdef('bi.shares'::regclass) AS said")
    changed = row["said"].replace("c.neutral,", "c.unfavourable AS neutral,")
    assert changed != row["said"]
    form = "CREATE OR REPLACE VIEW bi.shares WITH (security_barrier) AS "
    write_as_superuser(house, form + changed)
    try:
        yield
    finally:
        write_as_superuser(house, form + row["said"])


def seeded(name: str, house: House, patch: pytest.MonkeyPatch) -> Any:
    """What could be wrong with a form; entered for as long as it is."""
    match name:
        case "csv":
            patch.setattr(cell_lines, "_FORMULA", re.compile("(^)(?==)"))
        case "files":
            patch.setattr(cell_lines, "_shares_as_json", lambda *_: "null")
        case "odata":
            patch.setattr(
                feed_rows, "_shown", lambda of, edm: cast(func.round(of), Double) if edm is Edm.number else of
            )
        case "report":
            patch.setattr(grids.Grids, "_withheld", lambda *_: Entry(""))
        case "charts":
            patch.setattr(Pen, "_square", lambda *_: Square(""))
        case "aggregates":
            patch.setattr(Figures, "of", lambda cell: Figures.model_validate(dict(cell) | {"low": cell["high"]}))
        case "sql":
            return other_shares(house)
    return patch.context()


@pytest.mark.parametrize("form", ["none", "files", "csv", "odata", "sql", "report", "charts", "aggregates"])
def test_a_form_that_says_otherwise_would_be_seen(stage: Stage, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = checks(stage, a_plain_pair(), 500, "en", 0)
    wrong = []
    with seeded(form, stage.tenant.house, monkeypatch):
        for name, check in found.items():
            try:
                check()
            except AssertionError:
                wrong.append(name)
    assert wrong == ([] if form == "none" else [form])
