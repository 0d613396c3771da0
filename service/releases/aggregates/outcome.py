"""What goes with the outcome, out of a release's manifest alone: relative weights of everybody together. Pure."""

from collections.abc import Mapping
from typing import Any

from service.releases.aggregates.schemas import Driver, DriverMeasure, DriversOut
from service.releases.statistics_schemas import Drivers
from service.releases.tables import Release


def drivers(release: Release, wave_number: int, *, whole: bool) -> DriversOut:
    """What the release tells; `whole`: to somebody who is told of everybody together. Nobody else learns whether it is.

    Raises KeyError for a manifest that does not describe what it tells of.
    """
    head = {"release_id": release.release_id, "wave_number": wave_number, "released_at": release.released_at}
    stored = release.manifest.get("statistics", {}).get("drivers") if whole else None
    if stored is None:
        return DriversOut(
            **head,
            status="withheld",
            reason="protected",
            n=None,
            measures=None,
            outcome=None,
            r_squared=None,
            data=[],
        )
    told = Drivers.model_validate(stored)
    described = {one["id"]: one for one in release.manifest["measures"]}
    return DriversOut(
        **head,
        status="published",
        reason=None,
        n=told.n,
        measures=told.measures,
        outcome=DriverMeasure(**_named(described[told.outcome])),
        r_squared=told.r_squared,
        data=[
            Driver(**_named(described[one.scale]), share=one.share, correlation=one.correlation) for one in told.weights
        ],
    )


def _named(measure: Mapping[str, Any]) -> dict[str, Any]:
    return {"measure": measure["id"], "kind": measure["kind"], "text": measure["text"]}
