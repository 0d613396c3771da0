"""What the organisation's data tells others."""

from typing import ClassVar
from uuid import UUID

from service.kit.outbox import Event


class ImportFinished(Event):
    """An import is over, applied or refused; its report says which."""

    type: ClassVar[str] = "import.finished"
    link: ClassVar[str] = "/v1/people/imports/{import_id}"
    import_id: UUID
