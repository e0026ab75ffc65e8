"""A real gunicorn beside the test's database, and many programs that call it at once over real connections."""

import http.client
import itertools
import json
import os
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection

from backoffice.embedded.processes import free_port, start, wait_until

REPOSITORY = Path(__file__).resolve().parents[2]
GUARDED = "backoffice.wsgi:application"
UNGUARDED = "tests.race.unguarded:application"
_keys = itertools.count()


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def code(self) -> str:
        """The problem's code, or nothing."""
        return str(json.loads(self.body).get("code", "")) if self.status >= 400 else ""


@dataclass(frozen=True)
class Asking:
    """One POST: where, what, and under which idempotency key."""

    path: str
    body: dict[str, Any]
    key: str


def asking(path: str, body: dict[str, Any]) -> Asking:
    return Asking(f"/api/v1/{path}", body, f"race-{next(_keys)}")


@contextmanager
def site(log: Path, *, application: str = GUARDED, connections: int = 4, threads: int = 8) -> Iterator[int]:
    """gunicorn as `make run` starts it, on the test's database; connections and threads are of each process. Gives its port."""
    port = free_port()
    ours = {"HOLDFAST_DATABASE": connection.settings_dict["NAME"], "HOLDFAST_DB_POOL_MAX": str(connections)}
    env = os.environ | ours | {"LOG_LEVEL": "ERROR", "WEB_CONCURRENCY": "2"}
    argv = [
        sys.executable,
        "-m",
        "gunicorn",
        "--config=python:backoffice.gunicorn",
        f"--bind=127.0.0.1:{port}",
        f"--threads={threads}",
        application,
    ]
    service = start("gunicorn", argv, log=log, env=env, cwd=REPOSITORY)
    try:
        wait_until("gunicorn", lambda: is_live(port), service=service)
        yield port
    finally:
        service.stop()


def is_live(port: int) -> bool:
    try:
        with connected(port) as line:
            line.request("GET", "/health/live")
            return line.getresponse().status == 200
    except OSError:
        return False


@contextmanager
def connected(port: int) -> Iterator[http.client.HTTPConnection]:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        yield line
    finally:
        line.close()


def post(line: http.client.HTTPConnection, secret: str, one: Asking) -> Answer:
    headers = {"Authorization": f"Api-Key {secret}", "Content-Type": "application/json", "Idempotency-Key": one.key}
    line.request("POST", one.path, json.dumps(one.body).encode(), headers)
    response = line.getresponse()
    return Answer(response.status, response.read(), dict(response.getheaders()))


def all_at_once(port: int, secret: str, askings: Sequence[Asking], *, callers: int) -> list[Answer]:
    """Deal the requests out to so many callers, each with one connection kept open, all released together."""
    start_together = threading.Barrier(callers)
    answers: list[Answer | None] = [None] * len(askings)

    def call(mine: range) -> None:
        with connected(port) as line:
            line.connect()
            start_together.wait(30)
            for place in mine:
                answers[place] = post(line, secret, askings[place])

    run_all([lambda n=n: call(range(n, len(askings), callers)) for n in range(callers)])
    return [answer for answer in answers if answer is not None]


def run_all(acts: Sequence[Callable[[], None]]) -> None:
    """Run each in a thread; the first error raises once all have ended."""
    errors: list[BaseException] = []

    def run(act: Callable[[], None]) -> None:
        try:
            act()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def statuses(answers: Sequence[Answer]) -> dict[tuple[int, str], int]:
    """How often each status was answered, with its code."""
    return dict(Counter((answer.status, answer.code) for answer in answers))
