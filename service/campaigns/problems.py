"""What campaigns refuse."""

from service.problems import Busy, Conflict, Invalid


class WrongState(Conflict):
    """The campaign's or wave's state does not allow this step."""

    slug, title = "wrong-state", "This step is not possible in the present state"


class PlanNotSupported(Invalid):
    """A breakdown is no org tree with at most two dimensions, the tree alone is missing, or a threshold is too high.

    Breakdowns by dimensions are proved safe by looking at every group under the threshold.
    """

    slug, title = "plan-not-supported", "This breakdown is not supported"


class UnknownDimension(Invalid):
    """The plan names a dimension that is not declared."""

    slug, title = "unknown-dimension", "The plan names an unknown dimension"


class PlanTooLarge(Conflict):
    """Units times values, or the combinations that people have, are more than one release may have."""

    slug, title = "plan-too-large", "The plan has too many cells"


class UnknownUnit(Invalid):
    """The audience names a unit that does not exist."""

    slug, title = "unknown-unit", "The audience names an unknown unit"


class UnknownQuestionnaire(Invalid):
    """No questionnaire of this tenant has that key."""

    slug, title = "unknown-questionnaire", "No questionnaire has this key"


class AudienceTooSmall(Conflict):
    """Fewer people are invited than the larger of 10 and twice k, collusion included.

    A result could hardly ever be published, and silence would tell.
    """

    slug, title = "audience-too-small", "Too few people are invited"


class ContractBroken(Conflict):
    """Contract or roster are not those of the launch: somebody wrote to the database. No code is handed out."""

    slug, title = "contract-broken", "The roster is not the one that was promised"


class WaveKeyNotReady(Busy):
    """The worker has not made a key pair yet; nothing was changed, try again in a moment."""

    slug, title = "wave-key-not-ready", "No wave key is ready yet"


class ForecastBusy(Busy):
    """Other forecasts are under way, or this one takes more than a minute; try again, or with fewer breakdowns."""

    slug, title = "forecast-busy", "The forecast takes too long at present"
