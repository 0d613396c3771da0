"""One hash over everything that a reader can obtain of a release, from what is about to be written or what was."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from service.campaigns.contract import canonical
from service.releases.cells import Shown

Placed = Mapping[str, Sequence[Any]]
"""Places column by column; dimensions, where the plan has any, are one mapping of values a place."""


def release_digest(manifest: Mapping[str, Any], places: Placed, columns: Iterable[tuple[str, str, Shown]]) -> str:
    """SHA-256, in hex, over manifest, places, and each column's figures as they are shown.

    Args:
        manifest: what the release says of itself.
        places: see `Placed`.
        columns: measure, family and figures, in the order of the release.
    """
    state = hashlib.sha256(canonical(manifest))
    state.update(canonical({name: list(map(_text, values)) for name, values in places.items()}))
    for measure, family, shown in columns:
        state.update(canonical([measure, family, shown]))
    return state.hexdigest()


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True) if isinstance(value, Mapping) else str(value)
