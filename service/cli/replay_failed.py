"""Why a replay stopped."""


class ReplayFailed(Exception):
    """The replay can not go on; the message says what to mend, and repeats no answer and no key."""
