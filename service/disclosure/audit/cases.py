"""The systems of equations that rows over a class table make, one for each item."""

from collections.abc import Iterator, Mapping, Sequence

from service.disclosure.audit.arrays import Ints
from service.disclosure.audit.case import Case, Together
from service.disclosure.audit.model import Row
from service.disclosure.audit.reading import EVERYBODY, Reader


def cases(reader: Reader, rows: Sequence[Row], members: Mapping[int, Ints], family: str, k: int) -> Iterator[Case]:
    """For each item a system; for rows of everybody one more."""
    # Whoever reads a distribution reads its mean: all rows are equations of the means.
    numbers = [number for number in members if family == "mean" or rows[number].family == family]
    items_of = {rows[number].measure: reader.items(rows[number].measure) for number in numbers}
    items = sorted({item for measure in items_of for item in items_of[measure]}) or [EVERYBODY]
    together: dict[frozenset[str], Together] = {}
    for item in items:
        chosen = [number for number in numbers if item in items_of[rows[number].measure]]
        case = _case(rows, members, chosen, family, item, k, reader)
        if any(rows[number].measure != item for number in chosen):
            linked = _linked(item, items_of)
            if linked not in together:
                all_of = [number for number in numbers if rows[number].measure in linked]
                together[linked] = Together(_case(rows, members, all_of, family, item, k, reader), reader.items)
            case.joint = together[linked].ask
        yield case


def _case(
    rows: Sequence[Row],
    members: Mapping[int, Ints],
    chosen: Sequence[int],
    family: str,
    item: str,
    k: int,
    reader: Reader,
) -> Case:
    return Case(family, item, k, [rows[one] for one in chosen], [members[one] for one in chosen], reader.n)


def _linked(item: str, items_of: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    """The measures that share items with the item's, step by step."""
    reached, measures = {item}, set[str]()
    while new := {one for one, items in items_of.items() if one not in measures and reached.intersection(items)}:
        measures |= new
        reached.update(*(items_of[one] for one in new))
    return frozenset(measures)
