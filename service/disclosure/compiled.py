"""How our numeric kernels are compiled, and where the result is kept."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])

# Kept beside the code or where NUMBA_CACHE_DIR says; in an image whose files can not be written, compiled anew.
_KEPT = bool(os.environ.get("NUMBA_CACHE_DIR")) or os.access(Path(__file__).parent, os.W_OK)


def compiled(function: F) -> F:
    """The function as machine code, made at its first call for the types it is given."""
    return cast("F", numba.njit(cache=_KEPT, nogil=True)(function))
