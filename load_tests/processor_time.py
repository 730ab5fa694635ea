"""Read how much processor time and memory other processes use, from Linux's /proc."""

import os
from collections.abc import Iterable
from pathlib import Path

# proc(5): fields 14 and 15 of stat are user and system time in clock ticks; counted from behind the command's
# closing bracket, because a command may hold blanks and brackets itself.
_USER, _SYSTEM = 11, 12


def processor_seconds(pid: int) -> float:
    """Return the processor time of all threads of *pid* so far; 0.0 when there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0.0
    fields = stat.rpartition(")")[2].split()
    return (int(fields[_USER]) + int(fields[_SYSTEM])) / os.sysconf("SC_CLK_TCK")


def processor_seconds_of(pids: Iterable[int]) -> float:
    """Return the sum over *pids*."""
    return sum(processor_seconds(pid) for pid in pids)


def pss_bytes(pid: int) -> int:
    """Return the memory of *pid*, what it shares with others divided among them (proc_pid_smaps); 0 when it is gone."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        return 0
    return 0
