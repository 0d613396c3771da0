"""Filters and orders in SQL against the library's storage in memory, which evaluates them in Python: the same ids."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scim2_models import ResourceType, ScimProvider, SearchRequest
from scim2_server.memory import InMemoryStorage
from scim2_server.utils import load_default_provider

from service.scim.mapping import DEFAULT
from service.scim.storage import Storage
from service.scim.within import Within
from tests.fixtures.house import House

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
WORDS = ["", "a", "A", "b%", "_B", "é", "E\u0301", "z\\", "ß", "Ω", "𐍈", '"', "10", "9"]
PEOPLE: list[dict[str, Any]] = [
    {"userName": "Anna", "title": "A", "active": True, "emails": [{"value": "a@b.example", "type": "work"}]},
    {"userName": "b%", "title": "", "name": {"familyName": "É"}, "active": False},
    {"userName": "_B", "nickName": "ß", ENTERPRISE: {"employeeNumber": "10"}},
    {"userName": "E\u0301", "title": "b%", "emails": [{"value": "x@b.ex"}, {"value": "a@c.ex", "primary": True}]},
    {"userName": "Ωmega", "name": {"familyName": ""}, ENTERPRISE: {"employeeNumber": "9", "department": "A"}},
    {"userName": "𐍈", "displayName": "z\\", "active": True, "addresses": [{"locality": "É", "type": "home"}]},
    {"userName": "plain", "title": "_B", "emails": [{"type": "home"}], "phoneNumbers": [{"value": "10"}]},
]  # fmt: skip
TEXTS = [
    "userName", "title", "displayName", "nickName", "name.familyName", "externalId", "emails", "emails.value",
    "emails.type", "phoneNumbers.value", "addresses.locality",
    f"{ENTERPRISE}:employeeNumber", f"{ENTERPRISE}:department",
]  # fmt: skip
PRESENT = [*TEXTS, "active", "name", "addresses", "phoneNumbers", "meta.created"]
OPERATORS = ["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"]


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


literals = st.sampled_from([quoted(word) for word in WORDS])
texts = st.builds("{} {} {}".format, st.sampled_from(TEXTS), st.sampled_from(OPERATORS), literals)
flags = st.builds(
    "{} {} {}".format,
    st.sampled_from(["active", "emails.primary"]),
    st.sampled_from(["eq", "ne"]),
    st.sampled_from(["true", "false", "null"]),
)
nothing = st.builds("{} {} null".format, st.sampled_from(TEXTS), st.sampled_from(["eq", "ne", "gt"]))
present = st.builds("{} pr".format, st.sampled_from(PRESENT))
inner = st.one_of(
    st.builds("{} {} {}".format, st.sampled_from(["value", "type"]), st.sampled_from(OPERATORS), literals),
    st.builds("{} pr".format, st.sampled_from(["value", "type", "primary"])),
    st.just("primary eq true"),
)
selected = st.builds("emails[{}]".format, st.one_of(inner, st.builds("{} and not ({})".format, inner, inner)))
leaves = st.one_of(texts, texts, flags, nothing, present, selected)
filters = st.recursive(
    leaves,
    lambda below: st.one_of(
        st.builds("not ({})".format, below),
        st.builds("({} and {})".format, below, below),
        st.builds("({} or {})".format, below, below),
    ),
    max_leaves=5,
)


class Both:
    """The same people in both storages; what is found in either is told by userName."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._tenant = house.tenant().tenant_id
        self._provider: ScimProvider = load_default_provider()
        self._type: ResourceType = next(one for one in self._provider.resource_types if one.id == "User")
        self._model: Any = self._provider.model_for(self._type)
        self._oracle = InMemoryStorage()
        for person in PEOPLE:
            self._oracle.create(self._type, self._model.model_validate(person))
        house.run(self._fill)

    async def _fill(self) -> None:
        async with self._database.transaction(self._tenant) as tx:
            storage = Storage(self._provider, Within(tx, self._tenant, DEFAULT, {}, self._house.clock()))
            for person in PEOPLE:
                await storage.create(self._type, self._model.model_validate(person))

    @property
    def _database(self) -> Any:
        return self._house.client.app.state.database  # type: ignore[attr-defined]  # Starlette types it as a callable

    def _request(self, **asked: Any) -> Any:
        generic: Any = SearchRequest
        return generic[self._model](**asked)

    def expected(self, **asked: Any) -> list[str]:
        page = self._oracle.search([self._type], self._request(**asked))
        found: Any = page.resources
        return [one.user_name for one in found]

    def found(self, **asked: Any) -> tuple[int | None, list[str]]:
        async def go() -> Any:
            async with self._database.transaction(self._tenant) as tx:
                storage = Storage(self._provider, Within(tx, self._tenant, DEFAULT, {}, self._house.clock()))
                return await storage.search([self._type], self._request(**asked))

        page = self._house.run(go)
        return page.total, [one.user_name for one in page.resources]


@pytest.fixture(scope="module")
def worlds(house: House) -> Both:
    return Both(house)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(asked=filters)
def test_sql_keeps_whom_the_library_keeps(worlds: Both, asked: str) -> None:
    total, found = worlds.found(filter=asked)
    assert sorted(found) == sorted(worlds.expected(filter=asked))
    assert total == len(found)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    by=st.sampled_from([*TEXTS, "active", "meta.created"]),
    order=st.sampled_from(["ascending", "descending"]),
    start=st.integers(1, len(PEOPLE) + 1),
    count=st.integers(0, len(PEOPLE)),
)
def test_any_page_is_a_slice_of_the_whole(worlds: Both, by: str, order: str, start: int, count: int) -> None:
    asked = {"sort_by": by, "sort_order": order}
    _, whole = worlds.found(**asked)
    assert sorted(whole) == sorted(worlds.expected(**asked))
    total, page = worlds.found(**asked, start_index=start, count=count)
    assert total == len(PEOPLE)
    assert page == whole[start - 1 : start - 1 + count]
