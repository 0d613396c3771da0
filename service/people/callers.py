"""Who may write the organisation, and read it back."""

from typing import Annotated

from service.tenants.admission import admitting
from service.tenants.principals import Principal, holding
from service.tenants.scopes import Scope

PeopleWriter = Annotated[Principal, holding(Scope.people_write)]
PeopleAdmitted = Annotated[Principal, admitting(Scope.people_write)]
