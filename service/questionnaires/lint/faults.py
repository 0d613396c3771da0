"""What is wrong with a document: all of it at once, where and why, never what was sent."""

from collections.abc import Sequence

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from service.kit.reasons import Fault, fault_at

MAX_FAULTS = 1000


class DocumentRefused(Exception):
    """The document is no questionnaire; `faults` names everything to correct (the first 1,000) and repeats no value.

    Not a `ValueError`: pydantic would catch it and keep its text alone.
    """

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(f"the document has {len(faults)} fault(s)")
        self.faults = tuple(faults[:MAX_FAULTS])


def structural_faults(error: ValidationError) -> list[Fault]:
    """The faults of a pydantic error, from its types and the limits of our own models, never from its messages."""
    lines = error.errors(include_url=False, include_input=False)
    steps_inside = {steps[:depth] for steps in (_steps(line) for line in lines) for depth in range(len(steps))}
    # A list of which every entry is malformed also counts as too short; its entries' faults say it better.
    told = (line for line in lines if line["type"] != "too_short" or _steps(line) not in steps_inside)
    return list(dict.fromkeys(fault_at(_steps(line), line) for line in told))


def _steps(line: ErrorDetails) -> tuple[int | str, ...]:
    steps = line["loc"]
    if steps[:1] == ("items",):  # after an item's position pydantic puts its type, which is no step of the document
        steps = steps[:2] + steps[3:]
    if line["type"].startswith("union_tag"):
        steps = (*steps, "type")
    return steps
