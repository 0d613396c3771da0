"""Files of people, sent to a tenant that has a few units, and what came of them."""

from collections.abc import Sequence
from typing import Any

from service.people.imports.upload import CSV
from tests.fixtures.house import TenantUnderTest
from tests.make.world import ok

IMPORTS = "/v1/people/imports"
HEAD = "matricule;code service;matricule n+1;date d'entrée;langue;actif;site;nom complet"


def lines(*rows: str, head: str = HEAD) -> bytes:
    return "\n".join([head, *rows, ""]).encode()


def few(numbers: Sequence[int], unit: str = "A") -> bytes:
    """So many people, in one unit."""
    return lines(*(f"{number};{unit}" for number in numbers), head="matricule;service")


def post(tenant: TenantUnderTest, data: bytes, mode: str = "full", media: str = CSV, **query: Any) -> Any:
    params = {"mode": mode} | {name: str(value).lower() for name, value in query.items()}
    return tenant.call("people:write", "POST", IMPORTS, content=data, headers={"content-type": media}, params=params)


def counts(body: dict[str, Any]) -> dict[str, int]:
    """What is not nought."""
    return {name: count for name, count in body["counts"].items() if count}


def stored(tenant: TenantUnderTest) -> list[tuple[Any, ...]]:
    """Everybody who is there."""
    return [
        tuple(row)
        for row in tenant.sql("""
            SELECT p.external_id, u.external_id, m.external_id, p.hired_on::text, p.language, p.dimensions, p.is_active,
                   p.name
            FROM person p LEFT JOIN org_unit u USING (tenant_id, unit_id)
            LEFT JOIN person m ON m.tenant_id = p.tenant_id AND m.person_id = p.manager_id
            WHERE p.deleted_at IS NULL ORDER BY p.external_id COLLATE "C"
        """)
    ]


def physical(tenant: TenantUnderTest) -> list[Any]:
    """Which transaction wrote each row of people and of their history."""
    return tenant.sql("""
        SELECT 'person', xmin::text, ctid::text FROM person
        UNION ALL SELECT 'person_version', xmin::text, ctid::text FROM person_version ORDER BY 1, 3
    """)


def put_mapping(tenant: TenantUnderTest, mapping: dict[str, Any], source: str = "hris") -> dict[str, Any]:
    found: dict[str, Any] = ok(tenant.call("people:write", "PUT", f"/v1/people/import-mappings/{source}", json=mapping))
    return found


def undo(tenant: TenantUnderTest, body: dict[str, Any]) -> Any:
    return tenant.call("people:write", "POST", f"{IMPORTS}/{body['id']}/undo")


FIRST = [
    "E1;A;;31/12/2020;fr;oui;Lyon;Zoé Durand",
    "E2;A;E1;2021-02-03;Anglais;vrai;paris;=HYPERLINK(1)",
    "E3;B;E1;;;;;",
]
