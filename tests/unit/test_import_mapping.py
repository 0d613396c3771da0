"""Which column is what: guessed, said, refused in words that repeat no header."""

from typing import Any

import pytest

from service.people.imports.mapping import (
    FIRST_LINE,
    UNKNOWN_HEADER,
    Columns,
    HeadersRefused,
    ImportMapping,
    find,
    of_kept,
)
from service.people.imports.sheet import SheetRow, column_name


def columns(*heads: str, **mapping: Any) -> Columns:
    return find(ImportMapping.model_validate(mapping), SheetRow(1, list(heads)), ["site", "tenure_band"])


def refused(*heads: str, **mapping: Any) -> dict[str, str]:
    with pytest.raises(HeadersRefused) as told:
        columns(*heads, **mapping)
    return dict(told.value.faults)


def test_usual_headers_in_french_and_english() -> None:
    found = columns(
        "Matricule", "Code service", "Nom du service", "Service parent", "Matricule N+1",
        "Date d\u2019entrée", "Langue", "En poste ?", "SITE", "Tenure band",
    )  # fmt: skip
    names = ("external_id", "unit", "unit_name", "unit_parent", "manager", "hired_on", "language", "active")
    assert found.at == {name: place for place, name in enumerate(names)}
    assert found.dimensions == {"site": 8, "tenure_band": 9}
    assert found.width == 10
    english = columns("Employee ID", "Department", "Manager ID", "Hire date", "Language", "Status")
    assert list(english.at) == ["external_id", "unit", "manager", "hired_on", "language", "active"]


@pytest.mark.parametrize("head", ["Nom", "PRÉNOM", "Nom complet", "Full name", "surname", "First Name", "Nom d'usage"])
def test_names_are_never_guessed(head: str) -> None:
    found = columns("id", head, "Nom et prénom")
    assert (found.names, found.left_out, found.has("name")) == ((), (1, 2), False)
    asked = columns("id", head, "Nom et prénom", columns={"name": [head]})
    assert (asked.names, asked.left_out, asked.has("name")) == ((1,), (2,), True)
    assert columns("id", head, ignore=[head]).left_out == ()
    assert refused("id", head, guess=False, columns={"external_id": "id"}) == {
        "/header/1": f"column 2 (B) {UNKNOWN_HEADER}"
    }


def test_what_the_mapping_says_comes_first() -> None:
    given = {"external_id": "Clé", "unit": "ID", "name": ["Nom", "Prénom"]}
    found = columns("clé", "id", "Nom", "Prénom", "Autre", columns=given, ignore=["autre"])
    assert (found.at, found.names) == ({"external_id": 0, "unit": 1}, (2, 3))
    assert columns("id", "x", "y", ignore_others=True).at == {"external_id": 0}
    assert columns("id", "où", dimensions={"site": "Ou"}).dimensions == {"site": 1}


def test_what_was_found_reads_the_next_file_alike() -> None:
    header = SheetRow(1, ["Matricule", "Service", "Site", "Nom", "Prénom"])
    asked = ImportMapping.model_validate({"columns": {"name": ["prénom"]}})
    found = find(asked, header, ["site"])
    assert (found.names, found.left_out) == ((4,), (3,))
    assert find(found.told(header), header, ["site"]) == found


def test_unknown_and_repeated_headers_are_named_by_their_place() -> None:
    unknown = UNKNOWN_HEADER
    assert refused("id", "secret", "service", "") == {"/header/1": f"column 2 (B) {unknown}"}
    assert refused("id", "Sérvice", "", "service") == {
        "/header/3": "column 4 (D) has the header of column 2 (B): rename or remove one"
    }
    assert refused("id", "matricule") == {
        "/header/1": "column 2 (B) and column 1 (A) both look like external_id: say which in a mapping"
    }
    assert refused("service") == {"/columns/external_id": "is needed: no header looks like the id of people"}
    assert list(refused("id", guess=False, columns={"external_id": "id", "unit": "gone"})) == ["/columns/unit"]
    assert list(refused("id", "x", dimensions={"other": "x"})) == ["/dimensions/other"]
    assert list(refused("id", columns={"external_id": "id", "unit": "ID"})) == ["/columns/unit"]
    assert list(refused("id", "service", create_units=True)) == ["/columns/unit_name"]
    assert list(refused("id", "service", create_units=True, unit_by="path")) == ["/create_units"]
    with pytest.raises(HeadersRefused):
        find(ImportMapping(), SheetRow(1, ["id"], {1: "holds a formula"}), [])


@pytest.mark.parametrize(
    ("head", "name"),
    [
        ("N° matricule", "external_id"),
        ("Nº matricule", "external_id"),
        ("Num. matricule", "external_id"),
        ("Code UO", "unit"),
        ("Direction", "unit"),
        ("Code direction", "unit"),
        ("Responsable hiérarchique", "manager"),
        ("Manager hiérarchique", "manager"),
    ],
)
def test_more_headers_as_they_stand_in_french_files(head: str, name: str) -> None:
    others = {"external_id": "id"} if name != "external_id" else {}
    assert columns(head, *others.values()).at == {name: 0} | dict.fromkeys(others, 1)


def test_a_direction_beside_a_department_is_not_taken_for_it() -> None:
    assert refused("id", "Direction", "Service") == {"/header/1": f"column 2 (B) {UNKNOWN_HEADER}"}
    assert columns("id", "Direction", "Service", ignore_others=True).at == {"external_id": 0, "unit": 2}
    said = refused("id", "Direction", "Code direction")
    assert said == {"/header/2": "column 3 (C) and column 2 (B) both look like unit: say which in a mapping"}


def test_a_french_status_is_not_whether_somebody_is_there() -> None:
    assert refused("id", "Statut") == {"/header/1": f"column 2 (B) {UNKNOWN_HEADER}"}


@pytest.mark.parametrize("heads", [("matricule|service",), ("Liste du personnel", "2026")])
def test_where_no_header_is_known_the_first_line_may_be_another(heads: tuple[str, ...]) -> None:
    said = refused(*heads)
    assert list(said) == ["/header", *(f"/header/{place}" for place in range(len(heads)))]
    assert said["/header"] == FIRST_LINE
    assert list(refused(*heads, ignore_others=True)) == ["/header", "/columns/external_id"]
    assert "/header" not in refused("matricule", "another")


def test_what_a_kept_mapping_says_wrong_is_told_as_its_own() -> None:
    with pytest.raises(HeadersRefused) as told:
        columns("id", "other", columns={"unit": "Wo"})
    assert dict(of_kept(told.value.faults)) == {
        "/columns/unit": "is not a header of the file (said by the mapping kept for this source)",
        "/header/1": f"column 2 (B) {UNKNOWN_HEADER}",
    }


def test_columns_are_called_as_spreadsheets_do() -> None:
    assert [column_name(place) for place in (0, 25, 26, 701, 702)] == [
        "column 1 (A)", "column 26 (Z)", "column 27 (AA)", "column 702 (ZZ)", "column 703 (AAA)",
    ]  # fmt: skip
