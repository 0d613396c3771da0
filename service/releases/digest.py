"""One hash over everything that a reader can obtain of a release, from what is about to be written or what was."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.campaigns.promises.contract import canonical
from service.releases.cells import Shown

FORMAT = "pouls-release/3"
_FIRST_FORMAT = "pouls-release/1"
_FIGURES_BEFORE = 13
"""As many figures had a cell before the third format."""
Placed = Mapping[str, Sequence[Any]]
"""Places column by column; dimensions, where the plan has any, are one mapping of values a place."""


@dataclass(frozen=True, slots=True)
class Released:
    """One measure in one family, as it is shown: what it is, its options, its figures place by place."""

    measure: str
    family: str
    kind: str
    options: list[str] | None
    shown: Shown


def release_digest(manifest: Mapping[str, Any], places: Placed, columns: Iterable[Released]) -> str:
    """SHA-256, in hex, over manifest, places, and each column's figures as they are shown.

    Args:
        manifest: what the release says of itself; by its format, releases made before kinds and options were in it, or
            some of the figures, are hashed as they were.
        places: see `Placed`.
        columns: in the order of the release.
    """
    state = hashlib.sha256(canonical(manifest))
    if manifest["format"] == _FIRST_FORMAT:
        state.update(canonical({name: list(map(_text, values)) for name, values in places.items()}))
        for column in columns:
            state.update(canonical([column.measure, column.family, column.shown[:_FIGURES_BEFORE]]))
        return state.hexdigest()
    figures = len(Shown._fields) if manifest["format"] == FORMAT else _FIGURES_BEFORE
    state.update(canonical({name: list(values) for name, values in places.items()}))
    for column in columns:
        state.update(canonical([column.measure, column.family, column.kind, column.options, column.shown[:figures]]))
    return state.hexdigest()


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True) if isinstance(value, Mapping) else str(value)
