"""`make run`: starts everything, waits until each part really answers, and ends everything in reverse order.

When this process is killed, the kernel ends what it started (see `processes.die_with_parent`).
"""

import fcntl
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import IO, Any

from backoffice.embedded.processes import Service, ServiceError, dying_with, is_free, start, wait_until
from backoffice.embedded.services import log_folder, start_services
from backoffice.embedded.state import data_folder

FIRST_PORT, PORTS_TRIED = 8000, 100
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
START_PATIENCE = timedelta(minutes=2)


class AlreadyRunning(ServiceError):
    """Another supervisor looks after this folder."""


class StopRequested(BaseException):
    """Ctrl-C, SIGTERM, or a closed terminal."""


def run_site(base: Path, environment: Mapping[str, str]) -> int:
    """Run a development site until it is asked to stop; gives the exit code."""
    _listen_for_stop()
    try:
        with only_one(base), ExitStack() as stack:
            env = site_env(base, environment, stack)
            _run_until_stopped(base, env, stack)
    except StopRequested:
        print("\nStopped. Your data is kept; `make reset` drops it.")
        return 0
    except ServiceError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


def site_env(base: Path, environment: Mapping[str, str], stack: ExitStack) -> dict[str, str]:
    """Start PostgreSQL and Valkey where they are not given; gives the environment of the site's processes."""
    if environment.get("HOLDFAST_ENV", "development") != "development":
        raise ServiceError("This starts development sites only, but HOLDFAST_ENV says otherwise.")
    _say("Starting PostgreSQL and Valkey")
    services = start_services(base, environment, stack)
    return dict(environment) | services | {"HOLDFAST_ENV": "development", "PYTHONUNBUFFERED": "1"}


@contextmanager
def only_one(base: Path) -> Iterator[None]:
    """One supervisor a folder, and so exactly one beat. Raises AlreadyRunning when there is one."""
    data_folder(base).mkdir(mode=0o711, exist_ok=True)
    with (data_folder(base) / "supervisor.lock").open("a+") as lock:
        _lock(lock)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _lock(lock: IO[str]) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        raise AlreadyRunning(f"Holdfast already runs in this folder (process {lock.read()}).") from None


def _run_until_stopped(base: Path, env: dict[str, str], stack: ExitStack) -> None:
    _say("Migrating the database and telling the demonstration story")
    told = prepare(base, env)
    host, port = env.get("HOLDFAST_HOST") or "127.0.0.1", _http_port(env)
    began = time.time()
    parts = _start_parts(base, env, host, port, stack)
    _say("Waiting until the pages, the worker and beat answer")
    _wait_until_all_answer(parts, env, host, port, began)
    print(f"\nHoldfast is ready: http://{host}:{port}/admin/\n{told}\nLogs: {log_folder(base)}   Ctrl-C stops it.", flush=True)
    while True:
        time.sleep(0.5)
        for part in parts.values():
            part.refuse_if_ended()


def prepare(base: Path, env: Mapping[str, str]) -> str:
    """Migrate and seed; gives what the seeding has to tell (the demonstration logins)."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "prepare_site"],
        cwd=base,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=dying_with(os.getpid(), signal.SIGKILL),
    )
    try:
        told, complaints = process.communicate()
    except BaseException:
        process.kill()
        process.wait()
        raise
    if process.returncode:
        raise ServiceError(f"Preparing the site failed:\n{told}{complaints}")
    return told


def _start_parts(base: Path, env: Mapping[str, str], host: str, port: int, stack: ExitStack) -> dict[str, Service]:
    celery = [sys.executable, "-m", "celery", "--quiet", "--app=backoffice.celery"]
    programs = {
        "web": [sys.executable, "-m", "gunicorn", "--config=python:backoffice.gunicorn", f"--bind={host}:{port}"],
        "worker": [*celery, "worker", "--concurrency=2", "--without-gossip", "--without-mingle"],
        "beat": [*celery, "beat"],
    }
    parts = {}
    for name, argv in programs.items():
        parts[name] = start(name, argv, log=log_folder(base) / f"{name}.log", env=env, cwd=base)
        stack.callback(parts[name].stop)
    return parts


def _wait_until_all_answer(parts: Mapping[str, Service], env: Mapping[str, str], host: str, port: int, began: float) -> None:
    seconds = START_PATIENCE.total_seconds()
    wait_until("The web server", lambda: bool(_readiness(host, port)), service=parts["web"], seconds=seconds)
    wait_until("The worker", lambda: _worker_answers(env["REDIS_URL"]), service=parts["worker"], seconds=seconds)
    wait_until("Beat", lambda: _is_fresh(_readiness(host, port), began), service=parts["beat"], seconds=seconds)


def _readiness(host: str, port: int) -> dict[str, Any]:
    """What /health/ready says, or nothing while nobody answers there."""
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/health/ready")
        return dict(json.loads(connection.getresponse().read()))
    except (OSError, ValueError, http.client.HTTPException):
        return {}
    finally:
        connection.close()


def _is_fresh(readiness: dict[str, Any], began: float) -> bool:
    """All is well, and beat's last sign of life was given by the beat that we started."""
    if readiness.get("status") != "ready":
        return False
    return float(readiness["checks"]["beat"]["age_seconds"]) < time.time() - began


def _worker_answers(broker_url: str) -> bool:
    from celery import Celery

    with Celery(broker=broker_url, set_as_current=False) as caller:
        return bool(caller.control.ping(timeout=1.0))


def _http_port(env: Mapping[str, str]) -> int:
    wanted = int(env.get("HOLDFAST_PORT") or FIRST_PORT)
    for port in range(wanted, wanted + PORTS_TRIED):
        if is_free(port):
            if port != wanted:
                _say(f"Port {wanted} is taken; using {port}")
            return port
    raise ServiceError(f"No port from {wanted} to {wanted + PORTS_TRIED - 1} is free.")


def _listen_for_stop() -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)  # the first one is enough
        raise StopRequested

    for number in STOP_SIGNALS:
        signal.signal(number, stop)


def _say(text: str) -> None:
    print(f"· {text}", flush=True)
