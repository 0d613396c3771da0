"""The reference page: whole without any other host, under a policy that allows none."""

import re

import pytest

from tests.fixtures.house import House
from tests.make.wire import problem

ADDRESS = re.compile(r"""(?:src|href)="([^"]*)\"""")
TYPES = {"css": "text/css", "js": "text/javascript", "png": "image/png"}


def test_the_page_names_no_other_host_and_runs_nothing_inline(house: House) -> None:
    answer = house.client.get("/docs")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = answer.text
    assert "//" not in page
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=|javascript:", page)
    script = house.client.get("/docs/start.js").text
    assert "//" not in script
    assert "validatorUrl: null" in script  # else the page asks a validator elsewhere


@pytest.mark.parametrize("path", ["/docs", "/docs/start.js", "/docs/swagger-ui-bundle.js"])
def test_its_policy_allows_no_other_host(house: House, path: str) -> None:
    policy = dict(part.split(" ", 1) for part in house.client.get(path).headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'self'"
    assert {source for sources in policy.values() for source in sources.split()} == {"'self'", "data:"}
    assert policy.keys() == {"default-src", "img-src"}


def test_all_that_the_page_names_is_there(house: House) -> None:
    named = ADDRESS.findall(house.client.get("/docs").text)
    assert len(named) == 5
    for address in named:
        answer = house.client.get(f"/{address}")
        assert answer.status_code == 200, address
        assert answer.headers["content-type"].partition(";")[0] == TYPES.get(
            address.rpartition(".")[2], "application/json"
        )
        assert len(answer.content) > 90
    assert "SwaggerUIBundle" in house.client.get("/docs/swagger-ui-bundle.js").text


@pytest.mark.parametrize("name", ["__init__.py", "..%2Fmain.py", "swagger-ui.css.map", "oauth2-redirect"])
def test_nothing_else_of_the_wheel_is_served(house: House, name: str) -> None:
    problem(house.client.get(f"/docs/{name}", follow_redirects=False), 404, "not-found")
