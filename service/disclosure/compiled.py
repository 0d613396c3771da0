"""How our numeric kernels are compiled, and where the result is kept."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])
_HERE = Path(__file__).parent


def folder() -> str:
    """Where machine code is kept: beside the code or where NUMBA_CACHE_DIR says; "" where nothing can be written.

    A kernel holds what it calls, but numba looks for changes in its own file alone. So each state of our files has a
    folder of its own: code of another version is never run.
    """
    base = os.environ.get("NUMBA_CACHE_DIR") or (str(_HERE / "__pycache__") if os.access(_HERE, os.W_OK) else "")
    texts = hashlib.sha256(b"\0".join(file.read_bytes() for file in sorted(_HERE.glob("*.py"))))
    return base and str(Path(base) / f"kernels-{texts.hexdigest()[:16]}")


_KEPT = folder()
# Numba's stubs do not know the two options that say from where a function can be called.
_FROM_PYTHON: Any = {"nogil": True, "no_cfunc_wrapper": True}
_FROM_KERNELS: Any = _FROM_PYTHON | {"no_cpython_wrapper": True}


def compiled(function: F) -> F:
    """A kernel: machine code, made at its first call for the types it is given, and kept."""
    config: Any = numba.config
    before = config.CACHE_DIR
    config.CACHE_DIR = _KEPT
    try:
        return cast("F", numba.njit(cache=bool(_KEPT), **_FROM_PYTHON)(function))
    finally:
        config.CACHE_DIR = before


def inner(function: F) -> F:
    """A part of kernels, which holds no code of its own: only they can call it.

    To be callable from Python, and kept, would cost each as long again to make as it takes itself.
    """
    return cast("F", numba.njit(**_FROM_KERNELS)(function))
