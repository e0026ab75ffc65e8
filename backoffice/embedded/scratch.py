"""Temporary folders of throw-away servers, removed even when their owner was killed: by the next one who makes one."""

import fcntl
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backoffice.embedded.processes import give_to_unprivileged, succeeds_unprivileged

PREFIX = "holdfast-scratch-"
LONGEST_SOCKET_FOLDER = 80
FORGOTTEN_AFTER_SECONDS = 60


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder of the user that `unprivileged` names, for its owner alone, gone at the end of the block."""
    remove_forgotten_folders()
    home = Path(tempfile.mkdtemp(prefix=PREFIX, dir=scratch_parent()))
    try:
        with (home / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            give_to_unprivileged(home)
            yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def remove_forgotten_folders() -> None:
    """Remove those whose owner is gone: a living owner holds the lock."""
    for home in scratch_parent().glob(f"{PREFIX}*"):
        try:
            if time.time() - home.stat().st_mtime < FORGOTTEN_AFTER_SECONDS:
                continue
            with (home / "lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(home, ignore_errors=True)
        except OSError:
            continue


def scratch_parent() -> Path:
    """A folder for temporary files that leaves room for a socket's name and that `nobody` can enter."""
    parent = Path(tempfile.gettempdir())
    if len(str(parent)) > LONGEST_SOCKET_FOLDER or not succeeds_unprivileged("test", "-x", parent):
        return Path("/tmp")
    return parent
