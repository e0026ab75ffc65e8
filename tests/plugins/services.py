"""Starts a throw-away PostgreSQL and Valkey before pytest-django reads the settings.

That happens before any conftest is read, so this is a plugin of its own, named with `-p` in pyproject.toml.
xdist's workers share both servers: each has a database of its own and a numbered keyspace of its own.
"""

import atexit
import os
from collections.abc import Generator
from contextlib import ExitStack

import pytest

from backoffice.embedded.postgres import scratch_cluster
from backoffice.embedded.throwaway import throwaway_env
from backoffice.embedded.valkey import scratch_broker

_services = ExitStack()
atexit.register(_services.close)  # pytest_unconfigure is left out when the settings cannot be loaded


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    options = early_config.known_args_namespace
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker:
        keyspace = int(worker.removeprefix("gw")) % 15 + 1
        os.environ["REDIS_URL"] = os.environ["REDIS_URL"].rsplit("/", 1)[0] + f"/{keyspace}"
    elif not (options.help or options.version):
        _start()
    return (yield)


def pytest_unconfigure() -> None:
    _services.close()


def _start() -> None:
    database_url = _services.enter_context(scratch_cluster(max_connections="460"))
    broker_url = _services.enter_context(scratch_broker())
    os.environ.update(throwaway_env(database_url, broker_url))
