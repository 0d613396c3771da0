"""Groups of few people, and whether a combination of rows is of such a group alone: brute force of small worlds."""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

PRIME = 2**31 - 1
Ints = NDArray[np.int64]


def rank(matrix: Ints) -> int:
    """Modulo a prime."""
    left, done = matrix % PRIME, 0
    for column in range(left.shape[1]):
        filled = np.flatnonzero(left[done:, column])
        if not len(filled):
            continue
        left[[done, done + filled[0]]] = left[[done + filled[0], done]]
        left[done] = left[done] * pow(int(left[done, column]), -1, PRIME) % PRIME
        below = done + 1 + np.flatnonzero(left[done + 1 :, column])
        left[below] = (left[below] - left[below, column][:, None] * left[done]) % PRIME
        done += 1
        if done == len(left):
            break
    return done


def largest_groups(n: Sequence[int], k: int) -> Iterator[set[int]]:
    """All groups of fewer than k people to which nobody can be added."""
    small = [one for one, people in enumerate(n) if people < k]
    for size in range(1, min(k, len(small) + 1)):
        for group in combinations(small, size):
            total = sum(n[one] for one in group)
            if total < k and all(total + n[one] >= k for one in small if one not in group):
                yield set(group)


def isolates(matrix: Ints, group_of: Ints, n: Sequence[int], k_of: Ints) -> bool:
    """Whether a combination of the rows describes too few: columns are of groups of n people, with their k."""
    if not matrix.size:
        return False
    for k in np.unique(k_of).tolist():
        for group in largest_groups(n, k):
            inside = np.isin(group_of, list(group))
            if rank(matrix[:, ~inside | (k_of >= k)]) > rank(matrix[:, ~inside]):
                return True
    return False
