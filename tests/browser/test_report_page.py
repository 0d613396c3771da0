"""The report page as a browser shows it: nothing that axe objects to, and what is withheld is to be seen."""

from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.fixtures.house import House, TenantUnderTest
from tests.make.axe import RULES
from tests.make.browser import looked_at, needs_chromium
from tests.make.formats import READ
from tests.make.node_packages import needs_npm
from tests.make.reports import Page
from tests.make.two_waves import two_waves

WITHHELD = "td.withheld"
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "forced colours": {"forced_colors": "active"},
    "small": {"viewport": {"width": 320, "height": 640}},
}
DECIDED_BY_A_PERSON = {"color-contrast"}  # over a hatched box; the tones are checked in test_report_charts

pytestmark = [pytest.mark.slow, needs_npm, needs_chromium]


@pytest.fixture(scope="module")
def released(house: House) -> tuple[TenantUnderTest, str]:
    return two_waves(house)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_nothing_is_in_anybody_s_way(released: tuple[TenantUnderTest, str], chromium: Browser, language: str) -> None:
    tenant, release = released
    answer = tenant.call(READ, "GET", f"/v1/releases/{release}/report", params={"language": language})
    withheld = [
        one.text for table in Page(answer.text).tables for _, row in table.rows for one in row if one.is_withheld
    ]
    assert withheld
    page = {
        "url": "https://pouls.example/report", "headers": dict(answer.headers), "body": answer.text, "rules": RULES,
        "seen": WITHHELD, "overflow": True,
    }  # fmt: skip
    found = looked_at(chromium, [page | {"context": look} for look in LOOKS.values()])
    for name, seen in zip(LOOKS, found, strict=True):
        assert seen["violations"] == [], name
        assert {one["rule"] for one in seen["undecided"]} <= DECIDED_BY_A_PERSON, name
        assert {"html-has-lang", "td-headers-attr", "svg-img-alt", "heading-order"} <= set(seen["passed"]), name
        assert [one["text"] for one in seen["seen"]] == withheld, name
        assert all(one["width"] >= 20 and one["height"] >= 10 for one in seen["seen"]), name
        assert (seen["said"], seen["fetched"]) == ([], [page["url"]]), name
        assert seen["overflow"] <= 0, name
