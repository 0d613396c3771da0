"""Why a release is refused, kept with it and shown to whoever asks for its aggregates."""

from typing import ClassVar


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


class KeyGone(ReleaseRefused):
    """The wave's key can not be put together. The key folder may only be away, so the job tries again for a while."""

    slug = "key-gone"
