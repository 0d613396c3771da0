"""What questionnaires refuse."""

from service.problems import Busy, Conflict, Invalid, Problem


class KeyTaken(Conflict):
    """This tenant has a questionnaire with that key already."""

    slug, title = "questionnaire-key-taken", "A questionnaire has this key already"


class KeyDiffers(Invalid):
    """A version keeps the key of its questionnaire; under another key a document is another questionnaire."""

    slug, title = "questionnaire-key-differs", "The document has another key than the questionnaire"


class Unchanged(Conflict):
    """The document says the same as the questionnaire's latest version, which therefore stays the latest."""

    slug, title = "questionnaire-unchanged", "The latest version says the same already"


class TooManyVersions(Conflict):
    """A questionnaire has 1,000 versions at most: go on under another key."""

    slug, title = "too-many-versions", "The questionnaire has as many versions as it may"


class TooManyDrafts(Conflict):
    """A tenant has 100 drafts at most: publish or delete one first."""

    slug, title = "too-many-drafts", "There are as many drafts as there may be"


class DraftMoved(Problem):
    """The draft is not at the revision that `If-Match` names: read it again, nothing was changed."""

    slug, title, status = "draft-moved", "The draft was changed meanwhile", 412


class RevisionMissing(Problem):
    """`If-Match` must carry the draft's `ETag`, so that nobody undoes unseen what somebody else wrote."""

    slug, title, status = "revision-missing", "Say which revision of the draft is meant", 428


class FileUnreadable(Invalid):
    """The file is not what `format` says, or is beyond what can be read of it; `detail` says why."""

    slug, title = "questionnaire-unreadable", "The file can not be read"


class ReadersBusy(Busy):
    """As many files are being read as can be at once, or this one took too long; nothing was stored."""

    slug, title = "readers-busy", "Too many files are being read"
