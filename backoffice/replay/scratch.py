"""A database for one replay: made from the current migrations, dropped at the end.

Where DATABASE_URL is given it is made on that server; else on an embedded PostgreSQL that runs for as long as the replay. One that
is to be kept needs a server that stays: then the development site's own, which is started for the time where it does not run.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from typing import Any

import psycopg
import structlog
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.postgresql.base import DatabaseWrapper
from django.utils import timezone
from psycopg import sql

from backoffice.embedded.postgres import scratch_cluster
from backoffice.embedded.processes import ServiceError
from backoffice.embedded.state import read_state
from backoffice.embedded.supervisor import AlreadyRunning, only_one, site_env
from backoffice.lib.env import EnvReader
from backoffice.replay.faults import NoDatabase

log = structlog.get_logger(__name__)

NAME_PREFIX = "holdfast_replay_"
# A scratch database is made again from the file, so its commits need not wait for the disk; and its statements are all short.
SESSION_OPTIONS = "-c synchronous_commit=off -c jit=off -c max_parallel_workers_per_gather=0"

Config = dict[str, Any]


@contextmanager
def scratch_database(*, keep: bool) -> Iterator[str]:
    """Let the default connection lead to a fresh, migrated database inside the block; gives its name.

    Raises NoDatabase. With `keep` the database outlives the block.
    """
    with ExitStack() as stack:
        try:
            server = stack.enter_context(_server(keep=keep))
        except ServiceError as error:
            raise NoDatabase(str(error)) from error
        name = f"{NAME_PREFIX}{timezone.now():%Y%m%d_%H%M%S}_{os.getpid()}"
        _create(server, name)
        if not keep:
            stack.callback(_drop, server, name)
        with connected_to(server | {"NAME": name}):
            call_command("migrate", verbosity=0, interactive=False)
            yield name


@contextmanager
def connected_to(config: Config) -> Iterator[None]:
    """Let the default connection of this thread lead to another database inside the block."""
    config = deepcopy(config) | {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": False, "ATOMIC_REQUESTS": False}
    options = config.setdefault("OPTIONS", {})
    options.pop("pool", None)
    options["options"] = f"{options.get('options', '')} {SESSION_OPTIONS}".strip()
    connections.configure_settings({DEFAULT_DB_ALIAS: config})
    before = connections[DEFAULT_DB_ALIAS]
    there = DatabaseWrapper(config, DEFAULT_DB_ALIAS)
    connections[DEFAULT_DB_ALIAS] = there
    ContentType.objects.clear_cache()
    try:
        yield
    finally:
        there.close()
        connections[DEFAULT_DB_ALIAS] = before
        ContentType.objects.clear_cache()


def how_to_open(name: str) -> str:
    """What to type to look at a kept database in the admin."""
    if settings.HOLDFAST_DATABASE_IS_GIVEN:
        return f"HOLDFAST_DATABASE={name} manage.py runserver, beside the same DATABASE_URL"
    return f"HOLDFAST_DATABASE={name} make run"


@contextmanager
def _server(*, keep: bool) -> Iterator[Config]:
    """The settings of a server on which databases can be made, by way of one that exists."""
    if settings.HOLDFAST_DATABASE_IS_GIVEN:
        yield connections[DEFAULT_DB_ALIAS].settings_dict
    elif keep:
        with ExitStack() as stack:
            try:
                stack.enter_context(only_one(settings.BASE_DIR))
                env = site_env(settings.BASE_DIR, {"HOLDFAST_ENV": settings.HOLDFAST_ENV}, stack)
            except AlreadyRunning:
                env = read_state(settings.BASE_DIR)["env"]
            yield _config(env["DATABASE_URL"])
    else:
        with scratch_cluster(wal_level="minimal", max_wal_senders="0", update_process_title="off") as url:
            yield _config(url)


def _config(url: str) -> Config:
    return EnvReader({"DATABASE_URL": url}).postgres("DATABASE_URL")


def _create(server: Config, name: str) -> None:
    try:
        _command(server, "CREATE DATABASE {}", name)
    except psycopg.errors.InsufficientPrivilege as error:
        raise NoDatabase(
            f"{server['USER']} may not make databases on this server. Grant it CREATEDB, or play --into-current, "
            "or unset DATABASE_URL for an embedded PostgreSQL."
        ) from error
    except psycopg.Error as error:
        raise NoDatabase(f"No database can be made: {' '.join(str(error).split())}") from error


def _drop(server: Config, name: str) -> None:
    """Only somebody who is looking at the database can keep it from being dropped; the replay is good all the same."""
    try:
        _command(server, "DROP DATABASE {}", name)
    except psycopg.Error as error:
        log.warning("scratch_database_not_dropped", database=name, error=" ".join(str(error).split()))


def _command(server: Config, command: str, name: str) -> None:
    wrapper = DatabaseWrapper({"TIME_ZONE": None, "CONN_MAX_AGE": 0, "OPTIONS": {}, **server}, DEFAULT_DB_ALIAS)
    params = wrapper.get_connection_params()
    params.pop("pool", None)
    with psycopg.connect(**params, autocommit=True) as connection:
        connection.execute(sql.SQL(command).format(sql.Identifier(name)))
