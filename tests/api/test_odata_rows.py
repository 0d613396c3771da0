"""Rows of the feed: the figures of JSON, cell by cell, and what can be asked of them."""

from typing import Any

import pytest
from sqlalchemy.event import listen, remove

from service.odata import asked, rows
from service.odata.model import BY_NAME, FIGURES
from tests.fixtures.house import House
from tests.make.odata import READ, ROOT, Feed, a_feed, a_unit_key, by, quoted, refused, walked
from tests.make.world import cells_of, ok

NAMES = list(BY_NAME)


@pytest.fixture(scope="module")
def feed(house: House) -> Feed:
    return a_feed(house, {"A": 40, "B": 12, "D": 4})


def place_of(row: dict[str, Any]) -> dict[str, Any]:
    """Of a row, what a JSON cell says of its place."""
    pairs = [pair.split("=") for pair in row["Dimensions"].split("; ") if pair]
    shown = {"unit": row["Unit"], "source": row["Source"], "level": row["Level"], "breakdown": row["Breakdown"]}
    return shown | {"dimensions": dict(pairs)}


def told(cell: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: cell[name] for name in ("unit", "source", "level", "breakdown", "dimensions", *names)}


@pytest.mark.parametrize(("name", "family"), [("Scores", "mean"), ("Shares", "distribution")])
def test_figures_are_those_of_json_cell_by_cell(feed: Feed, name: str, family: str) -> None:
    found = feed.rows(name)
    figures = {shown: in_json for shown, in_json in FIGURES.items() if shown in BY_NAME[name].by_name}
    names = {"UnitName": "unit_name", "Measure": "measure", "Kind": "kind", "Status": "status", "Reason": "reason"}
    assert {row["Status"] for row in found} == {"published", "withheld"}
    for figure in ("Mean", "Sd", "Low") if name == "Scores" else ("Favourable", "NeutralBound"):
        assert any(row[figure] is not None for row in found)
    for release in feed.releases:
        cells = cells_of(feed.tenant, release, family=family)
        mine = [row for row in found if row["ReleaseId"] == release]
        assert len(mine) == len(cells)
        for row, cell in zip(mine, cells, strict=True):
            assert place_of(row) == told(cell)
            for shown, in_json in (figures | names).items():
                assert row[shown] == cell[in_json]
            # What this set leaves out, these cells do not have.
            assert {cell[in_json] for shown, in_json in FIGURES.items() if shown not in figures} == {None}


def test_distributions_are_those_of_json_share_by_share(feed: Feed) -> None:
    found = feed.rows("Distributions")
    # A scale without bands has shares and no options.
    options = {"load": 5, "help": 5, "place": 2, "tools": 2, "climate": 0}
    at = 0
    for release in feed.releases:
        for cell in cells_of(feed.tenant, release, family="distribution"):
            mine = found[at : at + options[cell["measure"]]]
            at += len(mine)
            assert [row["OptionNumber"] for row in mine] == list(range(1, len(mine) + 1))
            for row in mine:
                assert place_of(row) == told(cell)
                assert (row["Measure"], row["Status"], row["Reason"]) == (
                    cell["measure"],
                    cell["status"],
                    cell["reason"],
                )
                assert (row["NFrom"], row["NTo"]) == (cell["n_from"], cell["n_to"])
            shares = [{"option": row["Option"], "value": row["Percent"], "bound": row["Bound"]} for row in mine]
            if cell["status"] == "withheld":
                assert {(share["value"], share["bound"]) for share in shares} <= {(None, None)}
            else:
                assert shares == (cell["distribution"] or [])
    assert at == len(found)


def test_a_withheld_row_has_a_reason_and_no_number(feed: Feed) -> None:
    for name in ("Scores", "Shares", "Distributions"):
        withheld = [row for row in feed.rows(name) if row["Status"] == "withheld"]
        assert withheld
        for row in withheld:
            assert row["Reason"] == "protected"
            assert {row.get(figure) for figure in (*FIGURES, "Percent", "Bound")} == {None}


def test_rows_lead_to_each_other(feed: Feed) -> None:
    keys = {name: {row["Id"]: row for row in feed.rows(name)} for name in NAMES}
    for name in ("Scores", "Shares", "Distributions"):
        for row in keys[name].values():
            place = keys["OrgUnits"][row["OrgUnitId"]]
            assert (place["Name"], place["Unit"], place["Dimensions"]) == (
                row["UnitName"],
                row["Unit"],
                row["Dimensions"],
            )
            measure = (keys["Items"] | keys["Scales"])[row["MeasureId"]]
            assert (measure["Measure"], measure["Name"]) == (row["Measure"], row["MeasureName"])
            release = keys["Releases"][row["ReleaseId"]]
            for column in ("CampaignId", "CampaignName", "WaveId", "WaveNumber", "ReleasedAt"):
                assert row[column] == release[column]
            assert keys["Campaigns"][row["CampaignId"]]["Name"] == row["CampaignName"]
            assert keys["Waves"][row["WaveId"]]["Number"] == row["WaveNumber"]
    for place in keys["OrgUnits"].values():
        above = keys["OrgUnits"].get(place["ParentId"])
        assert (above is None) == (place["Level"] == 0)
        levels = [place[f"Level{level}"] for level in range(1, 9)]
        assert levels[place["Level"]] == place["Name"]
        assert levels[place["Level"] + 1 :] == [None] * (7 - place["Level"])
        if above is not None:
            assert above["Dimensions"] == place["Dimensions"]
            assert levels[above["Level"]] == above["Name"]


def test_campaigns_waves_and_releases_are_those_of_json(feed: Feed) -> None:
    listed = ok(feed.tenant.call(READ, "GET", "/v1/releases"))["data"]
    shown = feed.rows("Releases")
    assert [row["Id"] for row in shown] == [one["id"] for one in listed] == feed.releases
    for row, one in zip(shown, listed, strict=True):
        assert (row["CampaignId"], row["CampaignName"]) == (one["campaign"]["id"], one["campaign"]["name"])
        assert (row["WaveId"], row["WaveNumber"]) == (one["wave_id"], one["wave_number"])
        assert (row["Digest"], row["ReleasedAt"]) == (one["digest"], one["released_at"])
        assert (row["Interim"], row["RecutId"]) == (None, None)
    assert [row["Id"] for row in feed.rows("Waves")] == sorted(wave.wave for wave in feed.waves)
    campaigns = {row["Id"]: row for row in feed.rows("Campaigns")}
    assert {row["Name"] for row in campaigns.values()} == {"Écoute 2026", "Pulse"}
    assert {(row["Waves"], row["Releases"]) for row in campaigns.values()} == {(1, 1)}


def test_measures_are_as_the_manifest_has_them(feed: Feed) -> None:
    manifest = ok(feed.tenant.call(READ, "GET", f"/v1/releases/{feed.releases[0]}"))["manifest"]
    found = [row for name in ("Items", "Scales") for row in feed.rows(name) if row["ReleaseId"] == feed.releases[0]]
    assert len(found) == len(manifest["measures"]) == 6
    for row, measure in zip(found, manifest["measures"], strict=True):
        assert (row["Measure"], row["Kind"], row["Name"]) == (measure["id"], measure["kind"], measure["text"]["fr"])
        for name in ("type", "lowest", "highest", "reverse", "rule", "score"):
            assert row[name.capitalize()] == measure.get(name)


@pytest.mark.parametrize(
    ("asked_for", "language"),
    [
        ({}, "fr"),
        ({"params": by(language="en")}, "en"),
        ({"params": by(language="en-GB")}, "en"),
        ({"params": by(language="de")}, "fr"),
        ({"params": by(language="de,en-GB,fr")}, "en"),
        ({"headers": {"Accept-Language": "de, en;q=0.8, fr;q=0.5"}}, "en"),
        ({"headers": {"Accept-Language": "en;q=0.1, fr-CH"}}, "fr"),
        ({"headers": {"Accept-Language": "en;q=0, *"}}, "fr"),
        ({"params": by(language="fr"), "headers": {"Accept-Language": "en"}}, "fr"),
    ],
)
def test_texts_are_in_the_language_that_is_asked_for(feed: Feed, asked_for: dict[str, Any], language: str) -> None:
    known = {"fr": ("Climat", "Lieu", "Bureau"), "en": ("Climate", "Place", "Office")}[language]
    assert {row["Name"] for row in feed.rows("Scales", **asked_for)} == {known[0]}
    named = {row["Measure"]: row["MeasureName"] for row in feed.rows("Scores", **asked_for)}
    assert named["climate"] == known[0]
    shares = feed.rows("Distributions", **asked_for)
    assert {row["MeasureName"] for row in shares if row["Measure"] == "place"} == {known[1]}
    assert {row["OptionName"] for row in shares if row["Option"] == "office"} == {known[2]}
    # What has no name of its own is called by its id.
    assert {row["OptionName"] for row in shares if row["Measure"] == "load"} == set("12345")


def test_the_language_stays_from_page_to_page(feed: Feed) -> None:
    # German there is not, and what stands in for it is not the questionnaire's own first.
    first = feed.ok("Scores", headers={"Accept-Language": "de, en;q=0.5", "Prefer": "odata.maxpagesize=3"})
    assert "language=de,en&" in first["@odata.nextLink"]
    rest = walked(feed.tenant, first["@odata.nextLink"])
    assert {row["MeasureName"] for row in rest if row["Measure"] == "climate"} == {"Climate"}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [2, 17])
def test_pages_are_the_whole_in_order(feed: Feed, name: str, size: int) -> None:
    whole = feed.rows(name)
    prefer = {"Prefer": f"return=minimal, odata.maxpagesize={size}"}
    answer = feed.get(name, headers=prefer)
    assert answer.headers["preference-applied"] == f"odata.maxpagesize={size}"
    page = ok(answer)
    found = page["value"]
    while "@odata.nextLink" in page:
        assert len(page["value"]) == size
        assert page["@odata.nextLink"].startswith(f"{ROOT}{name}?")
        assert "$skip=" not in page["@odata.nextLink"]
        page = ok(feed.tenant.call(READ, "GET", page["@odata.nextLink"], headers=prefer))
        found += page["value"]
    assert found == whole


def test_a_page_ends_by_itself(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (asked.PAGE, rows.PAGE) == (5000, 5000)
    whole = feed.rows("Distributions")
    monkeypatch.setattr("service.odata.application.PAGE", 100)
    page = feed.ok("Distributions?$count=true")
    assert page["@odata.count"] == len(whole)
    assert len(page["value"]) == 100
    assert "count" not in page["@odata.nextLink"]
    assert page["value"] + walked(feed.tenant, page["@odata.nextLink"]) == whole


@pytest.mark.parametrize("top", [0, 1, 5, 6, 63, 64, 65, 10**9])
def test_top_is_of_all_pages_together(feed: Feed, top: int) -> None:
    whole = feed.rows("Scores")
    prefer = {"Prefer": "maxpagesize=5"}
    assert walked_with(feed, f"Scores?$top={top}", prefer) == whole[:top]
    assert walked_with(feed, f"Scores?$top={top}&$skip=3", prefer) == whole[3:][:top]
    assert walked_with(feed, f"Scores?$top={top}&$orderby=Mean", prefer) == feed.rows("Scores?$orderby=Mean")[:top]


def walked_with(feed: Feed, path: str, headers: dict[str, str]) -> list[dict[str, Any]]:
    page = feed.ok(path, headers=headers)
    found = list(page["value"])
    while "@odata.nextLink" in page:
        page = ok(feed.tenant.call(READ, "GET", page["@odata.nextLink"], headers=headers), 200)
        found += page["value"]
    return found


@pytest.mark.parametrize("name", NAMES)
def test_skip_leaves_out_the_first(feed: Feed, name: str) -> None:
    whole = feed.rows(name)
    for skip in (0, 1, len(whole) - 1, len(whole), 100_000):
        assert feed.rows(f"{name}?$skip={skip}") == whole[skip:]


@pytest.mark.parametrize("name", NAMES)
def test_select_shows_columns_in_the_order_asked_for(feed: Feed, name: str) -> None:
    whole = feed.rows(name)
    columns = list(BY_NAME[name].by_name)
    for chosen in (["Id"], columns[::-1][:3], columns[1:2]):
        page = feed.ok(f"{name}?$select={','.join(chosen)}")
        assert page["@odata.context"] == f"{ROOT}$metadata#{name}({','.join(chosen)})"
        assert page["value"] == [{column: row[column] for column in chosen} for row in whole]
        assert all(list(row) == chosen for row in page["value"])
    assert feed.ok(f"{name}?$select=*")["value"] == whole
    assert feed.ok(f"{name}?$select=Id, Id")["value"] == [{"Id": row["Id"]} for row in whole]


@pytest.mark.parametrize("name", NAMES)
def test_any_column_gives_an_order_with_nothing_first(feed: Feed, name: str) -> None:
    whole = feed.rows(name)

    def key(row: dict[str, Any], column: str) -> Any:
        value = row[column]
        return (value is not None, value.encode() if isinstance(value, str) else value)

    for number, column in enumerate(BY_NAME[name].by_name):
        falls = bool(number % 2)
        found = feed.rows(f"{name}?$orderby={column}{' desc' if falls else ''}")
        assert found == sorted(whole, key=lambda row: key(row, column), reverse=falls)


def test_several_columns_give_one_order_across_pages(feed: Feed) -> None:
    whole = feed.rows("Scores")
    order = "Status desc, Mean asc,Unit desc, Measure"
    expected = sorted(whole, key=lambda row: row["Measure"])
    expected.sort(key=lambda row: row["Unit"] or "", reverse=True)
    expected.sort(key=lambda row: (row["Mean"] is not None, row["Mean"] or 0))
    expected.sort(key=lambda row: row["Status"], reverse=True)
    for size in (3, 11, 5000):
        found = walked_with(feed, f"Scores?$orderby={order}", {"Prefer": f"maxpagesize={size}"})
        told_of = [(row["Status"], row["Mean"], row["Unit"], row["Measure"]) for row in found]
        assert told_of == [(row["Status"], row["Mean"], row["Unit"], row["Measure"]) for row in expected]
        assert sorted(row["Id"] for row in found) == sorted(row["Id"] for row in whole)


@pytest.mark.parametrize("name", NAMES)
def test_each_row_is_found_by_its_key(feed: Feed, name: str) -> None:
    whole = feed.rows(name)
    for row in (whole[0], whole[-1]):
        body = feed.ok(f"{name}('{row['Id']}')")
        assert body.pop("@odata.context") == f"{ROOT}$metadata#{name}/$entity"
        assert body == row
        assert feed.ok(f"{name}(Id='{quoted(row['Id'])}')")["Id"] == row["Id"]
        chosen = feed.ok(f"{name}('{row['Id']}')?$select=Id&language=en")
        assert chosen == {"@odata.context": f"{ROOT}$metadata#{name}(Id)/$entity", "Id": row["Id"]}


@pytest.mark.parametrize("name", NAMES)
def test_how_many_there_are(feed: Feed, name: str) -> None:
    whole = feed.rows(name)
    answer = feed.get(f"{name}/$count")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text == str(len(whole))
    assert feed.get(f"{name}/$count?$top=1&$skip=1").text == str(len(whole))
    page = feed.ok(f"{name}?$count=true&$top=1&$skip=1")
    assert (page["@odata.count"], page["value"]) == (len(whole), whole[1:2])
    assert "@odata.count" not in feed.ok(f"{name}?$count=false&$top=1")
    kept = by(filter=f"Id eq '{whole[0]['Id']}'")
    assert feed.get(f"{name}/$count", params=kept).text == "1"
    assert feed.ok(name, params=kept | by(count="true", top="0"))["@odata.count"] == 1


def test_a_filter_on_the_release_looks_into_no_other(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    whole = rows.visible.head

    async def head(tx: Any, tenant: Any, release_id: Any) -> Any:
        looked.append(str(release_id))
        return await whole(tx, tenant, release_id)

    monkeypatch.setattr(rows.visible, "head", head)
    for release, text in (
        (feed.releases[1], f"ReleaseId eq '{feed.releases[1]}'"),
        (feed.releases[0], "Measure eq 'load' and CampaignName eq 'Écoute 2026' and WaveNumber lt 2"),
    ):
        looked.clear()
        found = feed.rows("Scores", params=by(filter=text))
        assert {row["ReleaseId"] for row in found} == {release} == set(looked)
    looked.clear()
    feed.rows("Scores", params=by(filter="WaveNumber eq 1 or Measure eq 'load'"))
    assert looked == feed.releases


def test_few_rows_of_many_places_are_found_over_several_looks(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = feed.rows("Scores")
    for most in (1, 10**6):
        monkeypatch.setattr(rows, "ROWS_AT_ONCE", most)
        for unit in ("TOP", "A", "B", "D"):
            kept = [row for row in whole if row["Unit"] == unit and row["Measure"] == "load"]
            asked_for = f"Scores?$filter=Unit eq '{unit}' and Measure eq 'load'"
            assert walked_with(feed, asked_for, {"Prefer": "maxpagesize=1"}) == kept


def test_a_key_of_a_unit_reads_it_and_what_is_below(feed: Feed) -> None:
    key = {"Authorization": f"Bearer {a_unit_key(feed.tenant, 'A')}"}

    def read(path: str) -> list[dict[str, Any]]:
        return list(ok(feed.tenant.call(None, "GET", f"/odata/{path}", headers=key), 200)["value"])

    for name in ("OrgUnits", "Scores", "Shares", "Distributions"):
        mine = [row for row in feed.rows(name) if row["Unit"] == "A"]
        top = {"Level1": None} if "Level1" in mine[0] else {}
        expected = [row | top | ({"ParentId": None} if name == "OrgUnits" else {}) for row in mine]
        assert read(name) == expected != []
        assert read(f"{name}?$orderby=Id") == sorted(expected, key=lambda row: row["Id"])
        other = next(row["Id"] for row in feed.rows(name) if row["Unit"] == "TOP")
        refused(feed.tenant.call(None, "GET", f"/odata/{name}('{other}')", headers=key), 404, "NotFound")
        count = feed.tenant.call(None, "GET", f"/odata/{name}/$count", headers=key)
        assert count.text == str(len(mine))
        assert count.headers["etag"] != feed.get(f"{name}/$count").headers["etag"]
    assert read("Releases") == feed.rows("Releases")
    nobody = {"Authorization": f"Bearer {a_unit_key(feed.tenant, 'ELSEWHERE')}"}
    for name in NAMES:
        assert ok(feed.tenant.call(None, "GET", f"/odata/{name}", headers=nobody))["value"] == []


def test_what_is_withdrawn_is_gone(house: House) -> None:
    feed = a_feed(house, {"A": 12, "B": 12})
    gone, left = feed.releases
    tags = {name: feed.get(name).headers["etag"] for name in NAMES}
    key = feed.rows("Scores")[0]["Id"]
    link = feed.ok("Scores", headers={"Prefer": "maxpagesize=2"})["@odata.nextLink"]
    path = f"/v1/releases/{gone}/withdraw"
    ok(feed.tenant.call("campaigns:write", "POST", path, json={"reason": "Two units had changed their names."}))
    for name in NAMES:
        answer = feed.get(name, headers={"If-None-Match": tags[name]})
        found = ok(answer, 200)["value"]
        assert found
        assert gone not in answer.text
        assert {row.get("ReleaseId", left) for row in found} == {left}
        if name in {"Campaigns", "Waves", "Releases"}:
            assert len(found) == 1
    refused(feed.get(f"Scores('{key}')"), 404, "NotFound")
    assert {row["ReleaseId"] for row in walked(feed.tenant, link)} == {left}


def test_a_page_looks_at_the_cells_of_its_own_places(feed: Feed) -> None:
    """Or the walk would take longer the deeper it comes, and the longer the release is."""
    seen: list[tuple[str, Any]] = []
    database = feed.tenant.house.client.app.state.database  # type: ignore[attr-defined]  # Starlette types it as a callable

    def before(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        if "release_cell" in statement:
            seen.append((statement, parameters))

    async def plan(statement: str, parameters: Any) -> Any:
        async with database.transaction(feed.tenant.tenant_id) as tx:
            raw = await (await tx.connection()).get_raw_connection()
            for way in ("seqscan", "bitmapscan"):
                await raw.driver_connection.execute(f"SET LOCAL enable_{way} = off")
            return await raw.driver_connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", *parameters)

    def looked_at(node: dict[str, Any]) -> int:
        own = 0
        if node.get("Relation Name") == "release_cell":
            assert node["Index Name"] == "pk_release_cell"
            assert "(node = " in node["Index Cond"]
            own = int(node["Actual Loops"] * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)))
        return own + sum(looked_at(one) for one in node.get("Plans", ()))

    of_place = len({cell["measure"] + cell["family"] for cell in cells_of(feed.tenant, feed.releases[0])})
    places = len([row for row in feed.rows("OrgUnits") if row["ReleaseId"] == feed.releases[0]])
    prefer, path = {"Prefer": "maxpagesize=3"}, "/odata/Scores"
    listen(database.engine.sync_engine, "before_cursor_execute", before)
    try:
        for _ in range(places):
            path = ok(feed.tenant.call(READ, "GET", path, headers=prefer))["@odata.nextLink"]
    finally:
        remove(database.engine.sync_engine, "before_cursor_execute", before)
    assert len(seen) == places
    for statement, parameters in seen:
        (found,) = feed.tenant.house.run(plan, statement, parameters)
        assert 4 <= looked_at(found["Plan"]) <= 2 * of_place < places * of_place
