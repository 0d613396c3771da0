"""What collection refuses."""

from service.problems import Conflict, Forbidden, Problem


class CodeRefused(Forbidden):
    """The code is not one of ours, or not for this wave, or its hour is over; which of these is not said."""

    slug, title = "code-refused", "This participation code is not valid"


class CodeSpent(Conflict):
    """This code has been used already, by another submission."""

    slug, title = "code-spent", "This participation code has been used"


class Unconfirmed(Problem):
    """The connection to the database broke while the answers were being kept: they may be, or may not.

    Send the same again, with the same nonce: they count once.
    """

    slug, title, status = "unconfirmed", "It is not known whether the answers were kept", 503
    retry_after_s = 1


class TooManyWrongCodes(Problem):
    """Too many wrong codes for this wave in a short time; only wrong codes count."""

    slug, title, status = "too-many-wrong-codes", "Too many wrong codes", 429


class CodeMistyped(Problem):
    """A symbol of the short code is missing or wrong; nothing was counted, look at it again."""

    slug, title, status = "code-mistyped", "This code has a typing error", 422


class SignInNotAccepted(Forbidden):
    """The sign-in proves nothing here: not of this organisation's issuer, not for it, expired, or altered."""

    slug, title = "sign-in-not-accepted", "This sign-in is not accepted"
