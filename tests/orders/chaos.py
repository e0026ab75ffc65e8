"""A site of its own whose parts can be killed: PostgreSQL, Valkey, workers, beats. What is killed is started again, as a service
manager would, and nothing else is done by hand.
"""

import os
import secrets
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from backoffice.embedded.postgres import Cluster, start_cluster
from backoffice.embedded.processes import Service, ServiceError, end_group, free_port, start
from backoffice.embedded.scratch import scratch_folder
from backoffice.embedded.throwaway import throwaway_env
from backoffice.embedded.valkey import Broker, start_broker
from benchmarks.place import DURABLE

REPOSITORY = Path(__file__).resolve().parents[2]
CELERY = [sys.executable, "-m", "celery", "--quiet", "--app=tests.orders.chaos_app"]
VICTIMS = ("child", "worker", "PostgreSQL", "Valkey")


class Workers:
    """Workers and beats that can be killed. What ends by itself is started again; `deaths` counts how often that was."""

    def __init__(self, logs: Path) -> None:
        self.logs, self.deaths = logs, 0
        self.parts: dict[str, Service] = {}
        self.env: dict[str, str] = {}

    def run(self, *, workers: int = 1, beats: int = 1, **env: str) -> None:
        self.env = dict(os.environ) | env
        for name in [*(f"worker{n}" for n in range(workers)), *(f"beat{n}" for n in range(beats))]:
            self._start_part(name)

    def stop(self) -> None:
        for part in self.parts.values():
            part.patience = 3
            part.stop()
        self.parts.clear()

    def end(self) -> None:
        """At once, whatever they are at."""
        for part in self.parts.values():
            end_group(part.process)
        self.parts.clear()

    def kill(self, victim: str) -> None:
        """`kill -9`; whoever was killed is started again at once. Celery starts a child anew by itself."""
        if victim == "child":
            for pid in children_of(self.parts["worker0"].process.pid):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        elif victim == "worker":
            put_down(self.parts["worker0"])
            self._start_part("worker0")
        else:
            raise ValueError(victim)

    def look_after(self) -> None:
        """Start again what ended by itself."""
        for name, part in list(self.parts.items()):
            if part.process.poll() is not None:
                self.deaths += 1
                self._start_part(name)

    def _start_part(self, name: str) -> None:
        argv = [*CELERY, "worker", "--concurrency=2", "--without-gossip", "--without-mingle", f"--hostname={name}@chaos"]
        if name.startswith("beat"):
            argv = [*CELERY, "beat"]
        self.parts[name] = start(name, argv, log=self.logs / f"{name}.log", env=self.env, cwd=REPOSITORY)


class Site(Workers):
    """PostgreSQL and Valkey run from the start; workers and beats when they are asked for."""

    def __init__(self, home: Path, broker_home: Path, stack: ExitStack) -> None:
        super().__init__(broker_home)
        self.home, self.stack = home, stack
        self.cluster = Cluster(home / "data", secrets.token_hex(24), secrets.token_hex(24), socket_folder=home)
        self.broker = Broker(broker_home / "data", secrets.token_hex(24), free_port())
        self.database = self._database()
        self.valkey = start_broker(self.broker, log=broker_home / "log")
        stack.callback(self._stop_servers)
        os.environ.update(throwaway_env(self.cluster.url(), self.broker.url()) | {"DJANGO_SETTINGS_MODULE": "backoffice.settings"})

    def kill(self, victim: str) -> None:
        if victim == "PostgreSQL":
            put_down(self.database)
            self.database = self._database()
        elif victim == "Valkey":
            put_down(self.valkey)
            self.valkey = start_broker(self.broker, log=self.logs / "log")
        else:
            super().kill(victim)

    def _stop_servers(self) -> None:
        self.database.stop()
        self.valkey.stop()

    def _database(self) -> Service:
        """Its predecessor's processes may take a moment to notice that they are orphans."""
        until = time.monotonic() + 30
        while True:
            try:
                return start_cluster(self.cluster, log=self.home / "log", death_signal=signal.SIGQUIT, settings=DURABLE)
            except ServiceError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)


@contextmanager
def site() -> Iterator[Site]:
    with ExitStack() as stack:
        home, broker_home = stack.enter_context(scratch_folder()), stack.enter_context(scratch_folder())
        made = Site(home, broker_home, stack)
        try:
            yield made
        finally:
            made.stop()


def env_of_nobody() -> dict[str, str]:
    """The environment of a process with a site of its own: nothing of this process's site shows through."""
    ours = ("HOLDFAST_", "DATABASE_", "REDIS_", "PYTEST_", "DJANGO_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def put_down(service: Service) -> None:
    os.kill(service.process.pid, signal.SIGKILL)
    service.process.wait()


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
