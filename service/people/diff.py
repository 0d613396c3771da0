"""What becomes of a person when a source tells them anew. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from uuid import UUID


class Kind(StrEnum):
    joiner = "joiner"
    returner = "returner"
    mover = "mover"
    leaver = "leaver"
    changed = "changed"
    unchanged = "unchanged"


@dataclass(frozen=True, slots=True)
class Held:
    """What is kept of a person beside their key.

    Attributes:
        unit_id: their unit of the line hierarchy; None: not placed yet, and in no audience.
        language: BCP 47; None: the questionnaire's first.
        dimensions: values by dimension.
        is_active: whether they are asked at all.
        hired_on: for audiences by how long people have been here.
        name: only where comments are published, to be taken out of them.
        manager_id: another person.
        projects: units of the project hierarchy.
    """

    unit_id: UUID | None
    language: str | None = None
    dimensions: Mapping[str, str] = field(default_factory=dict)
    is_active: bool = True
    hired_on: date | None = None
    name: str | None = field(default=None, repr=False)
    manager_id: UUID | None = None
    projects: frozenset[UUID] = frozenset()

    @property
    def place(self) -> tuple[UUID | None, UUID | None, bool]:
        """What a person's history tells of."""
        return self.unit_id, self.manager_id, self.is_active


def kind_of(old: Held | None, new: Held) -> Kind:
    """What the change from `old` (None: nobody yet) to `new` is called; the first that fits."""
    if old == new:
        return Kind.unchanged
    if old is None:
        return Kind.joiner if new.is_active else Kind.changed
    if old.is_active != new.is_active:
        return Kind.returner if new.is_active else Kind.leaver
    return Kind.mover if new.is_active and old.unit_id != new.unit_id else Kind.changed
