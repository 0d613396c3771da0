"""Documents in which people are named, by our id or by that of another system, and how one is taken out of them. Pure.

Each by its table and column, with the rule of its own form: an id of a person may be that of a unit as well, so texts
are not simply looked for.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from uuid import UUID


class Who(NamedTuple):
    """Who is to be taken out."""

    person_id: UUID
    source: str
    external_id: str


Strip = Callable[[Any, Who], Any]
"""From a document, the document without that person; an equal one where they are not in it."""


class Named(NamedTuple):
    """A column of documents that name people.

    Attributes:
        table, column: where they stand.
        names: in SQL, whether a document names `:person`, by our id, or `:external`, by that of another system. It may
            find too many. Where there are many rows it asks for a column that has an index.
        strip: takes the person out.
    """

    table: str
    column: str
    names: str
    strip: Strip


def _reorganisation(wanted: Any, who: Who) -> Any:
    """The people of the parts of units that are split."""
    if wanted.get("source") != who.source or not wanted.get("splits"):
        return wanted
    splits = [
        split | {"parts": [_part(part, who.external_id) for part in split.get("parts", [])]}
        for split in wanted["splits"]
    ]
    return wanted | {"splits": splits}


def _part(part: Mapping[str, Any], external_id: str) -> dict[str, Any]:
    return dict(part) | {"people": [person for person in part.get("people", []) if person != external_id]}


def _before_an_import(before: Any, who: Who) -> Any:
    """Whoever was somebody's manager: the import is taken back without them."""
    return before | {"manager_id": None} if before["manager_id"] == str(who.person_id) else before


_IN_A_SPLIT = """
    jsonb_path_exists(wanted, '$.splits[*].parts[*].people[*] ? (@ == $id)',
                      jsonb_build_object('id', CAST(:external AS text)))
"""
DOCUMENTS = (
    Named("people_import_line", "before", "manager_before = :person", _before_an_import),
    Named("reorganisation", "wanted", _IN_A_SPLIT, _reorganisation),
)
