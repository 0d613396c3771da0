"""Comments on the wire: flat rows, a withheld one of the same shape as any other."""

from typing import Annotated, Any, Literal

from pydantic import Field
from sqlalchemy import Row

from service.kit.text import Wire


class CommentOut(Wire):
    """One comment, or, where a unit shows none on an item, one row without a comment and with the reason."""

    source: str | None
    unit: str | None
    unit_name: str
    item: Annotated[str, Field(description="id of the text item; `manifest.comments` of the release says what it asks")]
    status: Literal["published", "withheld"]
    reason: str | None
    comment: Annotated[
        str | None,
        Field(
            description="of somebody in this unit, or below it in a unit that shows no comments on the item itself; "
            "`[…]` stands for an address, a number or a name that was taken away"
        ),
    ]

    @classmethod
    def of(cls, row: Row[Any]) -> "CommentOut":
        withheld = row.comment is None
        return cls(
            source=row.source,
            unit=row.unit,
            unit_name=row.unit_name,
            item=row.item,
            status="withheld" if withheld else "published",
            reason="protected" if withheld else None,
            comment=row.comment,
        )


class CommentPage(Wire):
    data: list[CommentOut]
    next: str | None
