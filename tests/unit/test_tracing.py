"""What counts lines loses none of them where SQLAlchemy waits for the database in the middle of a call."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COUNTED = """\
import asyncio

from sqlalchemy.util.concurrency import await_only, greenlet_spawn


def statement(wait):
    await_only(asyncio.sleep(0))
    if wait:
        await_only(asyncio.sleep(0))
    return wait


async def inner(wait):
    found = await greenlet_spawn(statement, wait)
    if found:
        return 1
    return 2


async def handler():
    total = await inner(True)
    total += await inner(False)
    if total > 3:
        raise RuntimeError
    return total
"""
COUNT = """
import asyncio, json, sys
import coverage
sys.path[:0] = [{root!r}, {folder!r}]
count = coverage.Coverage(branch=True, include=[{counted!r}], data_file=None, config_file=False)
count.start()
from tests.fixtures import tracing
tracing._rest_in_greenlets()
import counted
for _ in range(3):
    asyncio.run(counted.handler())
count.stop()
print(json.dumps([count.analysis2({counted!r})[3], sorted(count.get_data().arcs({counted!r}))]))
"""
STATEMENT = range(6, 11)
"""Inside of it the tracer rests."""


def test_lines_and_branches_behind_a_wait_are_counted(tmp_path: Path) -> None:
    counted = tmp_path / "counted.py"
    counted.write_text(COUNTED)
    script = COUNT.format(root=str(ROOT), folder=str(tmp_path), counted=str(counted))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    missing, arcs = json.loads(done.stdout)
    lines = COUNTED.splitlines()
    never = lines.index("        raise RuntimeError") + 1
    assert [line for line in missing if line not in STATEMENT] == [never]
    ours = {line for arc in arcs for line in arc}
    assert max(ours) <= len(lines)
    condition = lines.index("    if found:") + 1
    assert {to for start, to in arcs if start == condition} == {condition + 1, condition + 2}
    assert {to for start, to in arcs if start == never - 1} == {never + 1}
