"""Seeded mistakes in the disclosure engine: an oracle notices each."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_each_mistake_is_noticed() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.unit.disclosure_mutants"], check=True, capture_output=True, cwd=ROOT, timeout=300
    )
    noticed: dict[str, str | None] = json.loads(done.stdout)
    assert noticed.pop("none") is None, "the engine as it is"
    assert len(noticed) >= 10
    assert [name for name, by in noticed.items() if by is None] == []
