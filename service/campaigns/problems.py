"""What campaigns refuse."""

from service.problems import Busy, Conflict, Forbidden, Invalid, NotFound


class WrongState(Conflict):
    """The campaign's or wave's state does not allow this step."""

    slug, title = "wrong-state", "This step is not possible in the present state"


class PlanNotSupported(Invalid):
    """A breakdown is no org tree with at most two dimensions, the tree alone is missing, or a threshold is too high.

    Breakdowns by dimensions are proved safe by looking at every group under the threshold.
    """

    slug, title = "plan-not-supported", "This breakdown is not supported"


class UnknownDimension(Invalid):
    """The plan or the audience names a dimension, or a value of one, that is not declared."""

    slug, title = "unknown-dimension", "A dimension or a value is not declared"


class PlanTooLarge(Conflict):
    """Units times values, or the combinations that people have, are more than one release may have."""

    slug, title = "plan-too-large", "The plan has too many cells"


class UnknownUnit(Invalid):
    """The audience, or a site of the schedule, is a unit that does not exist in its `source`."""

    slug, title = "unknown-unit", "A unit is not known"


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


class RulesAltered(Conflict):
    """The organisation's rules are not as an administrator put them, or are from before they were signed.

    Somebody may have written to the database; nothing goes by them until an administrator puts them again.
    """

    slug, title = "rules-altered", "The organisation's rules have to be put again"


class WaveKeyNotReady(Busy):
    """The worker has not made a key pair yet; nothing was changed, try again in a moment."""

    slug, title = "wave-key-not-ready", "No wave key is ready yet"


class ForecastBusy(Busy):
    """Other forecasts are under way, or this one takes more than a minute; try again, or with fewer breakdowns."""

    slug, title = "forecast-busy", "The forecast takes too long at present"


class AudiencesIsolate(Conflict):
    """Together with those of campaigns that ask the same within 90 days, the audience singles out too few people.

    Some combination of the audiences holds fewer than k people, in the whole or in a unit; ask the same people as the
    other campaign does, or other questions.
    """

    slug, title = "audiences-isolate", "This audience, beside earlier ones, would single out too few people"


class ApprovalNeeded(Conflict):
    """This organisation wants a second person: propose the launch, and let the holder of another key approve it."""

    slug, title = "approval-needed", "A launch needs a second person's approval"


class ApprovalNotNeeded(Conflict):
    """Nobody's approval is asked for here: launch the campaign."""

    slug, title = "approval-not-needed", "A launch needs no approval here"


class ApprovalOfOneself(Forbidden):
    """Whoever proposed a launch can not approve it."""

    slug, title = "approval-of-oneself", "Somebody else has to approve this launch"


class WayNotPromised(Conflict):
    """The campaign's contract names other ways of taking part than this one."""

    slug, title = "way-not-promised", "This wave's contract does not name this way of taking part"


class OriginNotAllowed(Forbidden):
    """A page of this origin may not show the organisation's surveys; `PUT /v1/campaign-rules` names those that may."""

    slug, title = "origin-not-allowed", "Pages of this origin are not among those that the organisation allows"


class WaveNotOpen(Conflict):
    """The wave does not accept answers: not yet open, closed, or cancelled.

    Where it is the person's site that opens later than the wave, by its own zone, `detail` says when.
    """

    slug, title = "wave-not-open", "This survey does not accept answers now"


class RemindersNotPromised(Conflict):
    """The campaign's contract says that nobody is told who has answered."""

    slug, title = "reminders-not-promised", "This wave's contract allows no reminders"


class TooFewPending(Conflict):
    """Fewer than k people have answered, or fewer than k have not: who they are is told to nobody."""

    slug, title = "too-few-pending", "Too few people have answered, or too few have not"


class HandedOutAlready(Conflict):
    """Codes without a spending record are drawn at random and handed out once: nothing is left to repeat them from."""

    slug, title = "handed-out-already", "The codes of this wave were handed out already"


class NotInvited(NotFound):
    """Nobody of that id is on the roster of an open wave."""

    slug, title = "not-invited", "This person is not invited"


class ScheduleRefused(Invalid):
    """The schedule is not understood, never comes due, comes due too often, or its waves overlap."""

    slug, title = "schedule-refused", "This schedule is not possible"


class RotationRefused(Invalid):
    """Items can not be drawn so from this questionnaire."""

    slug, title = "rotation-refused", "Items can not be drawn like this"


class ScheduleOver(Conflict):
    """The schedule has no time left at which a wave could open."""

    slug, title = "schedule-over", "The schedule is over"


class NotRecurring(Conflict):
    """This campaign has one wave, and no schedule."""

    slug, title = "not-recurring", "This campaign has no schedule"


class PolicyTooWeak(Invalid):
    """The organisation's own rules demand more than this."""

    slug, title = "policy-too-weak", "The organisation demands higher thresholds"
