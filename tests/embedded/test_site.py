"""The whole site, as `make run` starts it in a fresh clone: it answers, it ends, and nothing stays behind."""

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import threading
from contextlib import contextmanager

import pytest

from backoffice.embedded.processes import free_port
from backoffice.embedded.services import drop_data
from tests.embedded.children import REPOSITORY, descendants, python_for, wait_for_the_end_of

SOURCES = ["backoffice", "promotions", "orders", "risk", "templates", "manage.py"]
OUR_SETTINGS = re.compile(r"HOLDFAST|DATABASE_URL|REDIS_URL|SECRET_KEY|ALLOWED_HOSTS|DJANGO|DEBUG|LOG_LEVEL|PYTEST")
START_SECONDS = 300


@pytest.fixture
def clone(tmp_path):
    """A copy of the sources in a folder that any user may enter."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.owner() == tmp_path.owner() and folder != folder.parent:
            folder.chmod(folder.stat().st_mode | 0o055)
    for name in SOURCES:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy(source, tmp_path / name)
    yield tmp_path
    drop_data(tmp_path)


def test_a_killed_site_leaves_nothing_behind_and_the_next_start_finds_its_data(clone):
    python, options = python_for("me", clone)
    with site_in(python, options) as (site, address):
        assert ask(address, "/health/live")["status"] == "live"
        family = descendants(site.pid)
        assert len(family) > 12
        site.kill()
        assert wait_for_the_end_of(family) == set()
    with site_in(python, options) as (site, address):
        assert ask(address, "/health/ready")["status"] == "ready"


def test_an_ordinary_user_may_start_the_site_and_stop_it_in_order(clone):
    python, options = python_for("nobody" if os.geteuid() == 0 else "me", clone)
    if "user" in options:
        shutil.chown(clone, options["user"])
    with site_in(python, options) as (site, address):
        assert ask(address, "/health/ready")["status"] == "ready"
        family = descendants(site.pid)
        os.killpg(site.pid, signal.SIGINT)
        assert site.wait(30) == 0
        assert wait_for_the_end_of(family) == set()


@contextmanager
def site_in(python: str, options: dict):
    """Start a site and wait until it says that it is ready; gives its process and its address."""
    env = {name: value for name, value in options["env"].items() if not OUR_SETTINGS.search(name)}
    env["HOLDFAST_PORT"] = str(free_port())
    site = subprocess.Popen(
        [python, "-m", "backoffice.embedded", "site"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        **options | {"env": env},
    )
    watchdog = threading.Timer(START_SECONDS, site.kill)
    watchdog.start()
    try:
        said = ""
        while "ready: http://" not in said:
            line = site.stdout.readline()
            assert line, f"The site ended while it started:\n{said}"
            said += line
        watchdog.cancel()
        yield site, said.split("http://")[1].split("/")[0]
    finally:
        watchdog.cancel()
        site.kill()
        site.wait()
        site.stdout.close()


def ask(address: str, path: str) -> dict:
    connection = http.client.HTTPConnection(address, timeout=10)
    connection.request("GET", path)
    return json.loads(connection.getresponse().read())
