"""Who may write the organisation, and read it back."""

from typing import Annotated

from service.tenants.principals import Principal, holding
from service.tenants.scopes import Scope

PeopleWriter = Annotated[Principal, holding(Scope.people_write)]
