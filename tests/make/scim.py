"""SCIM as a client speaks it: paths, bodies, and what is expected back."""

from dataclasses import dataclass
from typing import Any

import httpx2

from tests.fixtures.house import TenantUnderTest

CORE = "urn:ietf:params:scim:schemas:core:2.0"
USER, GROUP = f"{CORE}:User", f"{CORE}:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PERSON = "urn:pouls:params:scim:schemas:extension:person:2.0:User"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


@dataclass
class Directory:
    """A directory that provisions one tenant."""

    tenant: TenantUnderTest

    def call(self, method: str, path: str, status: int | None = None, **request: Any) -> httpx2.Response:
        """One call, whose status must be this one."""
        request.setdefault("headers", {}).setdefault("Content-Type", "application/scim+json")
        answer = self.tenant.call("people:write", method, f"/scim/v2{path}", **request)
        assert status is None or answer.status_code == status, (answer.status_code, answer.text)
        return answer

    def get(self, path: str, status: int = 200, **query: Any) -> Any:
        return self.call("GET", path, status, params=query).json()

    def user(self, user_name: str, status: int = 201, **more: Any) -> Any:
        """A new User."""
        return self.call("POST", "/Users", status, json={"schemas": [USER], "userName": user_name, **more}).json()

    def group(self, name: str, *members: str, status: int = 201, **more: Any) -> Any:
        """A new Group."""
        body = {"schemas": [GROUP], "displayName": name, "members": [{"value": one} for one in members], **more}
        return self.call("POST", "/Groups", status, json=body).json()

    def patch(
        self, path: str, *operations: dict[str, Any], status: int | None = None, **request: Any
    ) -> httpx2.Response:
        """A PATCH, which shows a User and says nothing of a Group."""
        body = {"schemas": [PATCH_OP], "Operations": list(operations)}
        expected = status or (200 if path.startswith("/Users") else 204)
        return self.call("PATCH", path, expected, json=body, **request)

    def members(self, group: str) -> set[str]:
        return {one["value"] for one in self.get(f"/Groups/{group}").get("members", [])}

    def names(self, path: str = "/Users", **query: Any) -> list[str]:
        """The userNames, or displayNames, that a search finds, in order."""
        found = self.get(path, **query)["Resources"]
        return [one.get("userName") or one["displayName"] for one in found]

    def sql(self, statement: str, **values: Any) -> list[Any]:
        return self.tenant.sql(statement, **values)
