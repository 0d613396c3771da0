"""What the API's description says of `Idempotency-Key`, operation by operation."""

from typing import Any

from fastapi.dependencies.models import Dependant

from service.kit import idempotency
from service.kit.idempotency import HEADER, PATTERN
from service.kit.repeats import IdempotencyInFlight, IdempotencyMismatch, IdempotencyReplyTooLong

_PARAMETER = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "a name of your own for this request. Sent again within 24 hours with the same key it is not done "
    "again: the answer of then comes, with `Idempotency-Replayed: true`. Refused requests are not kept.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": PATTERN},
}
_WITHOUT = {
    idempotency.secret_reply: f"Takes no `{HEADER}`: its reply holds a secret, and is never kept.",
    idempotency.nothing_written: f"Takes no `{HEADER}`: it writes nothing.",
}
_REFUSALS = (IdempotencyInFlight, IdempotencyReplyTooLong, IdempotencyMismatch)


def tell(operation: dict[str, Any], dependant: Dependant) -> None:
    """Describe the header on a write that takes it, or say why it does not."""
    without = idempotency.reason_without(dependant)
    if without is not None:
        operation["description"] += f"\n\n{_WITHOUT[without]}"
        return
    operation.setdefault("parameters", []).append(_PARAMETER)
    for refusal in _REFUSALS:
        response = operation["responses"].setdefault(str(refusal.status), {"description": ""})
        line = f"`{refusal.slug}`: {refusal.__doc__}"
        # FastAPI's own words for 422 say nothing.
        known = "" if response["description"] == "Validation Error" else response["description"]
        response["description"] = f"{known}\n\n{line}".strip()
