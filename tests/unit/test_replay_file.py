"""Reading a past survey's file: units, people and answers, and every fault told with its line, never its value."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from service.cli import replay_file, replay_map
from service.cli.replay_failed import ReplayFailed
from service.cli.replay_file import SKIPPED, PastSurvey

MAP = """
name: Test
language: en
units: {source: past, root: {id: all, name: Everyone}, levels: [AGENCY, TEAM]}
person: ID
blanks: [NA]
items:
  - {columns: Q1..Q2, type: rating, points: 5}
  - {columns: SITE, type: single_choice, options: [North, South]}
  - {columns: YEARS, type: number, minimum: -5, maximum: 60}
"""
HEADER = "ID,AGENCY,TEAM,Q1,unused,Q2,SITE,YEARS\n"

Read = Callable[..., PastSurvey]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def go(rows: str, header: str = HEADER, given: str = MAP, encoding: str = "utf-8") -> PastSurvey:
        file = tmp_path / "past.csv"
        file.write_bytes((header + rows).encode(encoding))
        return replay_file.read(file, replay_map.parse(given))

    return go


def refusal(read: Read, *given: Any, **named: Any) -> str:
    with pytest.raises(ReplayFailed) as caught:
        read(*given, **named)
    return str(caught.value)


def answers(survey: PastSurvey) -> list[dict[str, Any]]:
    made = survey.answers()
    return [json.loads(made.json_of(place)) for place in range(len(survey.people))]


def test_units_people_and_answers(read: Read) -> None:
    survey = read("a,X,X1,5,?,1,South,60\nb,X,X2,NA,?,,North,-5\nc,Y,Y1, 3 ,?,4.0,,+7\nd,Y,,,?,,,\n")
    assert [(unit["external_id"], unit["parent"], unit["name"]) for unit in survey.units] == [
        ("all", None, "Everyone"),
        ("X", "all", "X"),
        ("X1", "X", "X1"),
        ("X2", "X", "X2"),
        ("Y", "all", "Y"),
        ("Y1", "Y", "Y1"),
    ]
    rows = list(survey.person_rows())
    assert rows[0] == {"source": "past", "language": "en", "external_id": "a", "unit": "X1"}
    assert [row["unit"] for row in rows] == ["X1", "X2", "Y1", "Y"]
    assert list(survey.person_rows()) == rows  # a second try sends the same
    assert answers(survey) == [
        {"q1": 5, "q2": 1, "site": "south", "years": 60},
        {"site": "north", "years": -5},
        {"q1": 3, "q2": 4, "years": 7},
        {},
    ]
    assert survey.records[4:8].tolist() == [SKIPPED, SKIPPED, 0, -5]


def test_a_file_may_be_packed_have_a_mark_and_end_in_empty_lines(tmp_path: Path) -> None:
    file = tmp_path / "past.bin"
    file.write_bytes(gzip.compress(("\ufeff" + HEADER.replace("\n", "\r\n") + "é,X,X1,1,,,,\r\n\r\n").encode()))
    told: list[int] = []
    survey = replay_file.read(file, replay_map.parse(MAP), told.append)
    assert list(survey.people.places) == ["é"]
    assert told == [1]


def test_a_quoted_cell_may_hold_commas_and_lines(read: Read) -> None:
    survey = read('"a, the first",X,X1,1,"two\nlines",,,\n')
    assert list(survey.people.places) == ["a, the first"]
    assert "line 4, column Q1" in refusal(read, 'a,X,X1,1,"two\nlines",,,\nb,X,X1,9,,,,\n')


def test_people_are_numbered_where_no_column_names_them(read: Read) -> None:
    survey = read("a,X,X1,1,,,,\na,X,X1,2,,,,\n", given=MAP.replace("person: ID\n", ""))
    assert list(survey.people.places) == ["1", "2"]


def test_ids_are_paths_at_a_level_whose_names_repeat(read: Read) -> None:
    survey = read("a,X,1,1,,,,\nb,Y,1,2,,,,\nc,Y,2,2,,,,\n")
    assert [unit["external_id"] for unit in survey.units] == ["all", "X", "X/1", "Y", "Y/1", "Y/2"]
    assert [unit["name"] for unit in survey.units] == ["Everyone", "X", "1", "Y", "1", "2"]


def test_ids_are_paths_at_a_level_that_repeats_a_level_above(read: Read) -> None:
    survey = read("a,X,Z,1,,,,\nb,Y,X,2,,,,\n")
    assert [unit["external_id"] for unit in survey.units] == ["all", "X", "X/Z", "Y", "Y/X"]


def test_without_levels_everybody_is_in_the_top_unit(read: Read) -> None:
    survey = read("a,X,Z,1,,,,\n", given=MAP.replace("levels: [AGENCY, TEAM]", "levels: []"))
    assert [row["unit"] for row in survey.person_rows()] == ["all"]
    assert len(survey.units) == 1


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("a,X,X1,6,,1,South,1\n", "line 2, column Q1: must be a whole number from 1 to 5, or blank"),
        ("a,X,X1,1,,1,South,1\nb,X,X1,1,,0,South,1\n", "line 3, column Q2: must be a whole number from 1 to 5"),
        ("a,X,X1,4.5,,1,South,1\n", "line 2, column Q1"),
        ("a,X,X1,1e0,,1,South,1\n", "line 2, column Q1"),
        ("a,X,X1,٣,,1,South,1\n", "line 2, column Q1"),
        ("a,X,X1,99999999999999999999,,1,South,1\n", "line 2, column Q1"),
        ("a,X,X1,n/a,,1,South,1\n", "line 2, column Q1"),
        ("a,X,X1,1,,1,south,1\n", "line 2, column SITE: must be one of the map's options, or blank"),
        ("a,X,X1,1,,1,South,61\n", "line 2, column YEARS: must be a whole number from -5 to 60, or blank"),
        ("a,X,X1,1,,1,South,-6\n", "line 2, column YEARS"),
        (" ,X,X1,1,,1,South,1\n", "line 2, column ID: must not be blank"),
        ("a,X,X1,1,,1,South,1\nb,X,X1,1,,1,South,1\na,Y,Y1,,,,,\n", "line 4, column ID: holds a person who was in"),
        (f"{'a' * 201},X,X1,1,,1,South,1\n", "line 2, column ID: must have at most 200 characters"),
        ("a\x07,X,X1,1,,1,South,1\n", "line 2, column ID: must hold no control characters"),
        ("a,,X1,1,,1,South,1\n", "line 2, column AGENCY: must not be blank above a unit"),
        (f"a,X,{'b' * 201},1,,1,South,1\n", "line 2, column TEAM: must have at most 200 characters"),
        ("a,X\x1b,X1,1,,1,South,1\n", "line 2, column AGENCY: must hold no control characters"),
        ("a,X,X1,1\n", "line 2: has 4 cells, the header 8"),
        ("a,X,X1,1,,1,South,1,1\n", "line 2: has 9 cells, the header 8"),
        ('a,"X"x,X1,1,,1,South,1\n', "line 2: is not sound CSV"),
        ('a,"X,X1,1,,1,South,1\n', "is not sound CSV"),
        (f'a,"{"x" * 200_000}",X1,1,,1,South,1\n', "line 2: is not sound CSV"),
        ("", "the file holds no person"),
    ],
)
def test_a_faulty_row_is_refused_with_its_place(read: Read, rows: str, said: str) -> None:
    assert said in refusal(read, rows)


def test_no_value_is_echoed(read: Read) -> None:
    said = refusal(read, "a,X,X1,my secret,,1,South,1\n")
    assert "secret" not in said


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("ID,AGENCY,Q1,Q2,SITE\n", "the file has no column TEAM, YEARS"),
        (HEADER.replace("unused", "Q1"), "the file has more than one column Q1"),
        ("", "the file is empty"),
    ],
)
def test_a_faulty_header_is_refused(read: Read, header: str, said: str) -> None:
    assert said in refusal(read, "", header)


def test_two_units_of_one_path_are_refused(read: Read) -> None:
    said = refusal(read, "a,A/B,C,1,,,,\nb,A,B/C,1,,,,\nc,D,C,1,,,,\n")
    assert "two units would have the same id" in said


def test_a_path_that_is_too_long_is_refused(read: Read) -> None:
    long = "x" * 120
    assert "would have more than 200 characters" in refusal(read, f"a,1{long},{long},1,,,,\nb,2{long},{long},1,,,,\n")


def test_other_encodings_are_refused(read: Read) -> None:
    assert "is not UTF-8 text" in refusal(read, "é,X,X1,1,,,,\n", encoding="latin-1")


def test_a_missing_or_damaged_file_is_refused(tmp_path: Path) -> None:
    given = replay_map.parse(MAP)
    whole = gzip.compress((HEADER + "a,X,X1,1,,,,\n" * 1).encode())
    damaged = {
        "short.gz": whole[:-9],
        "not.gz": b"\x1f\x8b not gzip at all",
        "wrong.gz": whole[:-8] + bytes(8),
        "torn.gz": whole[:15] + b"\xff\xff\xff" + whole[18:],
    }
    for name, raw in damaged.items():
        (tmp_path / name).write_bytes(raw)
        with pytest.raises(ReplayFailed, match="the gzip file is damaged"):
            replay_file.read(tmp_path / name, given)
    with pytest.raises(ReplayFailed, match=r"none\.csv can not be read: No such file"):
        replay_file.read(tmp_path / "none.csv", given)
    with pytest.raises(ReplayFailed, match=r"none\.csv can not be read: No such file"):
        replay_file.file_digest(tmp_path / "none.csv")
    with pytest.raises(ReplayFailed, match="can not be read: Is a directory"):
        replay_file.read(tmp_path, given)
