"""Whom each published row counts, by the class table; and the rows refused without any system of equations."""

from collections.abc import Mapping, Sequence

import numpy as np

from service.disclosure.audit.arrays import Ints
from service.disclosure.audit.model import AuditRefused, Classes, Labels, Refusal, Row, said

EVERYBODY = ""
"""The measure of rows that count all respondents."""


class Reader:
    """Looks cells up in a class table. Each set of columns is indexed once."""

    def __init__(self, classes: Classes) -> None:
        self.classes = classes
        self.n = np.array(classes.n, np.int64)
        self._place = {column: number for number, column in enumerate(classes.columns)}
        self._respondents: dict[str, Ints] = {}
        self._index: dict[tuple[int, ...], dict[tuple[str, ...], list[int]]] = {}

    def members(self, row: Row) -> Ints:
        """The classes in the row, ascending, those without respondents left out.

        Raises:
            AuditRefused: a column that the table has not, an empty label, cells of a union that share people.
        """
        counted = [one for cell in row.cells for one in self._cell(cell)]
        if len(set(counted)) != len(counted):
            raise AuditRefused("its cells share people")
        answered = self.respondents(row.measure)
        return np.array(sorted(one for one in counted if answered[one]), np.int64)

    def respondents(self, measure: str) -> Ints:
        """By class, the people who count in the measure, int64 [classes]."""
        if measure == EVERYBODY:
            return self.n
        if self.classes.answered is None:
            raise AuditRefused("the class table does not tell who answered its measure")
        if measure not in self._respondents:
            asked = set(self.items(measure))
            answered = np.array([asked <= given for given in self.classes.answered], np.int64)
            if not answered.any():
                raise AuditRefused("nobody answered its measure")
            self._respondents[measure] = self.n * answered
        return self._respondents[measure]

    def items(self, measure: str) -> tuple[str, ...]:
        """The items that a measure is made of: those of a scale, or itself."""
        return self.classes.scales.get(measure, (measure,))

    def _cell(self, cell: Labels) -> list[int]:
        if not set(cell) <= set(self._place):
            raise AuditRefused("it names a column that the class table has not")
        if not all(cell.values()):
            raise AuditRefused("it is broken down by an empty label")
        places = tuple(sorted(self._place[column] for column in cell))
        if places not in self._index:
            self._index[places] = self._indexed(places)
        return self._index[places].get(tuple(cell[self.classes.columns[place]] for place in places), [])

    def _indexed(self, places: tuple[int, ...]) -> dict[tuple[str, ...], list[int]]:
        found: dict[tuple[str, ...], list[int]] = {}
        for number, labels in enumerate(self.classes.labels):
            found.setdefault(tuple(labels[place] for place in places), []).append(number)
        return found


def read(reader: Reader, rows: Sequence[Row], k: Mapping[str, int]) -> tuple[dict[int, Ints], list[Refusal]]:
    """The members of each row that counts somebody, by its number, and what is refused at sight."""
    members: dict[int, Ints] = {}
    refusals: list[Refusal] = []
    for number, row in enumerate(rows):
        if row.family not in k:
            refusals.append(Refusal(row, "its family has no threshold"))
            continue
        try:
            found = reader.members(row)
        except AuditRefused as error:
            refusals.append(Refusal(row, str(error)))
            continue
        people = int(reader.respondents(row.measure)[found].sum())
        if people:
            members[number] = found
        refusals += [Refusal(row, reason) for reason in _wrong(row, people, k[row.family])]
    return members, refusals + _without_mean(rows, members)


def _wrong(row: Row, people: int, k: int) -> list[str]:
    reasons = []
    if not people:
        reasons.append("it counts nobody")
    elif people < k:
        reasons.append(f"it counts {people} people, fewer than {k}")
    if row.band is not None and not row.band[0] <= people <= row.band[1]:
        reasons.append(f"it says {said(row.band)} people and counts {people}")
    return reasons


def _without_mean(rows: Sequence[Row], members: Mapping[int, Ints]) -> list[Refusal]:
    """A distribution tells the mean: it may stand only where the mean does."""
    means = {(rows[n].measure, found.tobytes()) for n, found in members.items() if rows[n].family == "mean"}
    return [
        Refusal(rows[number], "it is a distribution whose mean is not published")
        for number, found in members.items()
        if rows[number].family == "distribution" and (rows[number].measure, found.tobytes()) not in means
    ]
