"""Fixtures that every test may use; the heavy ones live in tests/fixtures."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real survey data beside the checkout; the test skips where it is absent."""
    folder = SHARED / "data"
    if not folder.is_dir():
        pytest.skip(f"real data not present beside the checkout ({folder.name}/)")
    return folder


pytest_plugins = ["tests.fixtures.house", "tests.fixtures.tracing"]
