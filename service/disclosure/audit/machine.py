"""How the auditor's kernels become machine code. Its own few lines: it shares no code with what it judges."""

import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])

_HERE = Path(__file__).parent

# How a compiled function is marked, and whole imports: every word in one that is a module of this folder counts.
_MARK = re.compile(r"^\s*@(?:\w+\.)*(?:compiled|inner|n?jit)\b", re.MULTILINE)
_IMPORT = re.compile(r"^\s*(?:from|import)\b[^(\n]*(?:\([^)]*\))?", re.MULTILINE)


def _kernels() -> list[Path]:
    """The files that hold compiled functions, and all that these import of this folder, step by step."""
    texts = {file.stem: file.read_text("utf-8") for file in _HERE.glob("*.py")}
    reached = {name for name, text in texts.items() if _MARK.search(text)}
    edge = reached
    while edge:
        said = " ".join(found for one in edge for found in _IMPORT.findall(texts[one]))
        edge = (set(re.findall(r"\w+", said)) & texts.keys()) - reached
        reached |= edge
    return [_HERE / f"{name}.py" for name in sorted(reached)]


def _place() -> str:
    """A folder for each state of these files, since numba notices no change in what a kernel calls; or ""."""
    base = os.environ.get("NUMBA_CACHE_DIR") or (str(_HERE / "__pycache__") if os.access(_HERE, os.W_OK) else "")
    state = hashlib.sha256(b"\0".join(file.name.encode() + b"\0" + file.read_bytes() for file in _kernels()))
    return base and str(Path(base) / f"auditor-{state.hexdigest()[:16]}")


# Kept on disk only where that is possible; a read-only image compiles anew in each process.
_PLACE = _place()
# Ways into machine code that take as long to make as the code: for C, and for Python.
_NO_POINTER: Any = {"no_cfunc_wrapper": True}
_NO_WRAPPER: Any = {"no_cpython_wrapper": True}


def compiled(function: F) -> F:
    """The function as machine code, made at its first call for the types it is given, and kept."""
    config: Any = numba.config
    others = config.CACHE_DIR
    config.CACHE_DIR = _PLACE
    try:
        return cast("F", numba.njit(cache=bool(_PLACE), nogil=True, **_NO_POINTER)(function))
    finally:
        config.CACHE_DIR = others


def inner(function: F) -> F:
    """A part of compiled functions, which alone can call it; no code of its own is made or kept."""
    return cast("F", numba.njit(nogil=True, **_NO_POINTER, **_NO_WRAPPER)(function))
