"""The commands behind the Makefile: `python -m backoffice.embedded site|manage|throwaway|reset`."""

import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import environ

from backoffice.embedded.processes import ServiceError, die_with_parent
from backoffice.embedded.services import drop_data
from backoffice.embedded.supervisor import AlreadyRunning, only_one, run_site, site_env
from backoffice.embedded.throwaway import run_with_throwaway_services

BASE = Path(__file__).resolve().parents[2]
USAGE = """Usage: python -m backoffice.embedded COMMAND
  site               run a development site until Ctrl-C; with --under-make, end when make ends
  manage ARGUMENTS   run manage.py beside the site's services, starting them where nothing runs
  throwaway COMMAND  run a command beside a PostgreSQL and a Valkey that are gone afterwards
  reset              drop the site's data"""


def main(arguments: list[str]) -> int:
    command, *rest = arguments or ["help"]
    if command == "throwaway":
        return run_with_throwaway_services(rest, BASE)
    environ.Env.read_env(BASE / ".env")
    if command == "site":
        if "--under-make" in rest:
            die_with_parent(signal.SIGTERM)
        return run_site(BASE, os.environ)
    if command == "manage":
        return _manage(rest)
    if command == "reset":
        return _reset()
    print(USAGE, file=sys.stderr)
    return 2


def _manage(arguments: list[str]) -> int:
    """Where the site runs its settings are in the state file; else the services run for this one command."""
    signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C is for the command
    with ExitStack() as stack:
        env = dict(os.environ)
        try:
            stack.enter_context(only_one(BASE))
            env = site_env(BASE, os.environ, stack)
        except AlreadyRunning:
            env.setdefault("HOLDFAST_ENV", "development")
        return subprocess.run([sys.executable, "manage.py", *arguments], cwd=BASE, env=env, check=False).returncode


def _reset() -> int:
    with only_one(BASE):
        drop_data(BASE)
    print("The site's data is gone. `make run` starts afresh.")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except ServiceError as error:
        sys.exit(str(error))
