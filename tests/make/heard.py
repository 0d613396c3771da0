"""A page as assistive technology is told of it: with what stands in closed shadow roots, and untouched by the test."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page


@dataclass(frozen=True)
class Told:
    """One thing on the page: its role, what it is called, and what holds of it."""

    role: str
    name: str
    states: dict[str, Any]


class Heard:
    """Of one page, by the browser's own accessibility tree."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._session = page.context.new_cdp_session(page)
        self._session.send("Accessibility.enable")

    def all(self) -> list[Told]:
        """Everything on the page, in its order, as far as it is not ignored."""
        nodes = self._session.send("Accessibility.getFullAXTree")["nodes"]
        return [_told(node) for node in nodes if not node["ignored"]]

    def focused(self) -> Told:
        """Where the next key goes; the innermost one. Of no role, where it is not on the page."""
        return [Told("", "", {}), *(one for one in self.all() if one.states.get("focused"))][-1]

    def has(self, role: str, name: str) -> Told:
        """What is there by this name, or will be soon."""
        return self._waited(
            lambda: next((one for one in self.all() if (one.role, one.name) == (role, name)), None), name
        )

    def has_focus(self, role: str, name: str) -> Told:
        """The same, when it has the focus."""

        def look() -> Told | None:
            found = self.focused()
            return found if (found.role, found.name) == (role, name) else None

        return self._waited(look, name)

    def _waited(self, look: Callable[[], Told | None], name: str) -> Told:
        for _ in range(TRIES):
            found = look()
            if found is not None:
                return found
            self._page.wait_for_timeout(PAUSE_MS)
        raise AssertionError(f"no {name!r}; {self.focused()} has the focus")


PAUSE_MS = 20
TRIES = 400


def _told(node: dict[str, Any]) -> Told:
    states = {one["name"]: one["value"].get("value") for one in node.get("properties", ())}
    if "value" in node:
        states["value"] = node["value"].get("value")
    if "description" in node:
        states["description"] = node["description"].get("value")
    return Told(_value(node, "role"), _value(node, "name"), states)


def _value(node: dict[str, Any], name: str) -> str:
    return str(node.get(name, {}).get("value", ""))
