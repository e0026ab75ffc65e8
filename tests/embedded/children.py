"""Helpers of these tests: who descends from a process, and a Python that an ordinary user may run."""

import os
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
NOBODY = {"user": "nobody", "group": "nogroup", "extra_groups": []}


def descendants(pid: int) -> set[int]:
    """The process and all that come from it, PostgreSQL's and Celery's children too."""
    found = {pid}
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            found |= descendants(int(child))
    return found


def wait_for_the_end_of(pids: set[int], seconds: float = 15) -> set[int]:
    """Those that still run when the time is over. A zombie that nobody reaps has ended."""
    deadline = time.monotonic() + seconds
    while (left := {pid for pid in pids if _runs(pid)}) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def python_for(user: str, sources: Path = REPOSITORY) -> tuple[str, dict]:
    """A Python, and Popen's arguments with which it runs our code in `sources` as this user; skips where that cannot be."""
    env = os.environ | {"PYTHONPATH": f"{sources}:{sysconfig.get_path('purelib')}", "PYTHONDONTWRITEBYTECODE": "1"}
    if user == "me":
        return sys.executable, {"env": env, "cwd": sources}
    if os.geteuid() != 0:
        pytest.skip("only root can become an ordinary user")
    for python in (sys.executable, shutil.which("python3", path="/usr/bin:/usr/local/bin")):
        if python and _imports(python, env):
            return python, {"env": env, "cwd": sources, **NOBODY}
    pytest.skip("no Python here can be run by an ordinary user with our packages")


def _imports(python: str, env: dict[str, str]) -> bool:
    try:
        done = subprocess.run([python, "-c", "import psycopg, redis"], env=env, cwd="/", check=False, **NOBODY)
    except OSError:
        return False
    return done.returncode == 0


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
