"""The one way in for a whole wave: everything published of it, and who answered what, to a report.

Each family is judged by itself, and each item with the wholes that add it up. Means are judged with all that is read as
one; a distribution stands only where its mean does (`sight`), so that whatever mixes the families is judged with them:
the answers to an item that such a mixture treats differently are told apart by a combination of means.

Where places are nested, what they leave of each other decides (`nested`, `blocks`), in numbers of people alone. Else,
or if that does not do it, equations are searched (`layers`, `together`), and only then anything compiled is loaded.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from service.disclosure.audit.blocks import Blocks
from service.disclosure.audit.book import Book
from service.disclosure.audit.deviations import deviations
from service.disclosure.audit.figures import DISTRIBUTION, FAMILIES, MEAN, Gaps, Measured, Published, Wave, Where
from service.disclosure.audit.forest import Forest
from service.disclosure.audit.gaps import GapBlocks
from service.disclosure.audit.judge import BUDGET
from service.disclosure.audit.layers import Layers, chain_of
from service.disclosure.audit.model import Finding, Report, Row, Told, Verdict, worst
from service.disclosure.audit.nested import by_residuals
from service.disclosure.audit.reading import EVERYBODY
from service.disclosure.audit.respondents import RESPONDENTS, everybody, thresholds
from service.disclosure.audit.sight import at_sight

if TYPE_CHECKING:
    from service.disclosure.audit.common_system import Commons

__all__ = ["FAMILIES", "Gaps", "Measured", "Published", "Wave", "Where", "audit_wave"]

LARGEST_SEARCHED = 40
"""Largest threshold of a search: with more, there is no end to the groups."""

MOST_ROWS = 5_000
"""Of a tree of measures at nested places: with more, what blocks do not prove is not searched."""

TOTAL = 4_000_000
"""Millions of elementary operations for all systems of a wave: about half an hour on one core."""


def audit_wave(wave: Wave, budget: int = BUDGET, told: Told = lambda _settled, _all: None) -> Report:
    """Judge everything published of a wave.

    Args:
        wave: all of it.
        budget: for each system of equations, in millions of elementary operations; where it ends, nothing is called
            safe. Half of it is also for what is proved of many systems at once and was not looked at before. All
            systems together have TOTAL, or this where it is more: once that is spent, what is still to be searched is
            not proved.
        told: called now and then with the small classes settled and to be settled, of the system at work.

    Raises:
        AuditRefused: arrays that do not fit, numbers that contradict each other.
    """
    judge = _Judge(Book(wave), budget, told, max(TOTAL, budget))
    return Report(tuple(at_sight(judge.book)), tuple(judge.findings()))


@dataclass(slots=True)
class _Judge:
    """With the verdicts of systems searched so far: many items have the same one.

    Attributes:
        budget: for each system, in millions of operations.
        left: for all of them together.
        commons: what is proved for many of them at once; None before the first search.
    """

    book: Book
    budget: int
    told: Told
    left: int
    known: dict[tuple[int, bytes, frozenset[bytes]], Finding] = field(default_factory=dict)
    commons: "Commons | None" = None

    def findings(self) -> Iterator[Finding]:
        for k, places in thresholds(self.book):
            yield self._respondents(k, everybody(self.book, k, places))
        for family in (MEAN, DISTRIBUTION):
            for top in self.book.tops:
                yield from self._tree(family, self.book.tree(top.id))
        yield from deviations(self.book)

    def _respondents(self, k: int, system: Layers) -> Finding:
        places = np.array([source.place for source in system.sources], np.int64)
        forest = self.book.forest([places])
        if forest is None:
            return self._searched(system)
        shown = np.zeros(len(self.book.members), np.bool_)
        shown[places] = True
        return by_residuals(self.book, forest, shown, system.n, k, (RESPONDENTS, EVERYBODY), system.row)

    def _tree(self, family: str, tree: tuple[str, ...]) -> list[Finding]:
        """An item by itself, or with the wholes above it and their other items."""
        having = [one for one in tree if len(self.book.places(one, family))]
        if not having:
            return []
        forest = self.book.forest(self.book.places(one, family) for one in having)
        if forest is not None:
            found = [self._nested(forest, family, one) for one in having]
            rows = sum(len(self.book.places(one, family)) for one in having)
            if worst(one.verdict for one in found) != Verdict.not_proved or rows > MOST_ROWS:
                return found
        systems = [chain_of(self.book, family, item) for item in self.book.items(tree[0])]
        # Held to a larger threshold than its items, a whole is looked at by itself as well.
        systems += [(one,) for one in having if self._stricter(one, family)]
        made = (Layers.of(self.book, family, chain) for chain in systems)
        return [self._searched(system) for system in made if system.given]

    def _stricter(self, measure: str, family: str) -> bool:
        below = self.book.below(measure)
        return bool(below) and self.book.k(measure, family) > max(self.book.k(one, family) for one in below)

    def _nested(self, forest: Forest, family: str, measure: str) -> Finding:
        if (gaps := self.book.measures[measure].gaps) is not None:
            return GapBlocks.of(self.book, forest, family, measure, gaps).judged()
        if self.book.measures[measure].parts:
            return Blocks.of(self.book, forest, family, measure).judged()
        shown, n = self.book.shown(measure, family), self.book.measures[measure].n
        k = self.book.k(measure, family)

        def row_of(place: int) -> Row:
            return self.book.row(measure, family, place)

        return by_residuals(self.book, forest, shown, n, k, (family, measure), row_of)

    def _searched(self, system: Layers) -> Finding:
        key = system.key
        # An example names the rows of its own measure.
        if key not in self.known or self.known[key].verdict == Verdict.unsafe:
            self.known[key] = system.at_once() or self._by_search(system)
        return replace(self.known[key], family=system.family, measure=system.chain[0])

    def _by_search(self, system: Layers) -> Finding:
        if system.k > LARGEST_SEARCHED:
            small = int(((system.n > 0) & (system.n < system.k)).sum())
            said = system.family, system.chain[0], system.k, Verdict.not_proved
            return Finding(*said, len(system.given), small, (0, 0), 0, open=small)
        from service.disclosure.audit.common_system import Commons  # noqa: PLC0415 - machine code takes seconds to load
        from service.disclosure.audit.together import by_search  # noqa: PLC0415

        if self.commons is None:
            self.commons = Commons(self.book, self.told)
        budget = max(0, min(self.budget, self.left))
        # Whoever comes first pays for all: half of the budget stays for the system itself.
        closed, work = self.commons.closed(system, budget // 2)
        found = by_search(system, max(0, budget - work), self.told, closed)
        self.left -= work + found.work
        return replace(found, work=work + found.work)
