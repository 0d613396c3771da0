"""How many respondents a reader is told that a cell has: bands of numbers. Pure."""

import numpy as np

from service.disclosure.coding import FINE_FROM, WHOLE_SHARE
from service.disclosure.tree import Ints

N_BAND = 5
WIDE_N_BAND = 20


def n_band(n: Ints, *, gated: bool = False) -> tuple[Ints, Ints]:
    """Lowest and highest number of respondents that a reader is told: bands of 5, however many they are.

    Two exact numbers would say how many are in the group between them, and that may leave a single distribution of its
    answers. Where an answer decides who is asked (`gated`), how many answered is itself an answer: bands of 20 from 100
    on, which hold as many numbers as the end bands of the shares of so many people, and of a smaller group that is left
    between two large cells.
    """
    width = np.where(gated & (n >= FINE_FROM), WIDE_N_BAND, N_BAND)
    low = n // width * width
    return low, low + width - 1


def widened_for_gate(
    band: tuple[Ints, Ints], n: Ints, gate: Ints, told: tuple[Ints, Ints], end: Ints
) -> tuple[Ints, Ints]:
    """The band of a gated measure's respondents, widened where it would tell more than the end band of its gate.

    Of a gate that shows "95 or more" of 60 people, 57 or 60 may be asked; the band of the gated measure must not tell
    which, so that it is the same for all numbers that the end band leaves open.

    Args:
        band: see `n_band`.
        n: respondents of the gated measure.
        gate: respondents of the gate in the same cells.
        told: the band of these.
        end: width of the end bands of the gate's shares, in tenths of a point.
    """
    hidden = (end > 0) & (n * WHOLE_SHARE >= gate * (WHOLE_SHARE - end)) & (n <= gate)
    low = n_band(told[0] * (WHOLE_SHARE - end) // WHOLE_SHARE, gated=True)[0]
    high = n_band(told[1], gated=True)[1]
    return np.where(hidden, np.minimum(band[0], low), band[0]), np.where(hidden, np.maximum(band[1], high), band[1])
