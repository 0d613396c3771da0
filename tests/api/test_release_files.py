"""Files of a release by address: the same cells in every format, ranges, heads, and what spreadsheets like."""

import asyncio
import json
from typing import Any

import pyarrow as pa
import pytest

from service.releases import file_router
from service.releases.cell_schemas import CellOut
from service.releases.columns import COLUMNS, Kind
from tests.api.test_breakdowns import BY_SITE, TEAMS, answered, launched, organised
from tests.api.test_releases import odd_release
from tests.fixtures.house import House, TenantUnderTest
from tests.make.at_once import POOL, a_process
from tests.make.formats import READ, file, from_table, in_all_formats
from tests.make.wire import Sent, problem
from tests.make.world import a_launched_wave, cells_of, ok

SUFFIXES = ["csv", "json", "parquet", "arrow"]


@pytest.fixture(scope="module")
def released(house: House) -> tuple[TenantUnderTest, str]:
    tenant = house.tenant()
    wave = a_launched_wave(tenant, {"A": 40, "B": 12, "C": 12, "D": 12, "E": 6, "F": 3})
    return tenant, odd_release(wave)


@pytest.fixture(scope="module")
def broken_down(house: House) -> tuple[TenantUnderTest, str]:
    tenant = house.tenant()
    organised(tenant, TEAMS)
    return tenant, answered(launched(tenant, BY_SITE))["id"]


@pytest.mark.parametrize("which", ["released", "broken_down"])
def test_every_format_says_the_same_of_every_cell(which: str, request: pytest.FixtureRequest) -> None:
    tenant, release = request.getfixturevalue(which)
    cells = cells_of(tenant, release)
    assert {cell["status"] for cell in cells} == {"published", "withheld"}
    assert any(cell["dimensions"] for cell in cells) == (which == "broken_down")
    for name, found in in_all_formats(tenant, release).items():
        assert found == cells, name


def test_columns_are_those_of_a_cell_with_type_and_description(released: tuple[TenantUnderTest, str]) -> None:
    tenant, release = released
    assert [column.name for column in COLUMNS] == list(CellOut.model_fields)
    kinds = {kind: {column.name for column in COLUMNS if column.kind is kind} for kind in Kind}
    assert kinds[Kind.integer] == {"level", "n_from", "n_to"}
    assert kinds[Kind.number] == {
        "mean", "sd", "favourable", "neutral", "unfavourable", "se", "low", "high", "rwg", "enps"
    }  # fmt: skip
    schema = pa.ipc.open_file(file(tenant, release, "arrow").content).schema
    assert schema.names == [column.name for column in COLUMNS]
    for column in COLUMNS:
        assert column.description, column.name
        assert schema.field(column.name).metadata[b"description"].decode() == column.description
    about = json.loads(schema.metadata[b"pouls"])
    detail = ok(tenant.call(READ, "GET", f"/v1/releases/{release}"))
    assert (about["release"], about["digest"]) == (release, detail["digest"])


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_filters_and_tags_hold_for_files(released: tuple[TenantUnderTest, str], suffix: str) -> None:
    tenant, release = released
    whole, part = file(tenant, release, suffix), file(tenant, release, suffix, params={"unit": "A"})
    assert whole.headers["etag"] != part.headers["etag"]
    assert len(part.content) < len(whole.content)
    assert int(whole.headers["content-length"]) == len(whole.content)
    assert whole.headers["last-modified"].endswith("GMT")
    assert whole.headers["cache-control"] == "private, no-cache"
    again = file(tenant, release, suffix, headers={"If-None-Match": whole.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    problem(file(tenant, release, suffix, params={"unit": "nowhere"}), 422, "invalid")
    problem(file(tenant, release, suffix, params={"units": "A"}), 422, "invalid")
    problem(tenant.house.tenant().call(READ, "GET", f"/v1/releases/{release}/cells.{suffix}"), 404, "not-found")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_no_cell_is_a_file_too(released: tuple[TenantUnderTest, str], suffix: str) -> None:
    tenant, release = released
    found = file(tenant, release, suffix, params={"kind": "index"})
    assert found.status_code == 200
    if suffix == "arrow":
        assert from_table(pa.ipc.open_file(found.content).read_all()) == []
    if suffix == "json":
        assert found.json() == []
    if suffix == "csv":
        assert found.text == ",".join(CellOut.model_fields) + "\r\n"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_head_is_the_answer_without_its_body(released: tuple[TenantUnderTest, str], suffix: str) -> None:
    tenant, release = released
    whole = file(tenant, release, suffix)
    head = tenant.call(READ, "HEAD", f"/v1/releases/{release}/cells.{suffix}")
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-length", "content-type", "etag", "last-modified", "accept-ranges"):
        assert head.headers[name] == whole.headers[name]
    problem_of_nobody = tenant.call(None, "HEAD", f"/v1/releases/{release}/cells.{suffix}")
    assert (problem_of_nobody.status_code, problem_of_nobody.content) == (401, b"")


@pytest.mark.parametrize("address", ["", "/cells", "/certificate"])
def test_a_head_is_answered_wherever_there_is_a_get(released: tuple[TenantUnderTest, str], address: str) -> None:
    tenant, release = released
    whole = tenant.call(READ, "GET", f"/v1/releases/{release}{address}")
    head = tenant.call(READ, "HEAD", f"/v1/releases/{release}{address}")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == whole.headers["etag"]
    assert head.headers["content-length"] == str(len(whole.content))


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("bytes=0-3", slice(0, 4)),
        ("bytes=10-", slice(10, None)),
        ("bytes=-8", slice(-8, None)),
        ("bytes=4-999999999999", slice(4, None)),
    ],
)
def test_a_range_is_a_part_of_the_file(released: tuple[TenantUnderTest, str], asked: str, found: slice) -> None:
    tenant, release = released
    whole = file(tenant, release, "parquet")
    part = file(tenant, release, "parquet", headers={"Range": asked})
    assert part.status_code == 206
    assert part.content == whole.content[found]
    assert part.headers["content-range"].endswith(f"/{len(whole.content)}")
    changed = file(tenant, release, "parquet", headers={"Range": asked, "If-Range": '"other"'})
    assert (changed.status_code, changed.content) == (200, whole.content)


@pytest.mark.parametrize(
    "asked", ["bytes=999999999-", "bytes=9-3", "bytes=-0", "bytes=-", "bytes=0-1,5-6", "lines=1-2", "bytes=x-", "x"]
)
def test_any_other_range_is_ignored(released: tuple[TenantUnderTest, str], asked: str) -> None:
    tenant, release = released
    whole = file(tenant, release, "csv", headers={"Range": asked})
    assert (whole.status_code, whole.content) == (200, file(tenant, release, "csv").content)


def test_accept_chooses_a_file(released: tuple[TenantUnderTest, str]) -> None:
    tenant, release = released
    for suffix, media_type in (
        ("parquet", "application/vnd.apache.parquet"),
        ("arrow", "application/vnd.apache.arrow.file"),
    ):
        by_header = tenant.call(READ, "GET", f"/v1/releases/{release}/cells", headers={"Accept": media_type})
        by_suffix = file(tenant, release, suffix)
        assert by_header.headers["content-type"] == by_suffix.headers["content-type"] == media_type
        assert by_header.content == by_suffix.content


@pytest.mark.parametrize("which", ["en", "fr"])
def test_excel_gets_what_it_opens_at_once(released: tuple[TenantUnderTest, str], which: str) -> None:
    tenant, release = released
    found = file(tenant, release, "csv", params={"excel": which})
    assert found.content.startswith(b"\xef\xbb\xbfunit" + (b";" if which == "fr" else b","))
    line = next(line for line in found.text.splitlines() if "climate" in line and ";A;" not in line)
    assert (line.count(";") >= len(COLUMNS) - 1) == (which == "fr")
    problem(file(tenant, release, "csv", params={"excel": "de"}), 422, "invalid")


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_without_the_library_a_format_is_not_offered(
    released: tuple[TenantUnderTest, str], suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant, release = released
    monkeypatch.setattr(file_router, "find_spec", lambda _: None)
    problem(file(tenant, release, suffix), 501, "format-not-installed")
    assert file(tenant, release, "csv").status_code == 200


def test_files_are_counted_as_read(released: tuple[TenantUnderTest, str]) -> None:
    tenant, release = released
    for suffix in SUFFIXES:
        file(tenant, release, suffix)
    tenant.house.write_readings()
    counted: list[Any] = tenant.sql("SELECT DISTINCT operation FROM read_access WHERE subject = :of", of=release)
    assert {f"releases.cells_{suffix}" for suffix in SUFFIXES} <= {row.operation for row in counted}


def test_more_readers_of_a_new_file_than_there_are_connections(
    house: House, released: tuple[TenantUnderTest, str]
) -> None:
    """They wait for the file without holding one, or its maker would have none."""
    tenant, release = released
    with a_process(house) as process:

        async def go() -> list[Sent]:
            path = f"/v1/releases/{release}/cells.csv?kind=item"
            return await asyncio.gather(*(process.call(tenant, "GET", path, scope=READ) for _ in range(3 * POOL)))

        answers: list[Sent] = house.run(go)
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.content for answer in answers}) == 1
