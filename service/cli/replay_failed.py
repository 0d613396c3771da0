"""Why a replay stopped."""

from service.kit.mendable import Mendable


class ReplayFailed(Mendable):
    """The replay can not go on; the message says what to mend, and repeats no answer and no key."""
