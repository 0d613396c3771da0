"""Why a release is refused, kept with it and shown to whoever asks for its aggregates; or participation is."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from service.problems import Conflict, Forbidden, Problem


class ReleaseRefused(Exception):
    """The stored answers can not be trusted; nothing is published. `slug` is the public reason."""

    slug: ClassVar[str]


class BatchesRefused(ReleaseRefused):
    """A batch does not verify or does not open: stuffed, copied, moved or damaged."""

    slug = "batch-refused"


class CountsDisagree(ReleaseRefused):
    """The batches hold more or fewer answers than codes were spent."""

    slug = "counts-disagree"


class ClassUnknown(ReleaseRefused):
    """An answer names a class that the wave's roster does not have."""

    slug = "class-unknown"


class ContractBroken(ReleaseRefused):
    """Contract, questionnaire, units or classes are not those of the launch: somebody wrote to the database."""

    slug = "contract-broken"


class AlreadyReleased(ReleaseRefused):
    """Another release was made of these answers before; the difference of the two could be one person's."""

    slug = "already-released"


class NotProved(ReleaseRefused):
    """The auditor proved neither the whole plan's cells safe nor those of the org tree alone."""

    slug = "not-proved"


class ReleaseAltered(ReleaseRefused):
    """A release that was made before is not in the database as it was: somebody wrote to it, or took it away."""

    slug = "release-altered"


class RecutUnsafe(ReleaseRefused):
    """Groups that were asked for can not be shown beside all that was shown before; `conflicts` says which."""

    slug = "recut-unsafe"

    def __init__(self, conflicts: Sequence[Mapping[str, Any]]) -> None:
        super().__init__()
        self.conflicts = tuple(conflicts)


class KeyGone(ReleaseRefused):
    """The wave's key can not be put together. The key folder may only be away, so the job tries again for a while."""

    slug = "key-gone"


def first_line(refused: type[ReleaseRefused]) -> str:
    """What a reader of the API is told of a reason."""
    return (refused.__doc__ or "").strip().split("\n", 1)[0].rstrip(".")


class ParticipationNotRecorded(Conflict):
    """The contract says that nothing is kept of who has answered: how many did is told with the results."""

    slug, title = "participation-not-recorded", "Nothing is recorded of who has answered"


class ParticipationGone(Conflict):
    """The wave's roster is gone, with its key; or nobody is invited yet."""

    slug, title = "participation-gone", "This wave has no roster"


class WithdrawnRelease(Problem):
    """The figures are not to be used any more; `reason` says why, `replaced_by` which release to read instead."""

    slug, title, status = "release-withdrawn", "This release was withdrawn", 410


class NotPublished(Conflict):
    """Only a published release can be withdrawn: a refused one shows nothing."""

    slug, title = "not-published", "This release shows nothing that could be withdrawn"


class FormatNotInstalled(Problem):
    """Files of this format need an extra (`columns`, for a PDF `reports`) that this installation was made without."""

    slug, title, status = "format-not-installed", "This installation does not write files of this format", 501


class PageNeedsToken(Forbidden):
    """A page in a browser shows results with an access token (`POST /oauth/token`) of a key that is bound to a unit.

    What a page holds, whoever sees it can hold: a key would be good for a year, and one of no unit for everything.
    """

    slug, title = "page-needs-token", "A page needs an access token of a unit's key"
