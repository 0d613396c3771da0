"""What webhooks refuse."""

from service.problems import Conflict, Problem


class TooManyEndpoints(Conflict):
    """A tenant has 20 webhook endpoints at most: delete one first."""

    slug, title = "too-many-endpoints", "There are as many endpoints as there may be"


class EndpointAltered(Conflict):
    """Somebody wrote this endpoint to the database: nothing is sent to it. Delete it, and make it anew."""

    slug, title = "endpoint-altered", "The endpoint is not as it was made"


class EndpointDisabled(Conflict):
    """Nothing is sent to an endpoint that is disabled: post to its `enable` first."""

    slug, title = "endpoint-disabled", "The endpoint is disabled"


class EndpointMoved(Problem):
    """The endpoint is not at the revision that `If-Match` names: read it again, nothing was changed."""

    slug, title, status = "endpoint-moved", "The endpoint was changed meanwhile", 412


class EndpointRevisionMissing(Problem):
    """`If-Match` must carry the endpoint's `ETag`, so that nobody undoes unseen what somebody else wrote."""

    slug, title, status = "endpoint-revision-missing", "Say which revision of the endpoint is meant", 428


class TooManyEvents(Conflict):
    """More than 10,000 events would be sent again at once: ask for a shorter period."""

    slug, title = "too-many-events", "These are too many events at once"


class CursorAhead(Problem):
    """This cursor is ahead of the newest event: it comes from elsewhere, or from a database of before. Begin anew."""

    slug, title, status = "cursor-ahead", "The cursor is not of this tenant's events", 400


class EventsGone(Problem):
    """Events behind this cursor are older than 30 days and no more: read what they were about, then begin anew."""

    slug, title, status = "events-gone", "Some of the events behind this cursor are no more", 410
