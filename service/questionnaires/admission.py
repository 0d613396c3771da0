"""Who may write questionnaires, and documents that are looked at before anything else.

A document may take seconds to look at: its sender is asked for before (see `service.tenants.admission`).
"""

from typing import Annotated, Any

from fastapi import Body, Depends

from service.questionnaires.lint.checked import Sound, sound
from service.questionnaires.schemas import EXAMPLE
from service.tenants.admission import admitting
from service.tenants.principals import Principal, holding
from service.tenants.scopes import Scope

Writer = Annotated[Principal, holding(Scope.questionnaires_write)]
Admitted = Annotated[Principal, admitting(Scope.questionnaires_write)]


async def _sound(_: Admitted, document: Annotated[dict[str, Any], Body(examples=[EXAMPLE])]) -> Sound:
    return await sound(document)


SoundDocument = Annotated[Sound, Depends(_sound)]
"""The body, a document without a fault. It must be the handler's first parameter: they are resolved in order."""
