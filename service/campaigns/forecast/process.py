"""A forecast in a process of its own: `python -m` this, the arguments pickled on its input, the result on its output.

A core and some hundred megabytes for seconds: answers are taken in meanwhile, and both are given back.
"""

import os
import pickle
import signal
import subprocess
import sys
from subprocess import CalledProcessError

import structlog
from anyio import CapacityLimiter, run_process

from service.campaigns.problems import ForecastBusy
from service.disclosure.forecast import Forecast, forecast
from service.disclosure.grid import Grid
from service.disclosure.tree import Ints

MOST_WAITING = 4
LONGEST_S = 120
"""Longer than anybody waits: the end of one whose parent was killed."""
# It needs neither the database nor a key, and is told of neither.
_TOLD = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "NUMBA_CACHE_DIR")
_one_at_a_time = CapacityLimiter(1)
log = structlog.get_logger()


async def forecast_apart(grid: Grid, invited: Ints, rate: float, thresholds: list[int]) -> Forecast:
    """`disclosure.forecast.forecast`, one at a time; ended with whoever waits for it.

    Raises:
        ForecastBusy: too many wait already, or the process died.
    """
    if _one_at_a_time.statistics().tasks_waiting >= MOST_WAITING:
        raise ForecastBusy
    told = {name: os.environ[name] for name in _TOLD if name in os.environ}
    told["PYTHONPATH"] = os.pathsep.join(sys.path)
    given = pickle.dumps((grid, invited, rate, thresholds))
    async with _one_at_a_time:
        try:
            done = await run_process([sys.executable, "-m", __name__], input=given, stderr=subprocess.DEVNULL, env=told)
        except CalledProcessError as error:
            log.error("forecast process failed", code=error.returncode)
            raise ForecastBusy from None
    found: Forecast = pickle.loads(done.stdout)  # noqa: S301 - from a process of ours
    return found


def main() -> None:
    signal.alarm(LONGEST_S)
    given = pickle.load(sys.stdin.buffer)  # noqa: S301 - from a process of ours
    pickle.dump(forecast(*given), sys.stdout.buffer)


if __name__ == "__main__":
    main()
