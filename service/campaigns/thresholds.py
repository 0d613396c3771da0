"""How many people have to be invited, by a policy. Pure."""

from collections.abc import Mapping

SMALLEST_AUDIENCE = 10


def least_invited(policy: Mapping[str, int]) -> int:
    """To a wave, at least: a result could hardly ever be published else, and silence would tell."""
    return max(2 * smallest_class(policy), SMALLEST_AUDIENCE)


def smallest_class(policy: Mapping[str, int]) -> int:
    """The fewest people of whom anything is told; in each class, at least, where classes are coarse."""
    return policy["k_mean"] + policy["collusion"]
