"""Child processes that end when we end, however we end."""

import ctypes
import os
import pwd
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
LOG_ROTATED_AT_BYTES = 10_000_000
UNPRIVILEGED_USER = "nobody"

_libc = ctypes.CDLL(None, use_errno=True)


class ServiceError(RuntimeError):
    """A service could not be started, or ended by itself. The text is for the person at the terminal."""


@dataclass
class Service:
    """A started program. It leads a session of its own, so that Ctrl-C reaches the supervisor alone."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    stop_signal: signal.Signals
    patience: float = 15.0

    def refuse_if_ended(self) -> None:
        if self.process.poll() is not None:
            raise ServiceError(f"{self.name} ended by itself (exit {self.process.returncode}). {log_tail(self.log)}")

    def stop(self) -> None:
        """Ask it to end, wait for `patience` seconds, then end it with all its children."""
        if self.process.poll() is None:
            self.process.send_signal(self.stop_signal)
            try:
                self.process.wait(self.patience)
            except subprocess.TimeoutExpired:
                print(f"{self.name} does not end by itself and is killed", file=sys.stderr)
        end_group(self.process)


def start(
    name: str,
    argv: Sequence[str | Path],
    *,
    log: Path,
    stop_signal: signal.Signals = signal.SIGTERM,
    death_signal: signal.Signals = signal.SIGKILL,
    as_user: Mapping[str, Any] | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | str = "/",
) -> Service:
    """Start a program that writes to `log` and gets `death_signal` when this process dies.

    The kernel sends that signal when the *thread* that started the program ends: call this from the main thread.
    """
    rotate(log)
    with log.open("ab") as output:
        process = subprocess.Popen(
            [str(part) for part in argv],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=cwd,
            start_new_session=True,
            preexec_fn=dying_with(os.getpid(), death_signal),
            **(as_user or {}),
        )
    return Service(name, process, log, stop_signal)


def die_with_parent(death_signal: signal.Signals = signal.SIGKILL) -> None:
    """Let the kernel send this process `death_signal` when its parent ends. Linux only; elsewhere nothing happens."""
    if sys.platform == "linux":
        _libc.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)


def dying_with(parent: int, death_signal: signal.Signals) -> Callable[[], None]:
    """For Popen's `preexec_fn`: it runs after the change of user, which would clear the kernel's setting."""

    def prepare() -> None:
        die_with_parent(death_signal)
        if os.getppid() != parent:
            os._exit(1)

    return prepare


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of the session that `process` leads, and reap it."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_until(what: str, answers: Callable[[], bool], *, service: Service | None = None, seconds: float = 60) -> None:
    """Ask `answers` until it is true. Raises ServiceError when the time is over or `service` has ended."""
    deadline = time.monotonic() + seconds
    while not answers():
        if service:
            service.refuse_if_ended()
        if time.monotonic() > deadline:
            raise ServiceError(f"{what} did not answer within {seconds:.0f} s. {log_tail(service.log) if service else ''}")
        time.sleep(0.05)


def unprivileged() -> dict[str, Any]:
    """Popen's arguments for a program that refuses root: empty for an ordinary user."""
    if os.geteuid() != 0:
        return {}
    account = pwd.getpwnam(UNPRIVILEGED_USER)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def give_to_unprivileged(path: Path) -> None:
    """Make the user that `unprivileged` names the owner, where we are root."""
    account = unprivileged()
    if account:
        os.chown(path, account["user"], account["group"])


def succeeds_unprivileged(*argv: str | Path) -> bool:
    """Does this command succeed for the user that `unprivileged` names?"""
    try:
        done = subprocess.run([str(part) for part in argv], cwd="/", capture_output=True, check=False, **unprivileged())
    except OSError:
        return False
    return done.returncode == 0


def write_private(path: Path, text: str) -> None:
    """Write a file that its owner alone can read, from its first byte on."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def rotate(log: Path) -> None:
    if log.exists() and log.stat().st_size > LOG_ROTATED_AT_BYTES:
        log.replace(log.with_suffix(".old.log"))


def log_tail(log: Path, lines: int = 12) -> str:
    try:
        last = log.read_text(errors="replace").splitlines()[-lines:]
    except FileNotFoundError:
        return ""
    return "\n  ".join([f"The end of {log}:", *last])
