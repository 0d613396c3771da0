"""Participation as rows of a release, so that it can be read when the roster is gone: in OData and in `bi`.

A wave's own release keeps what the endpoint tells of each whole unit at the moment when the release is made, word by
word: the same look, the same steps, the same units withheld. No look is taken for it that the endpoint could not have
been asked for: respondents are promised one a day at most, and none before k more people have answered, and a promise
holds where results are made as well. So the rows are one of the answers that the endpoint gives, and tell nothing
beside the others. Where somebody had looked on the day of the closing already, they are of that look, and `looked_at`
says so; the endpoint may come to know more on the next day. After the closing nobody answers and nobody leaves the
roster, so that invited people and withheld units stay the same.

Recuts and interim results have none. Nor has a release of a contract without a spending record, one whose roster was
gone by then, or one of before there were these rows.

They are not in the release's digest. It is what the key folder remembers, and it must come out again of the same
answers where a worker was stopped half-way; a look is not of the answers. And digests made before stay as they are.
"""

from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from service.campaigns.tables import Wave
from service.releases import participation
from service.releases.opened import Agreed, Opened
from service.releases.orgtree import OrgTree
from service.releases.tables import Release, ReleaseParticipation

_TOLD = ("invited", "status", "reason", "percent", "bound")


async def keep(tx: AsyncSession, wave: Wave, release: Release, agreed: Agreed, found: Opened, now: datetime) -> None:
    """Write down what is told of participation now, beside a wave's own release, in the caller's transaction."""
    if agreed.drawn_serials or not wave.invited:
        return
    tree = OrgTree.of(found.units)  # whose places come first in the release, in this order
    looked = await participation.looked(tx, wave, tree, agreed.policy, now)
    if looked is None:
        return
    rows = [
        {
            "tenant_id": release.tenant_id,
            "release_id": release.release_id,
            "node": node,
            "looked_at": looked.looked_at,
            **{name: getattr(unit, name) for name in _TOLD},
        }
        for node, unit in enumerate(looked.units)
    ]
    await tx.execute(insert(ReleaseParticipation), rows)
