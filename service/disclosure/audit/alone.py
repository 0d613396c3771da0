"""What published rows show by themselves, without a class table: numbers that are too small, or leave too few.

Numbers may be bands. Then only what holds of all numbers in them is said: a row is too small where its largest number
is, and what rows leave of another is too small where there is somebody, and too few, whatever the numbers are.
"""

from collections.abc import Mapping, Sequence

from service.disclosure.audit.model import Refusal, Row, said

Key = frozenset[tuple[str, str]]
"""An ordinary cell by its labels; several of them are a merged one."""

Band = tuple[int, int]
"""At least and at most; an exact number is both."""

Printed = dict[frozenset[Key], tuple[Row, Band]]


def by_rows_alone(rows: Sequence[Row], k: Mapping[str, int]) -> list[Refusal]:
    """Rows that the other rows' printed numbers speak against; rows without a number are passed over.

    It is no proof that the rest is safe: who a row counts is not in it.
    """
    found: list[Refusal] = []
    printed: dict[str, Printed] = {family: {} for family in k}
    for row in rows:
        if row.family not in k:
            found.append(Refusal(row, "its family has no threshold"))
            continue
        if row.band is None:
            continue
        key = frozenset(frozenset(cell.items()) for cell in row.cells)
        if key in printed[row.family]:
            found.append(Refusal(row, "it stands twice"))
        printed[row.family][key] = row, row.band
        least, most = row.band
        if least > most:
            found.append(Refusal(row, f"it says {said(row.band)} people, which is no number"))
        if most < k[row.family]:
            found.append(Refusal(row, f"it says {said(row.band)} people, fewer than {k[row.family]}"))
    found += _without_mean(printed)
    for family, cells in printed.items():
        found += _remainders(cells, k[family])
    return found


def _without_mean(printed: Mapping[str, Printed]) -> list[Refusal]:
    found = []
    for key, (row, band) in printed.get("distribution", {}).items():
        _, mean = printed["mean"].get(key, (row, None))
        if mean is None:
            found.append(Refusal(row, "it is a distribution whose mean is not published"))
        elif mean[0] > band[1] or mean[1] < band[0]:
            found.append(Refusal(row, f"it says {said(band)} people, and its mean {said(mean)}"))
    return found


def _remainders(printed: Printed, k: int) -> list[Refusal]:
    """A row less the rows that break it down by one more column: nobody, or at least k people."""
    taken: dict[tuple[Key, str], set[Key]] = {}
    parts: dict[tuple[Key, str], Band] = {}
    for cells, (_, (least, most)) in sorted(printed.items(), key=lambda item: len(item[0])):
        for place in _above(cells):
            # A merged cell over cells that stand for themselves, or over another, would be counted twice.
            if frozenset({place[0]}) in printed and not taken.setdefault(place, set()) & cells:
                taken[place] |= cells
                before = parts.get(place, (0, 0))
                parts[place] = before[0] + least, before[1] + most
    found = []
    for (above, column), part in parts.items():
        row, whole = printed[frozenset({above})]
        least, most = whole[0] - part[1], whole[1] - part[0]
        if most < 0:
            found.append(Refusal(row, f"it says {said(whole)} people, and its parts by {column} are {said(part)}"))
        elif least > 0 and most < k:
            left = said((least, most))
            found.append(Refusal(row, f"less its parts by {column} it leaves {left} people, fewer than {k}"))
    return found


def _above(cells: frozenset[Key]) -> set[tuple[Key, str]]:
    """The cells, each with a column, that all of these are parts of by this column."""
    ways = [{(cell - {(column, label)}, column) for column, label in cell} for cell in cells]
    return set.intersection(*ways)
