"""What published rows show by themselves, without a class table: numbers that are too small, or leave too few."""

from collections.abc import Mapping, Sequence

from service.disclosure.audit.model import Refusal, Row

Key = frozenset[tuple[str, str]]
"""An ordinary cell by its labels; several of them are a merged one."""

Printed = dict[frozenset[Key], tuple[Row, int]]


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
        if row.n is None:
            continue
        key = frozenset(frozenset(cell.items()) for cell in row.cells)
        if key in printed[row.family]:
            found.append(Refusal(row, "it stands twice"))
        printed[row.family][key] = row, row.n
        if row.n < k[row.family]:
            found.append(Refusal(row, f"it says {row.n} people, fewer than {k[row.family]}"))
    found += _without_mean(printed)
    for family, cells in printed.items():
        found += _remainders(cells, k[family])
    return found


def _without_mean(printed: Mapping[str, Printed]) -> list[Refusal]:
    found = []
    for key, (row, n) in printed.get("distribution", {}).items():
        _, mean = printed["mean"].get(key, (row, None))
        if mean is None:
            found.append(Refusal(row, "it is a distribution whose mean is not published"))
        elif mean != n:
            found.append(Refusal(row, f"it says {n} people, and its mean {mean}"))
    return found


def _remainders(printed: Printed, k: int) -> list[Refusal]:
    """A row less the rows that break it down by one more column: nobody, or at least k people."""
    taken: dict[tuple[Key, str], set[Key]] = {}
    parts: dict[tuple[Key, str], int] = {}
    for cells, (_, n) in sorted(printed.items(), key=lambda item: len(item[0])):
        for place in _above(cells):
            # A merged cell over cells that stand for themselves, or over another, would be counted twice.
            if frozenset({place[0]}) in printed and not taken.setdefault(place, set()) & cells:
                taken[place] |= cells
                parts[place] = parts.get(place, 0) + n
    found = []
    for (above, column), part in parts.items():
        row, whole = printed[frozenset({above})]
        if part > whole:
            found.append(Refusal(row, f"it says {whole} people, and its parts by {column} are {part}"))
        elif 0 < whole - part < k:
            found.append(Refusal(row, f"less its parts by {column} it leaves {whole - part} people, fewer than {k}"))
    return found


def _above(cells: frozenset[Key]) -> set[tuple[Key, str]]:
    """The cells, each with a column, that all of these are parts of by this column."""
    ways = [{(cell - {(column, label)}, column) for column, label in cell} for cell in cells]
    return set.intersection(*ways)
