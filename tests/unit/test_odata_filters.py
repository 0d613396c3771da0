"""Filters as words, as trees and as conditions of SQL; options, tokens and files: nothing that asks a database."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from defusedxml.ElementTree import fromstring
from sqlalchemy import Boolean, DateTime, Integer, Numeric, Text, column
from sqlalchemy.dialects import postgresql

from service.odata.asked import Asked, Order, asked, check_format, options, page_size
from service.odata.conditions import condition
from service.odata.connections import odc, pbids
from service.odata.grammar import Among, Both, Call, Compare, Literal, Name, Not, names_in, parsed
from service.odata.model import BY_NAME, ENTITY_SETS, Edm
from service.odata.paging import Along, Position, after, position_of, token_of
from service.odata.refusals import NotAcceptable, Refused
from service.odata.words import Word, words

SCORES, ITEMS = BY_NAME["Scores"], BY_NAME["Items"]
TYPES: dict[Edm, Any] = {
    Edm.text: Text(),
    Edm.integer: Integer(),
    Edm.number: Numeric(),
    Edm.flag: Boolean(),
    Edm.moment: DateTime(timezone=True),
}


def sql(text: str, entity_set: Any = SCORES) -> str:
    columns = {one.name: column(one.name, TYPES[one.edm]) for one in entity_set.columns}
    made = condition(parsed(text), entity_set, columns)
    written = made.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})
    return str(written).replace('"', "")


def refusal(text: str) -> str:
    with pytest.raises(Refused) as caught:
        sql(text)
    return caught.value.sentence


def test_words_know_their_places() -> None:
    found = [(one.word, one.value, one.at) for one in words("Level ge -1.5e2\tand Unit eq 'it''s'")]
    assert found == [
        (Word.name, "Level", 1),
        (Word.name, "ge", 7),
        (Word.number, Decimal(-150), 10),
        (Word.name, "and", 17),
        (Word.name, "Unit", 21),
        (Word.name, "eq", 26),
        (Word.text, "it's", 29),
        (Word.end, None, 36),
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-11-27T10:00Z", datetime(2026, 11, 27, 10, tzinfo=UTC)),
        ("2026-11-27T10:00:05.5Z", datetime(2026, 11, 27, 10, 0, 5, 500_000, UTC)),
        ("2026-11-27T10:00:05.123456789Z", datetime(2026, 11, 27, 10, 0, 5, 123_456, UTC)),
        ("2026-11-27T10:00:00+02:00", datetime(2026, 11, 27, 8, tzinfo=UTC)),
        ("true", True),
        ("null", None),
        ("1", Decimal(1)),
        ("2.50D", Decimal("2.5")),
        ("-1e3d", Decimal(-1000)),
        ("''", ""),
    ],
)
def test_literals_are_what_they_say(text: str, value: Any) -> None:
    first, _ = words(text)
    assert first.value == value


def test_the_tightest_binds_first() -> None:
    tree = parsed("Level eq 1 or Level eq 2 and not (Unit in ('a')) and Level gt 1 eq true")
    assert isinstance(tree, Both)
    assert tree.operator == "or"
    left, right = tree.terms
    assert isinstance(left, Compare)
    assert isinstance(right, Both)
    assert right.operator == "and"
    _, denied, truth = right.terms
    assert isinstance(denied, Not)
    assert isinstance(denied.term, Among)
    assert isinstance(truth, Compare)
    assert truth.operator == "eq"
    assert isinstance(truth.left, Compare)
    assert truth.left.operator == "gt"


def test_a_function_may_stand_beside_its_bracket_and_not_as_well() -> None:
    tree = parsed("not(contains( Unit,'x' ))")
    assert isinstance(tree, Not)
    assert tree.term == Call("contains", (Name("Unit", 15), Literal(Word.text, "x", 20)), 5)


def test_names_are_found_wherever_they_stand() -> None:
    text = "contains(tolower(Unit), Source) and not (Mean gt Low or Level in (1)) and ReleasedAt eq null"
    assert names_in(parsed(text)) == {"Unit", "Source", "Mean", "Low", "Level", "ReleasedAt"}


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Unit eq 'x'", "Unit IS NOT DISTINCT FROM 'x'"),
        ("Unit ne 'x'", "Unit IS DISTINCT FROM 'x'"),
        ("Unit eq null", "Unit IS NULL"),
        ("null ne Unit", "Unit IS NOT NULL"),
        ("null eq null", "true"),
        ("Mean gt 3.40", "coalesce(Mean > 3.40, false)"),
        ("Mean gt null", "false"),
        ("Mean ge null", "Mean IS NULL AND NULL IS NULL"),
        ("Unit lt 'x'", "coalesce((Unit COLLATE C) < ('x' COLLATE C), false)"),
        ("Mean le Low", "coalesce(Mean <= Low, false) OR Mean IS NULL AND Low IS NULL"),
        ("startswith(Unit,'a%')", "starts_with(Unit, 'a%%')"),
        ("contains(Unit,'_')", "strpos(Unit, '_') > 0"),
        ("endswith(Unit,'x') eq true", "(right(Unit, char_length('x')) = 'x') IS NOT DISTINCT FROM true"),
        ("length(Unit) ge 2", "coalesce(char_length(Unit) >= 2, false)"),
        ("not (Level eq 1)", "Level IS DISTINCT FROM 1"),
    ],
)
def test_conditions_follow_odata_on_null(text: str, written: str) -> None:
    assert sql(text) == written


def test_a_flag_is_a_condition_by_itself() -> None:
    assert sql("Reverse and Kind eq 'item'", ITEMS) == "Reverse AND Kind IS NOT DISTINCT FROM 'item'"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Level eq 'x'", "$filter, character 7: what is compared here is not of one type."),
        ("  Nope eq 1", "$filter, character 3: Scores has no such property."),
        ("Level eq 1 and", "$filter, character 15: something is missing."),
        ("Level eq 1 Level", "$filter, character 12: this is not expected here."),
        ("Level mul 2 eq 4", "$filter, character 7: this operator is not supported."),
        ("Level in (1, 'x')", "$filter, character 14: this value is not of the type that it is compared with."),
        ("round(Mean) eq 1", "$filter, character 1: there is no such function here."),
        ("year(Unit) eq 1", "$filter, character 6: year does not take this type."),
        ("(Level eq 1", "$filter, character 12: a ) is missing."),
        ("Level eq 1 # x", "$filter, character 12: here is something that can not be read."),
    ],
)
def test_a_refusal_names_the_place(text: str, said: str) -> None:
    assert refusal(text) == said


@pytest.mark.parametrize("entity_set", ENTITY_SETS, ids=lambda one: one.name)
def test_every_column_can_be_asked_about(entity_set: Any) -> None:
    literals = {
        Edm.text: "'x'",
        Edm.integer: "1",
        Edm.number: "1.5",
        Edm.flag: "true",
        Edm.moment: "2026-11-27T10:00:00Z",
    }
    for one in entity_set.columns:
        assert one.name in sql(f"{one.name} eq {literals[one.edm]}", entity_set)
        for edm, literal in literals.items():
            if edm is not one.edm and {edm, one.edm} != {Edm.integer, Edm.number}:
                with pytest.raises(Refused):
                    sql(f"{one.name} eq {literal}", entity_set)


def test_options_mean_what_they_say() -> None:
    given = options([("$select", "Mean,Id, Mean"), ("$orderby", "Mean desc,Id asc"), ("$top", "7"), ("language", "fr")],
                    frozenset({"$select", "$orderby", "$top", "language"}))  # fmt: skip
    found = asked(SCORES, given, "en")
    assert found == Asked(
        ("Mean", "Id"), (Order("Mean", falls=True), Order("Id", falls=False)), top=7, languages=("fr",)
    )
    assert found.needed(SCORES) == {"Mean", "Id"}
    assert asked(SCORES, {}, "en;q=0.5, fr-CA, x-klingon, de;q=0").languages == ("fr-CA", "en")
    assert asked(SCORES, {"$filter": "Level eq 1", "$select": "Id"}, None).needed(SCORES) == {"Id", "Level"}


@pytest.mark.parametrize(
    ("prefer", "size"),
    [
        (None, None),
        ("return=minimal", None),
        ("odata.maxpagesize=7", 7),
        ("return=minimal; x, maxpagesize = 7", 7),
        ('odata.maxpagesize="7"', 7),
        ("odata.maxpagesize=0", 1),
        ("odata.maxpagesize=999999", 5000),
        ("odata.maxpagesize=-1", None),
        ("nomaxpagesize=7", None),
    ],
)
def test_a_page_may_be_smaller(prefer: str | None, size: int | None) -> None:
    assert page_size(prefer) == size


def test_a_format_goes_before_the_header() -> None:
    check_format({"$format": "json"}, "text/html")
    check_format({}, None)
    with pytest.raises(NotAcceptable):
        check_format({"$format": "xml"}, "application/json")


def test_a_position_comes_back_as_it_went() -> None:
    along = [
        Along(column("a", Numeric()), Edm.number, is_nullable=True),
        Along(column("b", DateTime(timezone=True)), Edm.moment),
        Along(column("c", Text()), Edm.text),
        Along(column("d", Integer()), Edm.integer),
    ]
    query = {"$filter": "x", "$orderby": "y"}
    for values in (
        (Decimal("3.40"), datetime(2026, 11, 27, tzinfo=UTC), "é'\n", 0),
        (None, datetime(1970, 1, 1, tzinfo=UTC), "", 2**31 - 1),
    ):
        position = Position(values, 12)
        token = token_of(position, "Scores", query)
        assert position_of(token, "Scores", query, along) == position
        for other in ({"$filter": "x"}, query | {"$orderby": "z"}):
            with pytest.raises(Refused):
                position_of(token, "Scores", other, along)
        with pytest.raises(Refused):
            position_of(token, "Shares", query, along)
        with pytest.raises(Refused):
            position_of(token, "Scores", query, along[:3])


def test_what_comes_after_a_value_follows_the_order() -> None:
    def said(values: tuple[Any, ...], *along: Along) -> str:
        made = after(along, values)
        return str(made.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}))

    rising, falling = (Along(column("a", Integer()), Edm.integer, falls, is_nullable=True) for falls in (False, True))
    key = Along(column("k", Integer()), Edm.integer)
    assert said((1, 2), rising, key) == "a > 1 OR a = 1 AND k > 2"
    assert said((None, 2), rising, key) == "a IS NOT NULL OR a IS NULL AND k > 2"
    assert said((1, 2), falling, key) == "a < 1 OR a IS NULL OR a = 1 AND k > 2"
    assert said((None, 2), falling, key) == "false OR a IS NULL AND k > 2"


@pytest.mark.parametrize("root", ["https://pouls.example/odata/", 'https://a"b&c<d>.example/odata/', "https://x/]]>'/"])
def test_files_that_open_the_feed_hold_its_address_whatever_it_is(root: str) -> None:
    assert json.loads(pbids(root))["connections"][0]["details"]["address"]["url"] == root
    (mashup,) = [one for one in fromstring(odc(root)).iter() if one.tag.endswith("PowerQueryMashupData")]
    (formula,) = [one for one in fromstring(mashup.text or "").iter() if one.tag.endswith("Formula")]
    assert 'OData.Feed("' + root.replace('"', '""') + '", null' in (formula.text or "")
