"""What the audit log keeps of a thing as it was before an act and after it: SHA-256 of its canonical form. Pure.

Unkeyed, so that whoever holds an export of the thing can work the fingerprint out again, without us. It may be, because
nothing personal is fingerprinted: campaigns, rules, keys without their secrets, questionnaires. Of people the log says
how many rows changed, never whose, and holds no fingerprint, since a person's row could be guessed.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Any, Protocol
from uuid import UUID

# Signatures and hashes of secrets are no part of what was decided.
LEFT_OUT = frozenset({"mac", "contract_mac", "secret_hash"})


class HasColumns(Protocol):
    """A row."""

    def model_dump(self) -> dict[str, Any]: ...


def state_of(row: HasColumns) -> dict[str, Any]:
    """A row as its fingerprint takes it, by column."""
    return {name: value for name, value in row.model_dump().items() if name not in LEFT_OUT}


def fingerprint(state: Mapping[str, Any] | None) -> str | None:
    """SHA-256, in hex, of the canonical JSON: sorted names, no spaces; None of nothing."""
    if state is None:
        return None
    said = json.dumps(state, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_said)
    # As a draft may hold anything, half a surrogate pair too.
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


def _said(value: object) -> str:
    """Ids and moments, as the API writes them."""
    match value:
        case UUID():
            return str(value)
        case date():
            return value.isoformat()
        case bytes():
            return value.hex()
        case _:
            raise TypeError("not a state")
