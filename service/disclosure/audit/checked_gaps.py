"""Whether the numbers of a scale with gaps agree with each other and with those of its items."""

from collections.abc import Sequence

import numpy as np

from service.disclosure.audit.figures import Gaps, Measured
from service.disclosure.audit.model import AuditRefused


def scored(measure: Measured, gaps: Gaps, parts: Sequence[Measured]) -> None:
    """Raises AuditRefused, which names the measure and no number of people.

    `measure` and `parts` are known to have one number for each class.
    """
    if any(part.parts for part in parts):
        raise AuditRefused(f"{measure.id}: it scores people with gaps, and a part of it is no item")
    sizes, classes = len(gaps.people), len(measure.n)
    arrays = ((gaps.people, (sizes, classes)), (gaps.answered, (sizes, len(parts), classes)))
    if any(array.dtype != np.int64 or array.shape != shape for array, shape in arrays):
        raise AuditRefused(f"{measure.id}: its people with gaps are not whole numbers by size, item and class")
    if not 1 <= sizes <= len(parts):
        raise AuditRefused(f"{measure.id}: it scores people who answered nothing, or more than all items")
    if (gaps.answered < 0).any() or (gaps.answered > gaps.people[:, None]).any():
        raise AuditRefused(f"{measure.id}: more people with gaps answered an item than there are, or fewer than nobody")
    answers = np.array(gaps.sizes, np.int64)[:, None] * gaps.people
    if (gaps.people.sum(axis=0) != measure.n).any() or (gaps.answered.sum(axis=1) != answers).any():
        raise AuditRefused(f"{measure.id}: its people with gaps are not its respondents, or not by what they answered")
    unscored = np.array([part.n for part in parts], np.int64) - gaps.answered.sum(axis=0)
    if (unscored < 0).any():
        raise AuditRefused(f"{measure.id}: more of its respondents answered an item than did at all")
    most = (gaps.sizes[0] - 1) * measure.partial
    if (measure.partial < unscored.max(axis=0)).any() or (unscored.sum(axis=0) > most).any():
        raise AuditRefused(f"{measure.id}: its partial respondents are not those who answered too few items")
    if (measure.partial > unscored.sum(axis=0)).any():
        raise AuditRefused(f"{measure.id}: its partial respondents are not those who answered too few items")
