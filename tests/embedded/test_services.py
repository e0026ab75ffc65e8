"""The PostgreSQL and Valkey that a development site keeps in its folder."""

import os
import socket
import stat
from contextlib import ExitStack

import psycopg
import pytest
import redis

from backoffice.embedded.processes import ServiceError
from backoffice.embedded.services import drop_data, start_services
from backoffice.embedded.state import development_env, read_state, write_state
from backoffice.embedded.supervisor import AlreadyRunning, only_one


@pytest.fixture
def site(tmp_path):
    """A folder that PostgreSQL's user may enter, as a clone in /srv would be."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.owner() == tmp_path.owner() and folder != folder.parent:
            folder.chmod(folder.stat().st_mode | 0o011)
    yield tmp_path
    drop_data(tmp_path)


def test_data_ports_and_keys_are_found_again_by_the_second_start(site):
    with ExitStack() as stack:
        first = start_services(site, {}, stack)
        with psycopg.connect(first["DATABASE_URL"]) as connection:
            connection.execute("CREATE TABLE kept (word text)")
        redis.Redis.from_url(first["REDIS_URL"]).set("kept", "yes")
    with ExitStack() as stack:
        second = start_services(site, {}, stack)
        with psycopg.connect(second["DATABASE_URL"]) as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
        assert redis.Redis.from_url(second["REDIS_URL"]).get("kept") == b"yes"
    assert second == first
    assert development_env(site)["DATABASE_URL"] == first["DATABASE_URL"]


def test_a_port_that_somebody_else_took_is_replaced(site):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        write_state(site, {"valkey": {"password": "x" * 32, "port": taken.getsockname()[1]}})
        with ExitStack() as stack:
            env = start_services(site, {"DATABASE_URL": "postgresql://given/elsewhere"}, stack)
            assert redis.Redis.from_url(env["REDIS_URL"]).ping() is True


def test_given_services_are_used_and_none_is_started(site):
    given = {"DATABASE_URL": "postgresql://somebody@db/site", "REDIS_URL": "redis://broker/0"}
    with ExitStack() as stack:
        env = start_services(site, given, stack)
    assert {name: env[name] for name in given if name in env} | given == given
    assert not (site / ".data" / "postgres").exists()
    assert not (site / ".data" / "valkey").exists()


def test_data_of_another_postgres_version_is_refused_and_kept(site):
    write_state(site, {})
    folder = site / ".data" / "postgres"
    folder.mkdir()
    (folder / "PG_VERSION").write_text("9\n")
    with ExitStack() as stack, pytest.raises(ServiceError, match=r"PostgreSQL 9.*make reset"):
        start_services(site, {}, stack)
    assert (folder / "PG_VERSION").read_text() == "9\n"


def test_the_state_file_is_for_its_owner_alone(site):
    write_state(site, {"env": {"SECRET_KEY": "s"}})
    (site / ".data" / "state.json").chmod(0o644)
    write_state(site, read_state(site))
    assert stat.S_IMODE((site / ".data" / "state.json").stat().st_mode) == 0o600


def test_a_folder_has_one_supervisor(site):
    with only_one(site), pytest.raises(AlreadyRunning, match=str(os.getpid())), only_one(site):
        pass
