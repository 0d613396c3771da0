"""The rules of accessibility, installed by a lock into a folder that git ignores, and asked in a browser."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from playwright.sync_api import Page

from tests.make.node_packages import ROOT, packages

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice", "RGAAv4"]
_ASKED = """tags => axe.run({ runOnly: tags }).then(found => Object.fromEntries(
    ["violations", "incomplete", "passes"].map(kind => [kind, found[kind].map(one => [
        one.id, kind === "passes" ? [] : one.nodes.map(node => `${node.html}\\n${node.failureSummary}`),
    ])])
))"""


@dataclass(frozen=True)
class Found:
    """By rule the places where it is broken, or where it takes a person to say; and the rules that hold."""

    violations: dict[str, list[str]]
    undecided: dict[str, list[str]]
    passed: set[str]


def asked(page: Page, rules: Sequence[str] = RULES) -> Found:
    """What axe finds on a page as it is now. It needs scripts: the page's context is one that bypasses policies."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_source())
    found: dict[str, Any] = page.evaluate(_ASKED, list(rules))
    return Found(dict(found["violations"]), dict(found["incomplete"]), {rule for rule, _ in found["passes"]})


@cache
def _source() -> str:
    with packages(ROOT / "tests" / "browser", "browser") as folder:
        return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
