"""Failures that the person at the terminal can mend."""


class Mendable(Exception):
    """What stands in the way and what to do about it, in a sentence that is shown as it is; it repeats no secret."""
