"""How the auditor's kernels become machine code. Its own few lines: it shares no code with what it judges."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
F = TypeVar("F", bound=Callable[..., Any])

# Kept on disk only where that is possible; a read-only image compiles anew in each process.
_KEPT = bool(os.environ.get("NUMBA_CACHE_DIR")) or os.access(Path(__file__).parent, os.W_OK)


def compiled(function: F) -> F:
    """The function as machine code, made at its first call for the types it is given."""
    return cast("F", numba.njit(cache=_KEPT, nogil=True)(function))
