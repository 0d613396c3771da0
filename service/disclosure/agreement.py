"""How much the people of a group agree with each other on the items of a scale: rwg(j). Pure.

After James, Demaree and Wolf (1984): the variance of their answers against that of answers at random, each point of the
scale being as likely as the next.
"""

import numpy as np

from service.disclosure.coding import Floats
from service.disclosure.tree import Ints


def variances(total: Ints, square_total: Ints, n: Ints) -> Floats:
    """Sample variances (n - 1) of whole scores, from their sums; 0 where there are fewer than two.

    Args:
        total: sum of the scores.
        square_total: sum of their squares.
        n: how many, in the same cells.
    """
    # Python's integers: a sum of squares times n need not fit in 64 bits, and their difference may be small.
    spread = (n.astype(object) * square_total - total.astype(object) ** 2).astype(np.float64)
    found: Floats = spread / np.maximum(n * (n - 1), 1)
    return found


def within_group_agreement(spread: Floats, points: int) -> Floats:
    """Agreement in each group, 0 to 1; 0 where people agree no more than answers at random do.

    Args:
        spread: sample variance of each item, [items, groups]; one item is allowed.
        points: of the items' scale, 2 or more.
    """
    items = len(spread)
    against_chance = spread.mean(axis=0) * 12 / (points**2 - 1)
    agreed = items * (1 - against_chance)
    whole = agreed + against_chance
    found: Floats = np.zeros_like(agreed)
    np.divide(agreed, whole, out=found, where=(agreed > 0) & (whole > 0))
    return found
