"""How many people were invited, by class: an interval takes account of how many of a group have answered."""

from collections.abc import Mapping

import numpy as np
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from service.campaigns.tables import Wave
from service.disclosure.tree import Ints

_INVITED = text("""
    SELECT label, count(*) AS people FROM roster_line WHERE tenant_id = :tenant AND wave_id = :wave GROUP BY label
""")


async def by_label(tx: AsyncSession, wave: Wave) -> dict[int, int]:
    """People on the roster by the label of their class."""
    scope = {"tenant": wave.tenant_id, "wave": wave.wave_id}
    return {row.label: row.people for row in await tx.execute(_INVITED, scope)}


def by_class(on_roster: Mapping[int, int] | None, classes: Mapping[int, int], respondents: Ints) -> Ints | None:
    """People invited, int64 [classes]; `on_roster` by label, `classes` the number of each label's class.

    None where the roster was not asked, or where fewer people are left on it than answered: whoever was erased from it
    must not be told from the width of an interval.
    """
    if on_roster is None:
        return None
    found = np.zeros_like(respondents)
    for label, people in on_roster.items():
        found[classes[label]] += people
    return None if (found < respondents).any() else found
