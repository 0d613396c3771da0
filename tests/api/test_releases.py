"""What BI reads: the same cells in every format, withheld rows without a number, caching behind the key."""

import csv
import io
import json
import re
from typing import Any

import pytest
from sqlalchemy.event import listen, remove
from sqlalchemy.exc import IntegrityError

from service.releases.tables import NUMBERS
from tests.fixtures.house import House, TenantUnderTest
from tests.make.wire import places, problem
from tests.make.world import LaunchedWave, a_campaign, a_launched_wave, a_questionnaire, an_org, cells_of, ok, post

READ = "aggregates:read"
# A sheet would run a cell that starts like this.
ODD = {
    "A": '=HYPERLINK("http://192.0.2.1")',
    "B": "+1+1",
    "C": "-1+1",
    "D": "@SUM(A1)",
    "E": "\t=1",
    "F": 'say "hi", all\nof you',
}


@pytest.fixture(scope="module")
def released(house: House) -> tuple[TenantUnderTest, str]:
    """A release with published and withheld cells of both families, and odd names."""
    tenant = house.tenant()
    wave = a_launched_wave(tenant, {"A": 40, "B": 12, "C": 12, "D": 12, "E": 6, "F": 3})
    return tenant, odd_release(wave)


def odd_release(wave: LaunchedWave) -> str:
    for number, person in enumerate(sorted(wave.codes)):
        answers: dict[str, Any] = {
            "load": 1 + number % 5,
            "help": 1 + number % 2,
            "place": ("home", "office")[number % 2],
        }
        answers |= {"tools": ["chat"] if number % 3 else [], "years": number % 51, "comment": "never shown"}
        ok(wave.submit(person, answers), 201)
    return str(wave.release()["id"])


@pytest.fixture(scope="module")
def oddly_named(house: House) -> tuple[TenantUnderTest, str]:
    tenant = house.tenant()
    an_org(tenant, dict.fromkeys(ODD, 12))
    units = [{"external_id": f"={unit}", "name": name, "parent": "TOP"} for unit, name in ODD.items()]
    ok(tenant.call("people:write", "PUT", "/v1/org-units", json=units))
    people = [{"external_id": f"{unit}-{n}", "unit": f"={unit}"} for unit in ODD for n in range(12)]
    ok(tenant.call("people:write", "PUT", "/v1/people", json=people))
    a_questionnaire(tenant)
    campaign = {"name": "odd", "questionnaire": "small", "audience": {"units": ["TOP"]}}
    made = ok(tenant.call("campaigns:write", "POST", "/v1/campaigns", json=campaign), 201)
    wave = ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{made['id']}/launch"))
    lines = tenant.call("invitations:read", "GET", f"/v1/waves/{wave['id']}/invitations").text.splitlines()
    for line in lines:
        ok(post(tenant, json.loads(line)["code"], {"load": 4}), 201)
    return tenant, str(LaunchedWave(tenant, made["id"], wave["id"], wave["address"], {}).release()["id"])


def get(tenant: TenantUnderTest, path: str, **request: Any) -> Any:
    return tenant.call(READ, "GET", f"/v1/releases{path}", **request)


def rows_of(answer: Any) -> list[dict[str, str]]:
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "\n" not in answer.content.decode().replace("\r\n", "").replace("\nof you", "")
    return list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))


def as_csv(cell: dict[str, Any]) -> dict[str, Any]:
    """A JSON cell with its values as CSV must show them; numbers as numbers."""
    shown: dict[str, Any] = {}
    for name, value in cell.items():
        if isinstance(value, str) and value[:1] in tuple("=+-@\t\r"):
            shown[name] = f"'{value}"
        else:
            shown[name] = value
    return shown


def read_csv(row: dict[str, str], like: dict[str, Any]) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for name, value in row.items():
        if name == "dimensions":
            read[name] = dict(pair.split("=") for pair in value.split("; ") if pair)
        elif value == "":
            read[name] = None
        elif name == "distribution":
            read[name] = [read_share(pair) for pair in value.split("; ")]
        else:
            read[name] = float(value) if isinstance(like[name], int | float) else value
    return read


SIGNS = {"<=": "at_most", ">=": "at_least"}


def read_share(pair: str) -> dict[str, Any]:
    """`3=<=5` as JSON says it: option 3, 5 percent or fewer."""
    option, _, shown = pair.partition("=")
    bound = SIGNS.get(shown[:2])
    return {"option": option, "value": float(shown[2:] if bound else shown), "bound": bound}


@pytest.mark.parametrize("which", ["released", "oddly_named"])
def test_json_and_csv_are_equal_cell_by_cell(which: str, request: pytest.FixtureRequest) -> None:
    tenant, release = request.getfixturevalue(which)
    cells = cells_of(tenant, release)
    assert {cell["status"] for cell in cells} == {"published", "withheld"}
    rows = rows_of(get(tenant, f"/{release}/cells.csv"))
    assert len(rows) == len(cells)
    for cell, row in zip(cells, rows, strict=True):
        assert list(row) == list(cell)
        assert read_csv(row, cell) == as_csv(cell)


def test_a_distribution_in_csv_is_text_that_a_person_reads(released: tuple[TenantUnderTest, str]) -> None:
    tenant, release = released
    rows = rows_of(get(tenant, f"/{release}/cells.csv?unit=A&family=distribution&kind=item"))
    shown = {row["measure"]: row["distribution"] for row in rows}
    # 40 people: answers 1 to 5 in turn, and 1 or 2 in turn; what nobody chose is a bound.
    assert shown["load"] == "1=20; 2=20; 3=20; 4=20; 5=20"
    assert shown["help"] == "1=50; 2=50; 3=<=10; 4=<=10; 5=<=10"
    assert shown["place"] == "office=50; home=50"


def test_both_ways_to_ask_for_csv_give_the_same_bytes(released: tuple[TenantUnderTest, str]) -> None:
    tenant, release = released
    by_suffix = get(tenant, f"/{release}/cells.csv?family=mean")
    by_header = get(tenant, f"/{release}/cells?family=mean", headers={"Accept": "text/csv"})
    assert by_suffix.content == by_header.content
    assert by_suffix.headers["etag"] == by_header.headers["etag"]


def test_names_like_formulas_are_escaped(oddly_named: tuple[TenantUnderTest, str]) -> None:
    tenant, release = oddly_named
    rows = rows_of(get(tenant, f"/{release}/cells.csv"))
    shown = {row["unit"]: row["unit_name"] for row in rows if row["unit"].startswith("'")}
    assert set(shown) == {f"'={unit}" for unit in ODD}
    for unit, name in ODD.items():
        assert shown[f"'={unit}"] == (name if unit == "F" else f"'{name}")
    for row in rows:
        for value in row.values():
            assert not value.startswith(("=", "+", "-", "@", "\t", "\r")), value
    # JSON has no such reader: there a name is what it is.
    assert {cell["unit_name"] for cell in cells_of(tenant, release)} >= set(ODD.values())


def test_pages_are_the_whole_in_order(released: tuple[TenantUnderTest, str]) -> None:
    tenant, release = released
    whole = cells_of(tenant, release)
    assert len(whole) == 7 * 9  # units x (6 measures, three of them in two families)
    for limit in (1, 7, 83, 84, 500):
        found: list[Any] = []
        address: str | None = f"/{release}/cells?limit={limit}"
        while address:
            answer = get(tenant, address)
            page = ok(answer)
            assert len(page["data"]) <= limit
            found += page["data"]
            link = answer.headers.get("link", "")
            assert bool(link) == bool(page["next"])
            address = link.removeprefix("</v1/releases").partition(">")[0] if link else None
        assert found == whole


def test_filters_are_what_a_reader_would_pick_by_hand(released: tuple[TenantUnderTest, str]) -> None:
    tenant, release = released
    whole = cells_of(tenant, release)
    filters: list[dict[str, str]] = [
        {"unit": "A"},
        {"measure": "load"},
        {"kind": "scale"},
        {"kind": "item"},
        {"kind": "index"},
        {"family": "mean"},
        {"family": "distribution"},
        {"unit": "TOP", "measure": "climate"},
        {"unit": "F", "kind": "item", "family": "mean"},
    ]
    for wanted in filters:
        picked = [cell for cell in whole if all(cell[name] == value for name, value in wanted.items())]
        assert cells_of(tenant, release, **wanted) == picked
        rows = rows_of(get(tenant, f"/{release}/cells.csv", params=wanted))
        assert [read_csv(row, cell) for row, cell in zip(rows, picked, strict=True)] == [
            as_csv(cell) for cell in picked
        ]
    for name in ("kind", "family"):
        problem(get(tenant, f"/{release}/cells?{name}=other"), 422, "invalid")
    page = ok(get(tenant, f"/{release}/cells?unit=A&family=mean&limit=2"))
    assert (
        ok(get(tenant, f"/{release}/cells?unit=A&family=mean&limit=500&cursor={page['next']}"))["data"]
        == [cell for cell in whole if (cell["unit"], cell["family"]) == ("A", "mean")][2:]
    )


def test_a_withheld_row_has_a_reason_and_no_number(released: tuple[TenantUnderTest, str]) -> None:
    tenant, release = released
    cells = cells_of(tenant, release)
    withheld = [cell for cell in cells if cell["status"] == "withheld"]
    assert {cell["unit"] for cell in withheld} >= {"F"}
    for cell in cells:
        numbers = [cell[name] for name in NUMBERS]
        if cell["status"] == "withheld":
            assert cell["reason"] == "protected"
            assert numbers == [None] * len(NUMBERS)
        else:
            assert cell["reason"] is None
            assert cell["n_from"] <= cell["n_to"]
        assert (cell["mean"] is not None) == (cell["status"] == "published" and cell["family"] == "mean")
    for row in rows_of(get(tenant, f"/{release}/cells.csv")):
        if row["status"] == "withheld":
            assert {row[name] for name in NUMBERS} == {""}
    counted = ok(get(tenant, f"/{release}"))["manifest"]["cells"]
    for family, outcomes in counted.items():
        for status, count in outcomes.items():
            assert count == sum((cell["family"], cell["status"]) == (family, status) for cell in cells)


def test_the_database_itself_refuses_a_number_in_a_withheld_row(released: tuple[TenantUnderTest, str]) -> None:
    tenant, _ = released
    values = dict.fromkeys(NUMBERS, "1") | {"distribution": "'[]'", "n_from": "5", "n_to": "5"}
    for name in NUMBERS:
        value = f"'{values[name]}'" if name.endswith("bound") else values[name]
        with pytest.raises(IntegrityError, match="withheld_holds_no_number"):
            tenant.sql(f"UPDATE release_cell SET {name} = {value} WHERE status = 'withheld'")  # noqa: S608 - from the model


def test_an_etag_names_one_answer(released: tuple[TenantUnderTest, str]) -> None:
    tenant, release = released
    cursor = ok(get(tenant, f"/{release}/cells?limit=5"))["next"]
    queries = ["", "limit=50", "unit=A", "measure=load", f"cursor={cursor}", "family=mean", "kind=item"]
    addresses = [f"/{release}", f"/{release}/cells.csv", f"/{release}/cells.csv?unit=A"]
    addresses += [f"/{release}/cells?{query}" for query in queries]
    tags = {}
    for address in addresses:
        answer = get(tenant, address)
        tags[address] = answer.headers["etag"]
        assert answer.headers["cache-control"].startswith("private")
        assert "authorization" in answer.headers["vary"].lower()
        assert get(tenant, address).headers["etag"] == tags[address]
    assert len(set(tags.values())) == len(addresses)
    for address, tag in tags.items():
        for header in (tag, f'"other", {tag}', f"W/{tag}", "*"):
            answer = get(tenant, address, headers={"If-None-Match": header})
            assert (answer.status_code, answer.content) == (304, b"")
            assert answer.headers["etag"] == tag
        for header in ('"other"', tag.strip('"'), ""):
            assert get(tenant, address, headers={"If-None-Match": header}).status_code == 200


def test_not_modified_is_told_to_nobody_without_the_right(released: tuple[TenantUnderTest, str]) -> None:
    """A 304 says that the release exists and is unchanged."""
    tenant, release = released
    stranger = tenant.house.tenant()
    for path in (f"/v1/releases/{release}", f"/v1/releases/{release}/cells", f"/v1/releases/{release}/cells.csv"):
        for header in (tenant.call(READ, "GET", path).headers["etag"], "*"):
            headers = {"If-None-Match": header}
            problem(tenant.call(None, "GET", path, headers=headers), 401, "unauthenticated")
            problem(tenant.call("admin", "GET", path, headers=headers), 403, "forbidden")
            problem(stranger.call(READ, "GET", path, headers=headers), 404, "not-found")
            assert tenant.call(READ, "GET", path, headers=headers).status_code == 304


def test_releases_are_listed_by_wave(released: tuple[TenantUnderTest, str]) -> None:
    tenant, release = released
    (one,) = ok(get(tenant, ""))["data"]
    assert one["id"] == release
    detail = ok(get(tenant, f"/{release}"))
    assert {key: detail[key] for key in one} == one
    assert ok(get(tenant, f"?wave={one['wave_id']}"))["data"] == [one]
    assert ok(get(tenant, f"?wave={release}"))["data"] == []
    assert one["campaign"] == detail["manifest"]["campaign"]
    assert one["wave_number"] == detail["manifest"]["wave"]["number"] == 1
    assert "never shown" not in json.dumps(cells_of(tenant, release))
    for measure in detail["manifest"]["measures"]:
        assert measure["text"]["en"]
    assert [measure["id"] for measure in detail["manifest"]["measures"]] == [
        "load",
        "help",
        "place",
        "tools",
        "years",
        "climate",
    ]


def test_a_list_names_the_campaigns_and_reads_no_manifest(tenant: TenantUnderTest) -> None:
    """Who may read aggregates alone has no other way to learn which release is whose."""
    waves = [a_launched_wave(tenant, {"A": 12}, name="Spring")]
    campaign = a_campaign(tenant, name="Autumn")["id"]
    launched = ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign}/launch"))
    waves.append(LaunchedWave(tenant, campaign, launched["id"], launched["address"], {}))
    for wave in waves:
        wave.release()
    read: list[str] = []

    def note(*given: Any) -> None:
        read.append(given[2])

    engine = tenant.house.client.app.state.database.engine.sync_engine  # type: ignore[attr-defined]  # Starlette types the app as a callable
    listen(engine, "before_cursor_execute", note)
    try:
        listed = ok(get(tenant, ""))["data"]
    finally:
        remove(engine, "before_cursor_execute", note)
    named = {one["wave_id"]: (one["campaign"], one["wave_number"]) for one in listed}
    assert named == {
        wave.wave: ({"id": wave.campaign, "name": name}, 1)
        for wave, name in zip(waves, ("Spring", "Autumn"), strict=True)
    }
    (statement,) = [statement for statement in read if "manifest" in statement]
    assert not re.search(r"manifest\s*(,|\n|AS|FROM)", statement), "a whole manifest"


@pytest.mark.parametrize("name", ["unit", "measure"])
@pytest.mark.parametrize("value", ["nowhere", "", "%", "a", "' OR 1=1 --"])
def test_a_filter_that_names_nothing_of_the_release_is_refused(
    released: tuple[TenantUnderTest, str], name: str, value: str
) -> None:
    """An empty answer would look like a result."""
    tenant, release = released
    for path in ("cells", "cells.csv"):
        for headers in ({}, {"Accept": "text/csv"}, {"If-None-Match": "*"}):
            body = problem(get(tenant, f"/{release}/{path}", params={name: value}, headers=headers), 422, "invalid")
            assert places(body) == {f"query:{name}": f"is not a {name} of this release"}


def test_a_unit_of_another_release_is_none_of_this_one(
    released: tuple[TenantUnderTest, str], oddly_named: tuple[TenantUnderTest, str]
) -> None:
    tenant, release = released
    other, odd = oddly_named
    ok(get(other, f"/{odd}/cells", params={"unit": "=A"}))
    body = problem(get(tenant, f"/{release}/cells", params={"unit": "=A", "measure": "nothing"}), 422, "invalid")
    assert set(places(body)) == {"query:unit", "query:measure"}
