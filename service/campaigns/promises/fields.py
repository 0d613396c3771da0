"""A contract's fields, read one by one, so that one that nobody read is found and nothing is left unsaid. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from service.kit.reasons import pointer


class Unsaid(ValueError):
    """A contract holds what there is no sentence for, or lacks what a sentence needs. Names the place, no value."""

    def __init__(self, place: Sequence[str | int]) -> None:
        self.pointer = pointer(place)
        super().__init__(f"no sentence for {self.pointer or 'the contract'}")


class Fields:
    """A JSON object. Every field has to be read, or named as one that needs no sentence, before `finish`."""

    def __init__(self, given: Mapping[str, Any], place: tuple[str | int, ...] = ()) -> None:
        self._given = given
        self._place = place
        self._taken: set[str] = set()
        self._inner: dict[str, list[Fields]] = {}

    def __contains__(self, name: str) -> bool:
        """Whether a field is there and holds something; one that holds null says nothing more than one that is not."""
        if name in self._given and self._given[name] is None:
            self._taken.add(name)
        return self._given.get(name) is not None

    def text(self, name: str) -> str:
        found: str = self._typed(name, str)
        return found

    def whole(self, name: str, least: int = 0) -> int:
        found: int = self._typed(name, int)
        if found < least:
            self.refuse(name)
        return found

    def flag(self, name: str) -> bool:
        """True or false; false where it is absent."""
        if name not in self:
            return False
        found: bool = self._typed(name, bool)
        return found

    def texts(self, name: str, least: int = 1) -> list[str]:
        found: list[str] = self._typed(name, list)
        if len(found) < least or any(type(one) is not str for one in found):
            self.refuse(name)
        return found

    def wholes(self, name: str) -> list[int]:
        """At least one number of at least 1."""
        found: list[int] = self._typed(name, list)
        if not found or any(type(one) is not int or one < 1 for one in found):
            self.refuse(name)
        return found

    def lists(self, name: str) -> list[list[str]]:
        """Lists of text, none of them empty."""
        found: list[list[str]] = self._typed(name, list)
        if any(type(one) is not list or not one or any(type(part) is not str for part in one) for one in found):
            self.refuse(name)
        return found

    def names(self, name: str) -> list[str]:
        """The names of an object's fields, each of which is still to be read."""
        return list(self.inner(name)._given)  # noqa: SLF001 - another of this class

    def inner(self, name: str) -> "Fields":
        """An object inside; the same one each time."""
        if name not in self._inner:
            self._inner[name] = [Fields(self._typed(name, dict), (*self._place, name))]
        return self._inner[name][0]

    def rows(self, name: str) -> list["Fields"]:
        """Objects in a list, at least one; the same ones each time."""
        if name not in self._inner:
            found: list[dict[str, Any]] = self._typed(name, list)
            if not found or any(type(one) is not dict for one in found):
                self.refuse(name)
            self._inner[name] = [Fields(one, (*self._place, name, at)) for at, one in enumerate(found)]
        return self._inner[name]

    def pass_over(self, *names: str) -> None:
        """Identifiers and digests, of which one sentence speaks together."""
        self._taken.update(names)

    def refuse(self, *names: str | int) -> NoReturn:
        raise Unsaid((*self._place, *names))

    def finish(self) -> None:
        """Raises Unsaid where a field, here or further in, was never read."""
        for name in self._given:
            if name not in self._taken:
                self.refuse(name)
        for found in self._inner.values():
            for one in found:
                one.finish()

    def _typed(self, name: str, kind: type[Any]) -> Any:
        found = self._given.get(name)
        if type(found) is not kind:  # a bool is an int to Python, and True would read as one person
            self.refuse(name)
        self._taken.add(name)
        return found
