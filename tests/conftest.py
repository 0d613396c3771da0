"""Fixtures that every test may use; the heavy ones live in tests/fixtures."""

import gc
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


_KERNELS = {
    "test_audit_command", "test_audit_gaps", "test_audit_gates", "test_auditor_agrees",
    "test_auditor_agrees_on_branching", "test_breakdowns",
    "test_breakdowns_leaks", "test_certificates", "test_disclosure_audit", "test_disclosure_audit_common",
    "test_disclosure_audit_inverse", "test_disclosure_audit_proof", "test_disclosure_audit_wave",
    "test_disclosure_audit_wholes", "test_disclosure_gates", "test_disclosure_intervals", "test_disclosure_lines",
    "test_disclosure_linked", "test_disclosure_merged", "test_disclosure_reference", "test_disclosure_stages",
    "test_federal_attack", "test_gaps_leaks", "test_protect_command", "test_recuts", "test_recuts_leaks",
    "test_writer_alters_breakdowns",
}  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests whose kernels have to be compiled come first, so that one worker compiles them for all; then the long ones.

    In the end short ones are left, and nobody waits long for the other worker.
    """
    items.sort(
        key=lambda item: (
            item.path.stem not in _KERNELS,
            item.path.parent.name != "flows",
        )
    )


def pytest_collection_finish() -> None:
    """What is there before the first test stays to the end: walking through it again and again takes a while."""
    gc.collect()
    gc.freeze()


pytest_plugins = ["tests.fixtures.empty", "tests.fixtures.house", "tests.fixtures.receivers", "tests.fixtures.tracing"]
