"""The disclosure policy: the smallest groups that may be described, frozen when a campaign is launched."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Self

LARGEST = 10_000
"""No threshold above this is meant: it would withhold everything and cost the tree programme its speed."""

FLOORS: Mapping[str, int] = {
    "k_mean": 5,
    "k_distribution": 10,
    "k_sensitive": 10,
    "k_comment": 10,
    "sd_from": 30,
    "participation_from": 10,
    "collusion": 0,
}
"""The product's floors, which are also its defaults. Nothing may go below them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Thresholds in respondents (`participation_from` in people invited).

    `collusion` is the number t of members of a group who might pool their own answers: each threshold on answers then
    counts t people more, see the methods.

    Raises:
        ValueError: a threshold is no plain integer, under its floor, or above `LARGEST`; names the field only.
    """

    k_mean: int = 5
    k_distribution: int = 10
    k_sensitive: int = 10
    k_comment: int = 10
    sd_from: int = 30
    participation_from: int = 10
    collusion: int = 0

    def __post_init__(self) -> None:
        for name, floor in FLOORS.items():
            value = getattr(self, name)
            # A bool is an int to Python, and True would read as a threshold of one person.
            if type(value) is not int:
                raise ValueError(f"{name} must be a whole number")
            if value < floor:
                raise ValueError(f"{name} must be at least {floor}")
            if value > LARGEST:
                raise ValueError(f"{name} must be at most {LARGEST}")

    @classmethod
    def of(cls, thresholds: Mapping[str, int]) -> Self:
        """The policy with these thresholds and the product's defaults for the others; an unknown name is refused."""
        if not set(thresholds) <= set(FLOORS):
            raise ValueError("the policy holds a name that is no threshold")
        return cls(**thresholds)

    def raised_by(self, thresholds: "Mapping[str, int] | Policy") -> Self:
        """This policy with some thresholds raised: product floor <= tenant <= campaign.

        Raises:
            ValueError: one of them would be lowered, or is not acceptable in itself.
        """
        wanted = thresholds.as_dict() if isinstance(thresholds, Policy) else thresholds
        raised = type(self).of({**self.as_dict(), **wanted})
        for field in fields(self):
            if getattr(raised, field.name) < getattr(self, field.name):
                raise ValueError(f"{field.name} may be raised, not lowered")
        return raised

    def as_dict(self) -> dict[str, int]:
        """The thresholds by name, as the contract shows and hashes them."""
        return asdict(self)

    def mean_k(self, *, sensitive: bool) -> int:
        """Smallest group for a mean."""
        return (max(self.k_mean, self.k_sensitive) if sensitive else self.k_mean) + self.collusion

    def distribution_k(self, *, sensitive: bool) -> int:
        """Smallest group for a distribution or a favourable share; never under that of the mean, which it gives."""
        plain = max(self.k_distribution, self.k_mean)
        return (max(plain, self.k_sensitive) if sensitive else plain) + self.collusion

    def sd_k(self, *, sensitive: bool) -> int:
        """Smallest group for a standard deviation: with the mean it is most of a distribution, so never under that."""
        return max(self.sd_from + self.collusion, self.distribution_k(sensitive=sensitive))

    def comment_k(self) -> int:
        """Smallest number of authors whose comments may be shown together."""
        return self.k_comment + self.collusion
