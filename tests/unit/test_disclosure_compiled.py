"""Machine code is kept for one state of the files that it was made from."""

import shutil
from pathlib import Path

import pytest

from service.disclosure import compiled


def test_each_state_of_the_files_has_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    here = tmp_path / "disclosure"
    shutil.copytree(Path(compiled.__file__).parent, here, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(compiled, "_HERE", here)
    first = compiled.folder()
    assert Path(first).parent == here / "__pycache__"
    assert compiled.folder() == first
    field = here / "field.py"
    field.write_text(field.read_text("utf-8") + "\n", encoding="utf-8")
    assert compiled.folder() != first, "a kernel holds the code of what it calls, wherever that stands"
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "kept"))
    assert Path(compiled.folder()).parent == tmp_path / "kept"


def test_nothing_is_kept_where_nothing_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setattr(compiled.os, "access", lambda *_: False)
    assert compiled.folder() == ""
