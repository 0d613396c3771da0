"""Files in the manner of other programs, written for these tests: what becomes of each, and what of it does not."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from pyxform.xls2json_backends import xlsx_to_dict

from service.questionnaires.document import Document, DocumentRefused
from service.questionnaires.formats import choose

SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "questionnaires"
FILES = sorted(path for path in SAMPLES.iterdir() if path.is_file())
WORKBOOKS = [path for path in FILES if path.suffix == ".xlsx"]
NOT_SOUND = {"pulse_en.xlsx": [("/items/5", "is never asked: no answers lead to it")]}
"""A required question, and one that is asked of whoever skips it."""


def expected(path: Path) -> dict[str, Any]:
    """The document and the report, read through by a person when they were written down."""
    found: dict[str, Any] = json.loads((SAMPLES / "expected" / f"{path.name}.json").read_text(encoding="utf-8"))
    return found


def test_there_are_three_samples_of_each_format() -> None:
    kinds = [choose.told(path.read_bytes()) for path in FILES]
    assert {kind: kinds.count(kind) for kind in kinds} == {"xlsform": 3, "lss": 3, "surveyjs": 3}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_sample_becomes_this_document_with_this_report(path: Path) -> None:
    found = choose.read(path.read_bytes())
    wanted = expected(path)
    assert found.document == wanted["document"]
    assert [list(entry) for entry in found.report] == wanted["report"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_what_is_read_is_sound_or_has_the_faults_of_its_file(path: Path) -> None:
    try:
        Document.parse(choose.read(path.read_bytes()).document)
        faults = []
    except DocumentRefused as error:
        faults = [tuple(fault) for fault in error.faults]
    assert faults == NOT_SOUND.get(path.name, [])


@pytest.mark.parametrize("path", WORKBOOKS, ids=lambda path: path.name)
def test_nothing_that_pyxform_reads_in_a_form_is_left_out_in_silence(path: Path) -> None:
    """Each named row is carried over under its name, reported under it, or its words stand somewhere."""
    rows = [row for row in xlsx_to_dict(io.BytesIO(path.read_bytes()))["survey"] if row.get("name")]
    assert len(rows) > 9
    found = choose.read(path.read_bytes())
    named = {element["id"] for field in ("items", "sections") for element in found.document.get(field, [])}
    told = {entry.place for entry in found.report}
    text = json.dumps(found.document, ensure_ascii=False)
    for row in rows:
        words = [label for head, label in row.items() if head.startswith("label")]
        assert row["name"] in named | told or any(label in text for label in words), row["name"]
