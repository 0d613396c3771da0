"""The right behind a code that somebody sends: read by its MAC alone, before anything is looked up."""

from service.campaigns.codes import CODE_LENGTH, LONG_CODE_LENGTH, Codes, NotACode, Right
from service.campaigns.problems import WayNotPromised
from service.campaigns.promises.contract import participation_of
from service.kit.clock import Clock
from service.kit.limits import FailureLimit
from service.responses.problems import CodeRefused, TooManyWrongCodes
from service.responses.waves import LaunchedWave


def right_of(code: str, codes: Codes, limit: FailureLimit, clock: Clock) -> Right:
    """The right; what is no code is counted by the wave that it claims to be of.

    Raises:
        CodeRefused: it is no code, or its hour is over.
        TooManyWrongCodes: there were too many that are none.
    """
    try:
        right = codes.read(code)
    except NotACode:
        if not limit.allows(_claimed_wave(code)):
            raise TooManyWrongCodes(headers={"Retry-After": "60"}) from None
        raise CodeRefused from None
    # No guess, since its MAC is right: one that has expired is refused and not counted.
    if right.expires_at and clock().timestamp() >= right.expires_at:
        raise CodeRefused
    return right


def check_way(right: Right, wave: LaunchedWave) -> None:
    """Raises WayNotPromised where the contract does not name the way of this code."""
    # A code that is good for longer than an hour is a link's.
    if not right.expires_at and "links" not in participation_of(wave.contract)["ways"]:
        raise WayNotPromised


def _claimed_wave(code: str) -> str:
    """What limits wrong codes: the part of a code that names tenant and wave; one bucket for what is no code.

    The first two letters are left out: they hold the version, which would give a guesser more than one bucket.
    """
    return code[2:44] if len(code) in {CODE_LENGTH, LONG_CODE_LENGTH} else ""
