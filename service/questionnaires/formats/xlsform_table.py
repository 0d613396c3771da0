"""The sheets of an XLSForm as lines of named cells, with their labels by language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from service.questionnaires.formats.report import BY_HAND, Report, shown
from service.questionnaires.formats.tags import not_too_many, tag_of
from service.questionnaires.formats.workbook import Row
from service.questionnaires.formats.xlsform_cells import OURS

_ALSO = {
    "relevance": "relevant", "caption": "label", "list name": "list_name", "choice filter": "choice_filter",
    "read_only": "readonly", "value": "name", "title": "form_title", "set form title": "form_title",
    "set form id": "form_id", "id_string": "form_id",
}  # fmt: skip


@dataclass(slots=True)
class Line:
    """A row: what is taken from it is carried over, what is left in the end is not.

    Attributes:
        number: of its row.
        cells: by column.
        label: by language.
    """

    number: int
    cells: dict[str, str]
    label: dict[str, str]
    formulas: bool = False

    def take(self, column: str) -> str:
        return self.cells.pop(column, "").strip()

    def tell_rest(self, report: Report, place: str) -> None:
        """Report what nobody has taken."""
        for column in self.cells:
            report.lost(place, f"its column {shown(column)[:40]} is not kept: {BY_HAND}")
        if self.formulas:
            report.lost(place, "holds a formula, which is not computed: its cell is taken as blank")


@dataclass(slots=True)
class Heads:
    """What the columns of a sheet are; labels with their language."""

    columns: dict[int, str] = field(default_factory=dict)
    labels: dict[int, str] = field(default_factory=dict)


def heads(row: Row | None) -> Heads:
    """Headings in lower case, spelled as the format does; of a label its language as it is written, or nothing."""
    found = Heads()
    for column, text in (row.cells if row else {}).items():
        head = text.strip()
        base, _, rest = head.partition(":")
        language = rest.removeprefix(":").strip()
        name = _ALSO.get(base.strip().lower(), base.strip().lower())
        if head.lower().startswith(OURS):
            found.columns[column] = head.lower()
        elif name == "label":
            found.labels[column] = language
        else:
            found.columns[column] = f"{name}::{language}" if language else name
    return found


def languages(sheets: Sequence[Heads], default: str, report: Report) -> tuple[dict[str, str], list[str]]:
    """Tags by the languages as labels name them, and the tags in their order.

    Args:
        sheets: their headings.
        default: the tag of labels that name none.
        report: is told of languages that are not known.
    """
    written = list(dict.fromkeys(name for sheet in sheets for name in sheet.labels.values()))
    not_too_many(len(written))
    tags: dict[str, str] = {}
    for name in written:
        tag = default if not name else tag_of(name)
        if tag is None and len(written) == 1:
            tag = default
            report.changed(f"label::{name}", f"is in a language not known by its name: it is taken for {default}")
        if tag is None:
            report.lost(f"label::{name}", "is in a language not known by its name: write its code in brackets")
        elif tag in tags.values():
            report.lost(f"label::{name}", "is in a language that another column is in")
        else:
            tags[name] = tag
    return tags, list(tags.values()) or [default]


def lines(rows: Sequence[Row], head: Heads, tags: Mapping[str, str], report: Report, sheet: str) -> list[Line]:
    """The rows under the headings."""
    names = list(head.columns.values())
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        report.changed(sheet, f"has the column {shown(name)[:40]} twice, the last one counts")
    found = []
    for row in rows[1:]:
        cells = {head.columns[column]: text for column, text in row.cells.items() if column in head.columns}
        label = {
            tags[head.labels[column]]: text
            for column, text in row.cells.items()
            if column in head.labels and head.labels[column] in tags
        }
        if any(column not in head.columns and column not in head.labels for column in row.cells):
            report.lost(f"{sheet}, row {row.number}", "holds something in a column without a heading")
        formulas = any(column in head.columns or column in head.labels for column in row.formulas)
        found.append(Line(row.number, cells, label, formulas))
    return found
