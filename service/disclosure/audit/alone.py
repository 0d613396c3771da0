"""What published rows show by themselves, without a class table: numbers that are too small, or leave too few."""

from collections.abc import Mapping, Sequence

from service.disclosure.audit.model import Refusal, Row

Key = frozenset[tuple[str, str]]


def by_rows_alone(rows: Sequence[Row], k: Mapping[str, int]) -> list[Refusal]:
    """Rows that the other rows' printed numbers speak against; merged cells and rows without a number are passed over.

    It is no proof that the rest is safe: who a row counts is not in it.
    """
    found: list[Refusal] = []
    printed: dict[str, dict[Key, tuple[Row, int]]] = {family: {} for family in k}
    for row in rows:
        if row.family not in k:
            found.append(Refusal(row, "its family has no threshold"))
            continue
        if row.members is not None or row.n is None:
            continue
        key = frozenset(row.labels.items())
        if key in printed[row.family]:
            found.append(Refusal(row, "it stands twice"))
        printed[row.family][key] = row, row.n
        if row.n < k[row.family]:
            found.append(Refusal(row, f"it says {row.n} people, fewer than {k[row.family]}"))
    found += _without_mean(printed)
    for family, cells in printed.items():
        found += _remainders(cells, k[family])
    return found


def _without_mean(printed: Mapping[str, Mapping[Key, tuple[Row, int]]]) -> list[Refusal]:
    found = []
    for key, (row, n) in printed.get("distribution", {}).items():
        _, mean = printed["mean"].get(key, (row, None))
        if mean is None:
            found.append(Refusal(row, "it is a distribution whose mean is not published"))
        elif mean != n:
            found.append(Refusal(row, f"it says {n} people, and its mean {mean}"))
    return found


def _remainders(cells: Mapping[Key, tuple[Row, int]], k: int) -> list[Refusal]:
    """A row less the rows that break it down by one more column: nobody, or at least k people."""
    parts: dict[tuple[Key, str], int] = {}
    for key, (_, n) in cells.items():
        for column, label in key:
            above = key - {(column, label)}
            if above in cells:
                parts[above, column] = parts.get((above, column), 0) + n
    found = []
    for (above, column), part in parts.items():
        row, whole = cells[above]
        if part > whole:
            found.append(Refusal(row, f"it says {whole} people, and its parts by {column} are {part}"))
        elif 0 < whole - part < k:
            found.append(Refusal(row, f"less its parts by {column} it leaves {whole - part} people, fewer than {k}"))
    return found
