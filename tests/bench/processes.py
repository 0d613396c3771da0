"""What the kernel counts of a process: processor time and memory, from /proc (Linux)."""

import os
from contextlib import suppress
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far, in seconds, to 0.01 s."""
    utime, stime = _fields(pid)[11:13]
    return (int(utime) + int(stime)) / _TICKS


def cpu_seconds_with_children(pid: int) -> float:
    """The same, with the processes that it started and that still run."""
    seconds = cpu_seconds(pid)
    for child in _children(pid):
        with suppress(FileNotFoundError, ProcessLookupError):  # gone meanwhile
            seconds += cpu_seconds(child)
    return seconds


def busy_seconds() -> float:
    """Processor time that all processes of this machine used so far."""
    first = (_PROC / "stat").read_text(encoding="ascii").splitlines()[0].split()
    user, nice, system, _, _, irq, softirq, steal = (int(field) for field in first[1:9])
    return (user + nice + system + irq + softirq + steal) / _TICKS


def memory_mib(pid: int | None = None) -> tuple[float, float]:
    """Resident memory of a process now, and its peak; in MiB.

    The peak is that of the program now running: `getrusage` would carry over the size of the process it was forked
    from.
    """
    status = (_PROC / str(pid or os.getpid()) / "status").read_text(encoding="utf-8")
    rows = dict(line.split(":", 1) for line in status.splitlines())
    now, peak = (int(rows[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))
    return now, peak


def event_loop(pid: int) -> str:
    """Which event loop a process runs, told by what it wakes itself up with: libuv has an eventfd, asyncio has none."""
    for entry in (_PROC / str(pid) / "fd").iterdir():
        try:
            if "[eventfd]" in str(entry.readlink()):
                return "uvloop"
        except FileNotFoundError:
            continue  # closed meanwhile
    return "asyncio"


def _fields(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name, which may hold spaces."""
    return (_PROC / str(pid) / "stat").read_text(encoding="utf-8").rpartition(") ")[2].split()


def _children(pid: int) -> list[int]:
    found = []
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            try:
                parent = int(_fields(int(entry.name))[1])
            except (FileNotFoundError, ProcessLookupError):
                continue  # gone meanwhile
            if parent == pid:
                found.append(int(entry.name))
    return found
