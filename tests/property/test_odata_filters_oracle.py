"""Any filter keeps the rows that plain Python keeps, by OData's rules on null; and any order is Python's own."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from service.odata.model import BY_NAME, Edm
from tests.fixtures.house import House
from tests.make.odata import Feed, a_feed, by

SET = "Shares"
Row = dict[str, Any]
Truth = bool | None


@dataclass(frozen=True)
class Term:
    """A piece of a filter, and what it is for a row."""

    text: str
    of: Callable[[Row], Any]


def columns(edm: Edm) -> list[str]:
    return [one.name for one in BY_NAME[SET].columns if one.edm is edm]


def read(name: str) -> Callable[[Row], Any]:
    """A column as SQL compares it: decimals exactly, texts by code point, times as times."""
    edm = BY_NAME[SET].by_name[name].edm

    def of(row: Row) -> Any:
        value = row[name]
        if value is None:
            return None
        if edm is Edm.number:
            return Decimal(str(value))
        return datetime.fromisoformat(value) if edm is Edm.moment else value

    return of


def column_of(*edms: Edm) -> st.SearchStrategy[Term]:
    names = [name for edm in edms for name in columns(edm)]
    return st.sampled_from(names).map(lambda name: Term(name, read(name)))


def quoted(text: str) -> Term:
    return Term("'" + text.replace("'", "''") + "'", lambda _: text)


def number(text: str) -> Term:
    return Term(text, lambda _: Decimal(text))


WORDS = ["", "A", "TOP", "org", "org*site", "load", "climate", "published", "protected", "Team", "é", "E", "%", "_",
         "site=lyon", "at_most", "o'", "\\", "Écoute 2026", "ue", "hris", "z" * 30]  # fmt: skip
NOTHING = Term("null", lambda _: None)
texts = st.one_of(column_of(Edm.text), st.sampled_from(WORDS).map(quoted))
changed = st.builds(
    lambda name, term: Term(f"{name}({term.text})", lambda row: _changed(name, term.of(row))),
    st.sampled_from(["tolower", "toupper"]),
    texts,
)
any_text = st.one_of(texts, texts, changed)
numbers = st.one_of(
    column_of(Edm.number, Edm.integer),
    st.sampled_from(["0", "1", "-1", "2.5", "5", "12", "20.0", "25", "1e1", "100000000000", "0.30"]).map(number),
    st.builds(lambda term: Term(f"length({term.text})", lambda row: _length(term.of(row))), any_text),
    st.builds(
        lambda part, term: Term(f"{part}({term.text})", lambda row: getattr(term.of(row), part)),
        st.sampled_from(["year", "month", "day"]),
        column_of(Edm.moment),
    ),
)
moments = st.one_of(
    column_of(Edm.moment),
    st.sampled_from(["2020-01-01T00:00:00Z", "2100-01-01T00:00:00.5+02:00"]).map(
        lambda text: Term(text, lambda _: datetime.fromisoformat(text.replace(".5", ".500000")))
    ),
)


def _changed(name: str, text: str | None) -> str | None:
    return None if text is None else text.lower() if name == "tolower" else text.upper()


def _length(text: str | None) -> int | None:
    return None if text is None else len(text)


def compared(sign: str, left: Any, right: Any) -> bool:
    if sign in {"eq", "ne"}:
        return bool(left == right) == (sign == "eq")
    if left is None or right is None:
        return sign in {"ge", "le"} and left is right
    found = {"gt": left > right, "ge": left >= right, "lt": left < right, "le": left <= right}
    return bool(found[sign])


def by_code_point(value: Any) -> Any:
    return value.encode() if isinstance(value, str) else value


def comparisons(sides: st.SearchStrategy[Term]) -> st.SearchStrategy[Term]:
    return st.builds(
        lambda sign, left, right: Term(
            f"{left.text} {sign} {right.text}",
            lambda row: compared(sign, by_code_point(left.of(row)), by_code_point(right.of(row))),
        ),
        st.sampled_from(["eq", "ne", "gt", "ge", "lt", "le"]),
        sides,
        st.one_of(sides, sides, sides, st.just(NOTHING)),
    )


def member(left: Term, values: list[Term]) -> Term:
    listed = ",".join(value.text for value in values)
    return Term(f"{left.text} in ({listed})", lambda row: any(left.of(row) == value.of(row) for value in values))


def asked_of_text(name: str, left: Term, right: Term) -> Term:
    def of(row: Row) -> Truth:
        whole, piece = left.of(row), right.of(row)
        if whole is None or piece is None:
            return None
        found: bool = {"contains": str.__contains__, "startswith": str.startswith, "endswith": str.endswith}[name](
            whole, piece
        )
        return found

    return Term(f"{name}({left.text}, {right.text})", of)


def denied(term: Term) -> Term:
    def of(row: Row) -> Truth:
        value = term.of(row)
        return None if value is None else not value

    return Term(f"not ({term.text})", of)


def joined(sign: str, terms: list[Term]) -> Term:
    decisive = sign == "or"

    def of(row: Row) -> Truth:
        values = [term.of(row) for term in terms]
        if decisive in values:
            return decisive
        return None if None in values else not decisive

    return Term("(" + f" {sign} ".join(term.text for term in terms) + ")", of)


def told(term: Term, sign: str, flag: str) -> Term:
    """A truth compared with a truth: nothing is no truth."""
    return Term(f"({term.text}) {sign} {flag}", lambda row: compared(sign, term.of(row), flag == "true"))


known_texts = st.lists(st.one_of(st.sampled_from(WORDS).map(quoted), st.just(NOTHING)), min_size=1, max_size=4)
leaves = st.one_of(
    comparisons(any_text),
    comparisons(numbers),
    comparisons(moments),
    st.builds(member, any_text, known_texts),
    st.builds(member, numbers, st.lists(st.sampled_from(["1", "2.0", "12"]).map(number), min_size=1, max_size=3)),
    st.builds(asked_of_text, st.sampled_from(["contains", "startswith", "endswith"]), any_text, any_text),
)
filters = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(denied, inner),
        st.builds(joined, st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=3)),
        st.builds(told, inner, st.sampled_from(["eq", "ne"]), st.sampled_from(["true", "false"])),
    ),
    max_leaves=6,
)
often = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def feed(house: House) -> Feed:
    return a_feed(house, {"A": 24, "B": 12, "D": 4})


@pytest.fixture(scope="module")
def whole(feed: Feed) -> list[Row]:
    rows = feed.rows(SET)
    assert {row["Status"] for row in rows} == {"published", "withheld"}
    return rows


@often
@given(asked=filters)
@example(asked=asked_of_text("contains", Term("Unit", read("Unit")), quoted("%")))
@example(asked=asked_of_text("startswith", Term("Measure", read("Measure")), quoted("_")))
@example(asked=asked_of_text("endswith", Term("Measure", read("Measure")), quoted("")))
def test_a_filter_keeps_what_python_keeps(feed: Feed, whole: list[Row], asked: Term) -> None:
    assume(len(asked.text) <= 2000)
    kept = [row["Id"] for row in whole if asked.of(row) is True]
    found = feed.rows(SET, params=by(filter=asked.text, select="Id"))
    assert [row["Id"] for row in found] == kept
    assert feed.get(f"{SET}/$count", params=by(filter=asked.text)).text == str(len(kept))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    asked=leaves,
    orders=st.lists(st.tuples(st.sampled_from(sorted(BY_NAME[SET].by_name)), st.booleans()), max_size=3),
    size=st.integers(5, 60),
    top=st.none() | st.integers(0, 90),
    skip=st.integers(0, 30),
)
def test_pages_of_any_order_are_slices_of_pythons(
    feed: Feed, whole: list[Row], asked: Term, orders: list[tuple[str, bool]], size: int, top: int | None, skip: int
) -> None:
    kept = [row for row in whole if asked.of(row) is True]
    for name, falls in reversed(orders):
        kept.sort(key=lambda row: (row[name] is not None, by_code_point(read(name)(row))), reverse=falls)
    del kept[:skip]
    options = by(filter=asked.text, skip=str(skip))
    if orders:
        options |= by(orderby=", ".join(name + (" desc" if falls else "") for name, falls in orders))
    if top is not None:
        options |= by(top=str(top))
        del kept[top:]
    prefer = {"Prefer": f"odata.maxpagesize={size}"}
    page = feed.ok(SET, params=options, headers=prefer)
    found = page["value"]
    while "@odata.nextLink" in page:
        assert len(page["value"]) == size
        page = feed.tenant.call("aggregates:read", "GET", page["@odata.nextLink"], headers=prefer).json()
        found += page["value"]
    assert found == kept
