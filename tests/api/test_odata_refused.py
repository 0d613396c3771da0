"""What the feed refuses: in OData's form, with the place, never saying back what was sent."""

import json
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from service.kit.crypto import bytes_of, text_of
from service.odata import application
from tests.fixtures.house import House
from tests.make.odata import READ, Feed, a_feed, by, refused
from tests.make.wire import raw

SECRET = "Zyzzyva"  # noqa: S105 - of nobody
"""Nothing that is sent may come back."""


@pytest.fixture(scope="module")
def feed(house: House) -> Feed:
    return a_feed(house, {"A": 12, "B": 12})


FILTERS = {
    "3,000 terms": " or ".join(["Mean eq 1"] * 3000),
    "101 terms": " or ".join(["Mean eq 1"] * 101),
    "101 values": f"Level in ({','.join(['1'] * 101)})",
    "too long": f"Measure eq '{'x' * 2000}'",
    "too deep": "(" * 51 + "Level eq 1" + ")" * 51,
    "too deep by not": "not " * 51 + "(Level eq 1)",
    "a regular expression": f"matchesPattern(Measure,'{SECRET}')",
    "an unknown column": f"{SECRET} eq 1",
    "a column of another set": "Percent eq 1",
    "a path": f"Release/{SECRET} eq 1",
    "an unknown function": f"{SECRET}(Measure)",
    "text for a number": f"Mean eq '{SECRET}'",
    "a number for text": "Measure eq 5",
    "text for a time": f"ReleasedAt gt '{SECRET}'",
    "a time for text": "Measure eq 2026-11-27T10:00:00Z",
    "a time without a zone": "ReleasedAt gt 2026-11-27T10:00:00",
    "a date for a time": "ReleasedAt gt 2026-11-27",
    "no such time": "ReleasedAt gt 2026-02-30T10:00:00Z",
    "no such time in UTC": "ReleasedAt gt 0001-01-01T00:00:00+14:00",
    "year 0": "ReleasedAt gt 0000-01-01T00:00:00Z",
    "a far year": "ReleasedAt lt 12026-01-01T00:00:00Z",
    "no such zone": "ReleasedAt lt 2026-01-01T00:00:00+99:00",
    "a list of other types": f"Level in (1, '{SECRET}')",
    "an id without apostrophes": "ReleaseId eq 01a21c6c-0603-702d-b53d-75385dfe76c8",
    "an open text": f"Measure eq '{SECRET}",
    "an open bracket": "(Level eq 1",
    "an open list": "Level in (1",
    "an empty list": "Level in ()",
    "no list": "Level in 1",
    "nothing": "",
    "blanks": "  ",
    "half of it": "Level eq",
    "an operator alone": "and",
    "two operators": "Level eq eq 1",
    "rubbish": f"Level eq 1; {SECRET}",
    "a comment": "Level eq 1 -- x",
    "two filters": f"Level eq 1 {SECRET}",
    "arithmetic": "Level add 1 eq 2",
    "neither true nor false": "Level",
    "not of a number": "not Level",
    "an order of truths": "(Level eq 1) gt (Level eq 2)",
    "too few arguments": "contains(Measure)",
    "too many arguments": "length(Measure, Measure)",
    "no argument": "year()",
    "an argument of another type": "year(Measure) eq 2026",
    "null as an argument": "contains(null, 'x')",
    "a huge number": "Level eq 1" + "0" * 100,
    "a huge exponent": "Level eq 1e400",
    "no number": "Mean eq NaN",
    "a NUL": "Measure eq 'x\0'",
    "a lambda": "Level/any(x: x eq 1)",
    "another operator": "Level has 1",
    "an any sign": "Measure eq \N{RIGHT SINGLE QUOTATION MARK}x\N{RIGHT SINGLE QUOTATION MARK}",
}


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("path", ["Scores", "Scores/$count"])
def test_a_filter_that_can_not_be_is_refused(feed: Feed, name: str, path: str) -> None:
    answer = feed.get(path, params=by(filter=FILTERS[name]))
    error = refused(answer, 400, "BadRequest")
    assert error["message"].startswith("$filter")
    assert [detail["target"] for detail in error["details"]] == ["$filter"]
    assert SECRET not in answer.text
    if name not in {"too long", "3,000 terms"}:
        assert "character " in error["message"]


def test_as_much_as_is_allowed_is_answered(feed: Feed) -> None:
    for text in (
        " or ".join(["Mean eq 1"] * 100),
        f"Level in ({','.join(['1'] * 100)})",
        "(" * 50 + "Level eq 1" + ")" * 50,
        "not " * 49 + "(Level eq 1)",
        "Level eq 1" + " eq true" * 99,
        f"Measure eq '{'x' * 1987}'",
    ):
        feed.ok("Scores", params=by(filter=text))
        feed.ok("Scores", params=by(filter=text, orderby="Mean"))


OPTIONS = {
    "$top": ["-1", "1.5", "x", "", str(2**31), "\N{FULLWIDTH DIGIT NINE}", "1e3", "+1"],
    "$skip": ["-1", "1000000000", "100001", "x", ""],
    "$count": ["1", "TRUE", "yes", ""],
    "$orderby": [
        "",
        SECRET,
        f"Mean {SECRET}",
        "Mean asc desc",
        "Mean,",
        ",",
        "Mean;",
        "length(Measure)",
        "Mean DESC",
        ",".join(["Mean"] * 21),
    ],
    "$select": ["", SECRET, f"Id,{SECRET}", "Id,", "Id/x", "Mean desc"],
    "language": ["", "x", "not a language", "fr_FR", "'fr'", "fr,", "fr, en", ",".join(["fr"] * 11)],
    "$skiptoken": ["", "x", "!", "bnVsbA", "W10", "a" * 4001],
}


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_that_can_not_be_is_refused(feed: Feed, name: str) -> None:
    for value in OPTIONS[name]:
        answer = feed.get("Scores", params={name: value})
        error = refused(answer, 400, "BadRequest")
        assert [detail["target"] for detail in error["details"]] == [name], value
        assert SECRET not in answer.text


@pytest.mark.parametrize("path", ["", "$metadata", "Scores", "Scores/$count", "connect.odc"])
def test_an_option_that_is_not_known_is_refused(feed: Feed, path: str) -> None:
    for query in (f"{SECRET}=1", f"${SECRET}=1", f"top={SECRET}", "$FILTER=x", f"select={SECRET}", "=1", "$"):
        answer = feed.get(f"{path}?{query}")
        refused(answer, 400, "BadRequest")
        assert SECRET not in answer.text


def test_an_option_out_of_its_place_is_refused(feed: Feed) -> None:
    key = feed.rows("Scores?$top=1")[0]["Id"]
    for path in ("?$top=1", "$metadata?$top=1", f"Scores('{key}')?$filter=Level eq 1", "Scores/$count?$select=Id"):
        refused(feed.get(path), 400, "BadRequest")
    refused(feed.get("Scores?$top=1&$top=2"), 400, "BadRequest")


@pytest.mark.parametrize("name", ["$expand", "$search", "$apply", "$compute", "$levels", "$index", "$deltatoken"])
def test_what_is_not_supported_says_so(feed: Feed, name: str) -> None:
    for path in ("Scores", "Scores/$count", ""):
        answer = feed.get(path, params={name: SECRET})
        assert refused(answer, 501, "NotImplemented")["details"][0]["target"] == name
        assert SECRET not in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "MERGE", "OPTIONS"])
def test_the_feed_is_not_written(feed: Feed, method: str) -> None:
    for path in ("", "Scores", f"Scores('{feed.releases[0]}.0.0')", "$batch", "Nothing"):
        answer = feed.tenant.call(READ, method, f"/odata/{path}", content=SECRET.encode())
        refused(answer, 501, "NotImplemented")
        assert answer.headers["allow"] == "GET, HEAD"
        refused(feed.tenant.call(None, method, f"/odata/{path}"), 401, "Unauthenticated")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (SECRET, 404),
        ("scores", 404),
        ("Answers", 404),
        (f"Scores('{SECRET}')", 404),
        ("Scores('')", 404),
        ("Scores('{release}')", 404),
        ("Scores('{release}.0')", 404),
        ("Scores('{release}.0.1')", 404),  # a distribution's
        ("Scores('{release}.0.99')", 404),
        ("Scores('{release}.00.0')", 404),
        ("Scores('{release}.0.99999999999')", 404),
        ("Scores('{release}.-1.0')", 404),
        ("Scores('01A21C6C-0603-702D-B53D-75385DFE76C8.0.0')", 404),
        ("Campaigns('{release}')", 404),
        ("Items('{release}.nothing')", 404),
        ("Releases('it''s')", 404),
        ("Scores('", 404),
        ("Scores(1)", 404),
        ("Scores()", 404),
        ("Scores('x')/Mean", 501),
        ("Scores/Pouls.Something", 501),
        ("$batch", 501),
        ("$all", 404),
        ("$metadata/x", 404),
        ("connect.pbids/x", 404),
    ],
)
def test_an_address_that_names_nothing(feed: Feed, path: str, status: int) -> None:
    answer = feed.get(path.replace("{release}", feed.releases[0]))
    refused(answer, status, {404: "NotFound", 501: "NotImplemented"}[status])
    assert SECRET not in answer.text


@pytest.mark.parametrize(
    "accept", ["text/html", "application/xml", "application/atom+xml", "application/json;q=0", "text/*, */*;q=0.0"]
)
def test_there_is_json_alone(feed: Feed, accept: str) -> None:
    for path in ("", "Scores"):
        refused(feed.get(path, headers={"Accept": accept}), 406, "NotAcceptable")
        assert feed.get(path, headers={"Accept": accept}, params={"$format": "json"}).status_code == 200


@pytest.mark.parametrize(
    "accept", ["*/*", "", "application/*;q=0.1", "text/html, application/json;odata.metadata=full"]
)
def test_json_is_given_to_whoever_takes_it(feed: Feed, accept: str) -> None:
    feed.ok("Scores?$top=1", headers={"Accept": accept})
    feed.ok("Scores?$top=1&$format=application/json;odata.metadata=none", headers={"Accept": accept})


def test_a_format_that_there_is_not(feed: Feed) -> None:
    for path, formats in (("Scores", ("xml", "atom", SECRET, "")), ("$metadata", ("json", SECRET))):
        for one in formats:
            answer = feed.get(path, params={"$format": one})
            refused(answer, 406, "NotAcceptable")
            assert SECRET not in answer.text
    assert feed.get("$metadata?$format=application/xml").status_code == 200


@pytest.mark.parametrize("version", ["3.0", "1.0", "x", "", "4", "-4.0"])
def test_an_older_protocol_is_refused(feed: Feed, version: str) -> None:
    refused(feed.get("Scores", headers={"OData-MaxVersion": version}), 400, "BadRequest")


@pytest.mark.parametrize("version", ["4.0", "4.01", "5.0", "10.0"])
def test_ours_and_later_ones_are_taken(feed: Feed, version: str) -> None:
    assert feed.get("Scores", headers={"OData-MaxVersion": version}).headers["odata-version"] == "4.0"


def test_a_token_is_good_for_its_own_query_alone(feed: Feed) -> None:
    def token(path: str, **options: str) -> str:
        page = feed.ok(path, params=by(**options), headers={"Prefer": "maxpagesize=2"})
        return str(page["@odata.nextLink"]).rpartition("skiptoken=")[2].partition("&")[0]

    good = token("Scores", filter="Level eq 1")
    feed.ok("Scores", params=by(filter="Level eq 1", skiptoken=good))
    feed.ok("Scores", params=by(filter="Level eq 1", skiptoken=good, select="Id", language="en"))
    for path, options in (
        ("Scores", {"filter": "Level eq 0"}),
        ("Scores", {}),
        ("Scores", {"filter": "Level eq 1", "orderby": "Mean"}),
        ("Shares", {"filter": "Level eq 1"}),
    ):
        refused(feed.get(path, params=by(skiptoken=good, **options)), 400, "BadRequest")


@pytest.mark.parametrize(
    "values",
    [
        [],
        [None, 1, 1],
        ["x", 1, 1],
        ["{release}", "1", 1],
        ["{release}", 1.5, 1],
        ["{release}", True, 1],
        ["{release}", 2**31, 1],
        ["{release}", -(2**40), 1],
        ["{release}", None, 1],
        ["{release}", [], {}],
        ["{release}", 1, 1, 1],
        "{release}",
        7,
    ],
)
def test_a_forged_token_is_refused(feed: Feed, values: Any) -> None:
    mark = json.loads(token_of_scores(feed))[0]
    text = json.dumps([mark, None, values]).replace("{release}", feed.releases[0])
    refused(feed.get("Scores", params=by(skiptoken=text_of(text.encode()))), 400, "BadRequest")
    for left in (-1, 1.5, "x", True, 2**31):
        text = json.dumps([mark, left, [feed.releases[0], 0, 0]])
        refused(feed.get("Scores", params=by(skiptoken=text_of(text.encode()))), 400, "BadRequest")


def token_of_scores(feed: Feed) -> bytes:

    link = str(feed.ok("Scores", headers={"Prefer": "maxpagesize=2"})["@odata.nextLink"])
    token = link.rpartition("skiptoken=")[2]
    return bytes_of(token)


@pytest.mark.parametrize("order", ["Mean", "ReleasedAt", "Measure", "Level"])
def test_a_forged_value_of_an_order_is_refused(feed: Feed, order: str) -> None:
    link = str(feed.ok("Scores", params=by(orderby=order), headers={"Prefer": "maxpagesize=2"})["@odata.nextLink"])
    token = link.rpartition("skiptoken=")[2]

    mark, left, (_, *key) = json.loads(bytes_of(token))
    for value in (["x"], {}, 1.5, True, "NaN", "x\0", "2026-11-27T10:00:00", "1e999999999", "9" * 101):
        if (order, value) == ("Measure", value) and isinstance(value, str) and "\0" not in value:
            continue  # any text is one
        text = json.dumps([mark, left, [value, *key]])
        refused(feed.get("Scores", params=by(orderby=order, skiptoken=text_of(text.encode()))), 400, "BadRequest")


def test_bytes_that_are_no_text_are_refused(feed: Feed, house: House) -> None:
    headers = {"authorization": f"Bearer {feed.tenant.keys[READ]}".encode()}
    for path in ("/odata/Scores?$filter=Measure%20eq%20'%ff%00'", "/odata/Scores?%ff=%fe", "/odata/%ff%fe"):
        sent = raw(house, "GET", path, headers=headers)
        assert sent.status_code in {400, 404}
        assert set(sent.json()) == {"error"}


def test_a_fault_of_ours_has_their_form_and_says_nothing(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any) -> Any:
        raise RuntimeError(SECRET)

    async def away(*_: Any) -> Any:
        raise OperationalError(SECRET, {}, Exception(SECRET))

    for fault, status, code in ((broken, 500, "Internal"), (away, 503, "Busy")):
        monkeypatch.setattr(application.visible, "releases", fault)
        answer = feed.get("Scores")
        refused(answer, status, code)
        assert SECRET not in answer.text
    assert answer.headers["retry-after"] == "1"


def test_too_many_calls_have_their_form(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = feed.tenant.house.client.app.state.rate_limits  # type: ignore[attr-defined]  # Starlette types it as a callable
    monkeypatch.setattr(limits, "_requests", type(limits._requests)("default", 1))
    feed.get("Campaigns")
    answer = feed.get("Campaigns")
    refused(answer, 429, "RateLimited")
    assert int(answer.headers["retry-after"]) > 0
