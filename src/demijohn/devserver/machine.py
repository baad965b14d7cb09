"""What of the machine this process may use, and how much of it another one does.

In a container both are less than the machine has; what the system says of the container is read, where it says it.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

_GROUPS = Path("/sys/fs/cgroup")


def usable_cores(groups: Path = _GROUPS, own: Path = Path("/proc/self/cgroup")) -> int:
    """How many cores this process may use: those it may run on, and no more than its control group's quota."""
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    for quota in _quotas(groups, own):
        cores = min(cores, max(1, int(quota)))
    return max(1, cores)


def _quotas(groups: Path, own: Path) -> Iterator[float]:
    """The quotas of the control group and of those it is in, in cores."""
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        place = Path(path.lstrip("/"))
        if not controllers:  # version 2: one tree
            for folder in (place, *place.parents):
                yield from _quota(groups / folder / "cpu.max")
        elif "cpu" in controllers.split(","):
            for folder in (place, *place.parents):
                yield from _old_quota(groups / "cpu" / folder)


def _quota(file: Path) -> Iterator[float]:
    try:
        most, period = file.read_text().split()
        if most != "max":
            yield int(most) / int(period)
    except (OSError, ValueError):
        return


def _old_quota(folder: Path) -> Iterator[float]:
    try:
        most = int((folder / "cpu.cfs_quota_us").read_text())
        period = int((folder / "cpu.cfs_period_us").read_text())
    except (OSError, ValueError):
        return
    if most > 0 and period > 0:
        yield most / period


def resident_size(pid: int) -> int:
    """The bytes of memory that a process keeps; 0 when that cannot be told."""
    try:
        with open(f"/proc/{pid}/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        pass
    try:
        shown = subprocess.run(
            ["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True
        )
        return int(shown.stdout) * 1024
    except (OSError, ValueError, subprocess.SubprocessError):
        return 0
