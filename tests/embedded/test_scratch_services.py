"""A throw-away PostgreSQL and Valkey: they answer, and nothing of them stays behind."""

import os
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis

from backoffice.embedded import scratch
from backoffice.embedded.postgres import scratch_cluster
from backoffice.embedded.valkey import scratch_broker
from tests.embedded.children import descendants, python_for, wait_for_the_end_of

HOLD_BOTH_OPEN = """
import os, signal, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job is started deaf to it
from backoffice.embedded.postgres import scratch_cluster
from backoffice.embedded.valkey import scratch_broker
with scratch_cluster() as database, scratch_broker() as broker:
    print(os.geteuid(), database, flush=True)
    time.sleep(60)
"""


def test_a_scratch_cluster_answers_and_is_gone_afterwards():
    before = descendants(os.getpid())
    with scratch_cluster(work_mem="7MB") as url, psycopg.connect(url) as connection:
        assert connection.execute("SHOW work_mem").fetchone() == ("7MB",)
        assert connection.execute("SHOW fsync").fetchone() == ("off",)
        assert connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone() == (False,)
        folder = connection.info.host
    assert not Path(folder).exists()
    assert descendants(os.getpid()) <= before


def test_a_scratch_broker_answers_those_who_know_its_password():
    with scratch_broker() as url:
        assert redis.Redis.from_url(url).ping() is True
        without_password = url.split("@")[1]
        with pytest.raises(redis.AuthenticationError):
            redis.Redis.from_url(f"redis://{without_password}").ping()


@pytest.mark.parametrize("user", ["me", "nobody"])
@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGINT])
def test_whoever_starts_them_and_however_they_end_no_process_is_left(user, blow):
    python, options = python_for(user)
    holder = subprocess.Popen(
        [python, "-c", HOLD_BOTH_OPEN], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, **options
    )
    told = holder.stdout.readline().split()
    family = descendants(holder.pid)
    assert told[0] == ("65534" if user == "nobody" else str(os.geteuid()))
    assert len(family) > 5
    assert not any(_secrets_in(pid, told[1]) for pid in family)
    holder.send_signal(blow)
    holder.wait(15)
    assert wait_for_the_end_of(family) == set()


def test_the_folder_of_a_killed_owner_is_removed_and_no_other(tmp_path, monkeypatch):
    monkeypatch.setattr(scratch, "scratch_parent", lambda: tmp_path)
    an_hour_ago = (time.time() - 3600,) * 2
    with scratch.scratch_folder() as in_use:
        forgotten, foreign = tmp_path / f"{scratch.PREFIX}forgotten", tmp_path / "foreign"
        for folder in (forgotten, foreign):
            folder.mkdir()
        for folder in (forgotten, foreign, in_use):
            os.utime(folder, an_hour_ago)
        scratch.remove_forgotten_folders()
        assert {path.name for path in tmp_path.iterdir()} == {in_use.name, "foreign"}
    assert not in_use.exists()


def _secrets_in(pid: int, url: str) -> bool:
    """Anybody on the machine can read the arguments of a process."""
    password = urlsplit(url).password
    return password in Path(f"/proc/{pid}/cmdline").read_text()
