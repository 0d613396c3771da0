"""The arrays that the auditor works on. Nothing compiled is imported for them: machine code takes seconds to load."""

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
