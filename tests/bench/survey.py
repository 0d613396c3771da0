"""What the benches ask and whom: a questionnaire of rating items, an organisation of any size. Pure."""

from itertools import pairwise
from typing import Any

POINTS = 5
SCALES = 6
INDICES = 2
SOURCE = "hris"
TOP = "u0"


def _said(text: str) -> dict[str, str]:
    return {"fr": text, "en": text}


def item_ids(items: int) -> list[str]:
    return [f"item_{number:02d}" for number in range(1, items + 1)]


def questionnaire(items: int) -> dict[str, Any]:
    """A document of `items` rating items of 5 points in 6 scales and 2 indices; the items that are over stand alone.

    Every fifth item is reversed.
    """
    ids = item_ids(items)
    size = items // SCALES
    scales = [
        {"id": f"scale_{at}", "title": _said(f"Scale {at}"), "items": ids[at * size : (at + 1) * size]}
        for at in range(SCALES)
    ]
    each = SCALES // INDICES
    return {
        "format": "pouls/1",
        "key": "bench",
        "languages": ["fr", "en"],
        "title": _said("Bench"),
        "items": [
            {"id": name, "type": "rating", "text": _said(f"Statement {name}"), "points": POINTS, "reverse": at % 5 == 4}
            for at, name in enumerate(ids)
        ],
        "scales": scales,
        "indices": [
            {
                "id": f"index_{at}",
                "title": _said(f"Index {at}"),
                "scales": [scale["id"] for scale in scales[at * each : (at + 1) * each]],
            }
            for at in range(INDICES)
        ],
    }


def units(levels: tuple[int, ...]) -> list[dict[str, Any]]:
    """Org units as the API takes them: so many on each level below the one top, spread evenly over the level above."""
    rows: list[dict[str, Any]] = [{"source": SOURCE, "external_id": TOP, "name": "Everybody"}]
    starts = [0]
    for count in levels:
        starts.append(len(rows))
        above = starts[-1] - starts[-2]
        for at in range(count):
            number = len(rows)
            parent = f"u{starts[-2] + at * above // count}"
            rows.append({"source": SOURCE, "external_id": f"u{number}", "name": f"Unit {number}", "parent": parent})
    return rows


def leaves(levels: tuple[int, ...]) -> list[str]:
    """The external ids of the lowest level's units."""
    last = sum(levels) + 1
    return [f"u{number}" for number in range(last - levels[-1], last)]


def spread(total: int, parts: int) -> list[int]:
    """`total` in `parts` shares that differ by one at most."""
    ends = [total * at // parts for at in range(parts + 1)]
    return [end - start for start, end in pairwise(ends)]
