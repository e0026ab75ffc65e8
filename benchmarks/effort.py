"""How much processor time the servers took, all their processes together. It tells costs apart where a machine is shared."""

import os
from dataclasses import dataclass
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Effort:
    """Seconds of processor time of gunicorn and of PostgreSQL, since they started."""

    web: float
    database: float

    def since(self, earlier: "Effort") -> "Effort":
        return Effort(self.web - earlier.web, self.database - earlier.database)


NOTHING = Effort(0, 0)


def effort(web: int, database: int) -> Effort:
    """Of these two processes and all that they started. Linux only; elsewhere nothing."""
    return Effort(_seconds(web), _seconds(database))


def parent_of(pid: int) -> int:
    return int(_stat(pid)[1])


def _seconds(root: int) -> float:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                children.setdefault(parent_of(int(entry.name)), []).append(int(entry.name))
            except OSError:
                continue
    total, left = 0, [root]
    while left:
        pid = left.pop()
        left += children.get(pid, [])
        try:
            total += sum(int(part) for part in _stat(pid)[11:15])  # its own, and its ended children's
        except OSError:
            continue
    return total / TICK


def _stat(pid: int) -> list[str]:
    """The fields after the program's name: state, parent, …"""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
