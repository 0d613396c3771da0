"""Arithmetic modulo the prime 2^61 - 1, compiled.

Exact where the rationals' own would need numbers of any length: elements are uint64 below `PRIME`. What is zero here
and not among the rationals would have to be a multiple of the prime.
"""

import numpy as np

from service.disclosure.compiled import inner

PRIME = np.uint64((1 << 61) - 1)
ZERO = np.uint64(0)
ONE = np.uint64(1)
_LOW_31 = np.uint64((1 << 31) - 1)
_LOW_30 = np.uint64((1 << 30) - 1)
_30, _31, _61 = np.uint64(30), np.uint64(31), np.uint64(61)


@inner
def add(a: np.uint64, b: np.uint64) -> np.uint64:
    """The sum."""
    total = a + b
    return total - PRIME if total >= PRIME else total


@inner
def minus(a: np.uint64) -> np.uint64:
    """The negative."""
    return PRIME - a if a != ZERO else a


@inner
def times(a: np.uint64, b: np.uint64) -> np.uint64:
    """The product, by halves of 31 bits, so that nothing leaves 64."""
    high_a, low_a = a >> _31, a & _LOW_31
    high_b, low_b = b >> _31, b & _LOW_31
    middle = low_a * high_b + high_a * low_b
    # 2^62 is 2 here, and 2^61 is 1.
    total = ((high_a * high_b) << ONE) + (middle >> _30) + ((middle & _LOW_30) << _31) + low_a * low_b
    total = (total & PRIME) + (total >> _61)
    return total - PRIME if total >= PRIME else total


@inner
def inverse(a: np.uint64) -> np.uint64:
    """One over `a`, which is not zero: a to the power of the prime less two."""
    result = ONE
    power = PRIME - np.uint64(2)
    while power > ZERO:
        if power & ONE:
            result = times(result, a)
        a = times(a, a)
        power >>= ONE
    return result
