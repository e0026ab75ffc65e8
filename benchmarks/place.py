"""Where a benchmark runs: a PostgreSQL that keeps what it commits, a Valkey, and gunicorn, all as `make run` starts them."""

import http.client
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from backoffice.embedded.postgres import scratch_cluster
from backoffice.embedded.processes import free_port, start, wait_until
from backoffice.embedded.throwaway import throwaway_env
from backoffice.embedded.valkey import scratch_broker

REPOSITORY = Path(__file__).resolve().parents[1]
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "autovacuum_naptime": "60s", "max_wal_size": "1GB"}


@dataclass(frozen=True)
class Site:
    """A gunicorn that answers."""

    port: int
    pid: int


@contextmanager
def servers() -> Iterator[None]:
    """Start PostgreSQL and Valkey, and settle the environment on them. Django's settings must not be read before this."""
    with ExitStack() as stack:
        database_url = stack.enter_context(scratch_cluster(**DURABLE))
        broker_url = stack.enter_context(scratch_broker())
        os.environ.update(throwaway_env(database_url, broker_url))
        os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
        yield


@contextmanager
def site(log: Path, *, connections: int = 4, env: dict[str, str] | None = None) -> Iterator[Site]:
    """gunicorn with its own configuration and two workers. Logs as production does."""
    port = free_port()
    ours = {"LOG_LEVEL": "INFO", "WEB_CONCURRENCY": "2", "HOLDFAST_DB_POOL_MAX": str(connections)}
    argv = [sys.executable, "-m", "gunicorn", "--config=python:backoffice.gunicorn", f"--bind=127.0.0.1:{port}"]
    service = start(
        "gunicorn", [*argv, "benchmarks.wsgi:application"], log=log, env=os.environ | ours | (env or {}), cwd=REPOSITORY
    )
    try:
        wait_until("gunicorn", lambda: _answers(port), service=service)
        yield Site(port, service.process.pid)
    finally:
        service.stop()


def _answers(port: int) -> bool:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        line.request("GET", "/health/live")
        return line.getresponse().status == 200
    except OSError:
        return False
    finally:
        line.close()
