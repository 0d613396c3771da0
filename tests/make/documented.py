"""Instances of disclosure that are documented elsewhere, with what is known of them; they lie beside the checkout."""

import json
from pathlib import Path
from typing import Any


def instance(shared_data: Path, name: str) -> dict[str, Any]:
    """Atoms with their people, cells of atoms, a threshold, and what may be published."""
    found: dict[str, Any] = json.loads((shared_data.parent / "reference" / "sdc" / f"{name}.json").read_text("utf-8"))
    return found
