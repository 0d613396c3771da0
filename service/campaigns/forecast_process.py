"""A forecast in a process of its own: `python -m` this, the arguments pickled on its input, the result on its output.

A core and some hundred megabytes for seconds: answers are taken in meanwhile, and both are given back.
"""

import os
import pickle
import subprocess
import sys

from anyio import CapacityLimiter, run_process

from service.disclosure.forecast import Forecast, forecast
from service.disclosure.grid import Grid
from service.disclosure.tree import Ints

_one_at_a_time = CapacityLimiter(1)


async def forecast_apart(grid: Grid, invited: Ints, rate: float, thresholds: list[int]) -> Forecast:
    """`disclosure.forecast.forecast`, one at a time; ended with whoever waits for it."""
    # It needs neither the database nor a key, so it is not told where they are.
    told = {name: value for name, value in os.environ.items() if not name.startswith("POULS_")}
    told["PYTHONPATH"] = os.pathsep.join(sys.path)
    async with _one_at_a_time:
        done = await run_process(
            [sys.executable, "-m", __name__],
            input=pickle.dumps((grid, invited, rate, thresholds)),
            stderr=subprocess.DEVNULL,
            env=told,
        )
    found: Forecast = pickle.loads(done.stdout)  # noqa: S301 - from a process of ours
    return found


def main() -> None:
    given = pickle.load(sys.stdin.buffer)  # noqa: S301 - from a process of ours
    pickle.dump(forecast(*given), sys.stdout.buffer)


if __name__ == "__main__":
    main()
