"""The fewest people that a contract lets anything be shown of. Pure."""

from typing import NamedTuple, Self

from service.campaigns.promises.fields import Fields


class Smallest(NamedTuple):
    """Fewest people that a figure is shown of, each with those who may pool their answers."""

    mean: int
    distribution: int
    sensitive_mean: int
    sensitive_distribution: int
    authors: int
    pooling: int

    @classmethod
    def of(cls, policy: Fields) -> Self:
        mean, distribution = policy.whole("k_mean", 1), policy.whole("k_distribution", 1)
        sensitive, more = policy.whole("k_sensitive", 1), policy.whole("collusion")
        distribution = max(distribution, mean)  # which gives the mean
        return cls(
            mean + more,
            distribution + more,
            max(mean, sensitive) + more,
            max(distribution, sensitive) + more,
            policy.whole("k_comment", 1) + more,
            more,
        )
