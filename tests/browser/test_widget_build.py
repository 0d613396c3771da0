"""The widget's files: of their sources and nothing else, without a fault of types, and small."""

import gzip
from pathlib import Path

import pytest

from tests.make.node_packages import needs_npm
from tests.make.widget_build import BUILT, installed, ran

MOST_BYTES = 30_000

pytestmark = [pytest.mark.slow, needs_npm]


def test_the_compiler_finds_nothing() -> None:
    folder = installed()
    assert ran(folder, "node_modules/.bin/tsc", "--noEmit") == ""


def test_the_files_are_what_their_sources_make(tmp_path: Path) -> None:
    ran(installed(), "node", "build.mjs", str(tmp_path))
    assert {file.name for file in tmp_path.iterdir()} == {file.name for file in BUILT.iterdir()}
    for file in BUILT.iterdir():
        made = (tmp_path / file.name).read_bytes()
        assert made == file.read_bytes(), f"{file.name}: build it again, npm run build, in service/widget"


def test_the_files_are_small() -> None:
    sizes = {file.name: len(gzip.compress(file.read_bytes(), mtime=0)) for file in BUILT.iterdir()}
    assert sizes["pouls.js"] < MOST_BYTES
    assert sizes["result.js"] < MOST_BYTES // 2
