"""Pages of the feed, put together of texts: the same JSON as an encoder would write of each row."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from service.odata import wire
from service.odata.asked import Asked
from service.odata.model import BY_NAME

ROOT = "https://pouls.example/odata/"
RELEASED = datetime(2026, 11, 28, 1, 2, 3, 400, tzinfo=UTC)
NAMES = ("Id", "Name", "Lowest", "Reverse", "Type")
ROWS: list[tuple[Any, ...]] = [
    ("a.1", 'Say "%s" \\ 100 % of é\u2028\n', 1.0, True, None),
    ("a.2", "", 0.0, False, "rating"),
    ("a.3", "%(x)s", 1.5, None, "rating"),
    ("a.2", "", 0.1, True, None),
]


def _page(rows: list[tuple[Any, ...]], count: int | None = None, link: str | None = None) -> str:
    return wire.collection(ROOT, BY_NAME["Items"], Asked(select=NAMES), NAMES, rows, count, link)


def test_rows_are_as_an_encoder_writes_them() -> None:
    found = _page(ROWS)
    value = json.dumps([dict(zip(NAMES, row, strict=True)) for row in ROWS], ensure_ascii=False, separators=(",", ":"))
    assert found.endswith(f',"value":{value}}}')
    assert json.loads(found)["value"] == [dict(zip(NAMES, row, strict=True)) for row in ROWS]


@pytest.mark.parametrize(("count", "link"), [(None, None), (0, None), (7, f"{ROOT}Items?$skiptoken=x")])
@pytest.mark.parametrize("rows", [[], ROWS[:1], ROWS])
def test_what_stands_around_the_rows(rows: list[tuple[Any, ...]], count: int | None, link: str | None) -> None:
    found = json.loads(_page(rows, count, link))
    around = {"@odata.count": count, "@odata.nextLink": link}
    told = {name: value for name, value in around.items() if value is not None}
    assert found == {"@odata.context": found["@odata.context"], "value": found["value"]} | told
    assert len(found["value"]) == len(rows)


def test_one_and_true_are_not_the_same_and_numbers_keep_their_form() -> None:
    found = _page([("1", "1", 1.0, True, None)])
    assert '"Lowest":1.0,"Reverse":true,"Type":null}' in found
    whole = wire.entity(ROOT, BY_NAME["Items"], Asked(), ("Level", "Lowest", "Reverse"), (1, 1.0, True))
    assert whole.endswith(',"Level":1,"Lowest":1.0,"Reverse":true}')


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (RELEASED, "2026-11-28T01:02:03.000400Z"),
        (RELEASED.replace(microsecond=0), "2026-11-28T01:02:03Z"),
        (RELEASED.astimezone(timezone(timedelta(hours=5, minutes=30))), "2026-11-28T01:02:03.000400Z"),
    ],
)
def test_times_are_in_utc(moment: datetime, text: str) -> None:
    names = ("Id", "ReleasedAt")
    found = wire.collection(ROOT, BY_NAME["Releases"], Asked(select=names), names, [("x", moment)], None, None)
    assert json.loads(found)["value"] == [{"Id": "x", "ReleasedAt": text}]


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_what_is_no_number_is_not_written(number: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        _page([("x", "x", number, None, None)])


@pytest.mark.parametrize("row", [("x",), ("x", "x", 1.0, None, None, "more"), ()])
def test_a_row_has_a_value_for_each_column(row: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match="another number of values"):
        _page([row])
