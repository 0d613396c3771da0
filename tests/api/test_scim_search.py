"""Searching over SCIM: filter, order and pages are the database's work, and come out as the RFC says."""

from typing import Any

import pytest
from scim2_models import SearchRequest, User
from sqlalchemy import select, text
from sqlalchemy.dialects import postgresql

from service.scim import user_rows
from service.scim.mapping import DEFAULT
from service.scim.ordering import order_of
from tests.fixtures.house import TenantUnderTest
from tests.make.scim import ENTERPRISE, ERROR, USER, Directory

NAMES = ["Adele", "bernard", "Chloé", "%wild_", "élodie"]


@pytest.fixture
def directory(tenant: TenantUnderTest) -> Directory:
    return Directory(tenant)


@pytest.fixture
def five(directory: Directory) -> Directory:
    for number, name in enumerate(NAMES):
        more: dict[str, Any] = {"displayName": f"Person {number}"} if number % 2 else {}
        directory.user(name, active=number != 1, externalId=f"X{number}", **more)
    return directory


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ('userName eq "ADELE"', ["Adele"]),
        ('userName eq "CHLOÉ"', ["Chloé"]),
        ('userName eq "chloe\u0301"', ["Chloé"]),  # the same letters, composed in another way
        ('userName co "%"', ["%wild_"]),
        ('userName sw "É"', ["élodie"]),
        ('userName ew "_"', ["%wild_"]),
        ('userName gt "b" and userName lt "d"', ["bernard", "Chloé"]),
        ('externalId eq "x1"', []),
        ('externalId eq "X1"', ["bernard"]),
        ("displayName pr", ["bernard", "%wild_"]),
        ("not (displayName pr) and active eq true", ["Adele", "Chloé", "élodie"]),
        ('not (displayName co "1")', ["Adele", "Chloé", "%wild_", "élodie"]),
        ("active eq false", ["bernard"]),
        ('meta.lastModified gt "2000-01-01T00:00:00Z" and externalId ge "X3"', ["%wild_", "élodie"]),
        ('meta.resourceType eq "User" and userName eq "adele"', ["Adele"]),
        ('id eq "nothing"', []),
        (f'{ENTERPRISE}:manager eq "nobody"', []),
        (f'USERNAME eq "adele" OR {USER}:userName eq "bernard"', ["Adele", "bernard"]),
    ],
)  # fmt: skip
def test_a_filter_keeps_what_it_says(five: Directory, asked: str, found: list[str]) -> None:
    assert sorted(five.names(filter=asked)) == sorted(found)
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": asked}
    told = five.call("POST", "/Users/.search", 200, json=body).json()
    assert told["totalResults"] == len(found)


@pytest.mark.parametrize(
    "asked",
    [
        "userName eq",
        'nothing eq "x"',
        'password eq "x"',
        'emails[type eq "work"].value eq "x"',
        'schemas eq "x"',
        "active gt true",
        'meta.location eq "x"',
        'userName eq "\\u0000"',
        'userName eq "\\ud800"',
        'meta.created gt "yesterday"',
        f'userName eq "{"x" * 10_000}"',
        " or ".join(['userName eq "marker"'] * 201),
        "(" * 200 + 'userName eq "marker"' + ")" * 200,
        "not (" * 40 + 'userName eq "marker"' + ")" * 40,
    ],
)
def test_a_filter_that_can_not_be_is_refused_without_an_echo(directory: Directory, asked: str) -> None:
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": asked}
    answer = directory.call("POST", "/Users/.search", json=body)
    if asked.startswith("((("):  # parentheses alone are not depth
        assert answer.status_code == 200
        return
    assert answer.status_code == 400
    assert answer.json() == {
        "schemas": [ERROR],
        "status": "400",
        "scimType": "invalidFilter",
        "detail": "The filter can not be read, or not be used with these attributes.",
    }


@pytest.mark.parametrize(
    ("order", "found"),
    [
        ({"sortBy": "userName"}, ["%wild_", "Adele", "bernard", "Chloé", "élodie"]),
        ({"sortBy": "userName", "sortOrder": "descending"}, ["élodie", "Chloé", "bernard", "Adele", "%wild_"]),
        ({"sortBy": "displayName"}, ["bernard", "%wild_", "Adele", "Chloé", "élodie"]),  # who has none comes last
        ({"sortBy": "displayName", "sortOrder": "descending"}, ["élodie", "Chloé", "Adele", "%wild_", "bernard"]),
        ({}, NAMES),
    ],
)
def test_an_order_is_kept_over_all_pages(five: Directory, order: dict[str, str], found: list[str]) -> None:
    by_index = []
    for start in (1, 3, 5):
        page = five.get("/Users", startIndex=start, count=2, **order)
        assert (page["totalResults"], page["startIndex"]) == (5, start)
        by_index += [one["userName"] for one in page["Resources"]]
    assert by_index == found
    forwards, page = [], five.get("/Users", cursor="", count=2, **order)
    while True:
        forwards.append([one["userName"] for one in page["Resources"]])
        if "nextCursor" not in page:
            break
        page = five.get("/Users", cursor=page["nextCursor"], count=2, **order)
    assert [name for names in forwards for name in names] == found
    for before in forwards[-2::-1]:
        page = five.get("/Users", cursor=page["previousCursor"], count=2, **order)
        assert [one["userName"] for one in page["Resources"]] == before
    assert "previousCursor" not in page


@pytest.mark.parametrize("name", ["userName", "displayName"])
@pytest.mark.parametrize("order", ["ascending", "descending"])
def test_such_a_page_is_read_off_an_index(directory: Directory, name: str, order: str) -> None:
    """Or it would take longer the deeper it lies, and the first one as long as everybody."""
    tenant = directory.tenant
    asked = SearchRequest[User](sort_by=name, sort_order=order)
    placed = order_of(asked, user_rows.source(DEFAULT).values[name], user_rows.U.c.person_id)
    page = select(user_rows.U.c.person_id, placed.by).where(user_rows.U.c.tenant_id == tenant.tenant_id)
    asked_for = page.order_by(*placed.clauses()).limit(2)
    written = str(asked_for.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}))

    async def plan() -> str:
        async with tenant.house.client.app.state.database.transaction(tenant.tenant_id) as tx:  # type: ignore[attr-defined]
            for way in ("seqscan", "bitmapscan", "sort", "incremental_sort"):
                await tx.execute(text(f"SET LOCAL enable_{way} = off"))
            return "\n".join(await tx.scalars(text("EXPLAIN " + written)))

    found = tenant.house.run(plan)
    assert "Index Only Scan" in found
    assert "Sort" not in found


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({"startIndex": "6"}, 0),
        ({"startIndex": "0"}, 5),
        ({"startIndex": "-7", "count": "2"}, 2),
        ({"count": "0"}, 0),
        ({"count": "-1"}, 0),
        ({"count": "100000"}, 5),
        ({"startIndex": "99999999999999999999999"}, 0),
        ({"startIndex": "4", "count": "99999999999999999999"}, 2),
    ],
)
def test_pages_beyond_either_end(five: Directory, asked: dict[str, str], count: int) -> None:
    page = five.get("/Users", **asked)
    assert len(page["Resources"]) == count
    assert page["totalResults"] == 5


def test_a_cursor_serves_its_own_query_alone(five: Directory) -> None:
    page = five.get("/Users", cursor="", count=2)
    cursor = page["nextCursor"]
    for wrong in ({"sortBy": "userName"}, {"filter": "active eq true"}):
        refused = five.get("/Users", 400, cursor=cursor, count=2, **wrong)
        assert refused["scimType"] == "invalidCursor"
    assert five.get("/Users", 400, cursor=cursor, count=3)["scimType"] == "invalidCount"
    assert five.get("/Users", 400, cursor=cursor[:-4] + "AAAA", count=2)["scimType"] == "invalidCursor"
    assert five.get("/Users", 400, cursor="x" * 5000, count=2)["scimType"] == "invalidCursor"
    assert five.get("/Users", 400, cursor=cursor, startIndex=1)["scimType"] == "invalidValue"
    back = five.get("/Users", cursor=cursor, count=2)["previousCursor"]
    assert [one["userName"] for one in five.get("/Users", cursor=back, count=2)["Resources"]] == NAMES[:2]


def test_users_and_groups_are_one_collection_at_the_root(five: Directory) -> None:
    five.group("Middle")
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "sortBy": "displayName"}
    found = five.call("POST", "/.search", 200, json=body).json()
    assert found["totalResults"] == 6
    shown = [one["displayName"] for one in found["Resources"][:3]]
    assert shown == ["Middle", "Person 1", "Person 3"]
    assert five.get("/", filter='displayName eq "MIDDLE"')["totalResults"] == 1


def test_only_the_wanted_attributes_are_shown(five: Directory) -> None:
    (one,) = five.get("/Users", filter='userName eq "adele"', attributes="userName")["Resources"]
    assert set(one) == {"schemas", "id", "userName"}
    (one,) = five.get("/Users", filter='userName eq "adele"', excludedAttributes="userName,active")["Resources"]
    assert {"userName", "active"}.isdisjoint(one)
    five.get("/Users", 400, attributes="a", excludedAttributes="b")
    five.get("/Users", 413, attributes=",".join(["userName"] * 1000))
