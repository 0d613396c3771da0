"""The widget's file: of its sources and nothing else, without a fault of types, and small."""

import gzip
from pathlib import Path

import pytest

from tests.make.widget_build import BUILT, installed, needs_npm, ran

MOST_BYTES = 30_000

pytestmark = [pytest.mark.slow, needs_npm]


def test_the_compiler_finds_nothing() -> None:
    folder = installed()
    assert ran(folder, "node_modules/.bin/tsc", "--noEmit") == ""


def test_the_file_is_what_its_sources_make(tmp_path: Path) -> None:
    made = tmp_path / "pouls.js"
    ran(installed(), "node", "build.mjs", str(made))
    assert made.read_bytes() == BUILT.read_bytes(), "build it again: npm run build, in service/widget"


def test_the_file_is_small() -> None:
    assert len(gzip.compress(BUILT.read_bytes(), mtime=0)) < MOST_BYTES
