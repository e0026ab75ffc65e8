"""The environment of tests and checks, whose servers are gone when they are over."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from backoffice.embedded.postgres import scratch_cluster
from backoffice.embedded.state import worthless_keys
from backoffice.embedded.valkey import scratch_broker


def throwaway_env(database_url: str, broker_url: str) -> dict[str, str]:
    """Every setting of a test site. Nothing of the caller's own site shows through."""
    return worthless_keys() | {
        "HOLDFAST_ENV": "test",
        "ALLOWED_HOSTS": "localhost,127.0.0.1,testserver",
        "DATABASE_URL": database_url,
        "REDIS_URL": broker_url,
        "HOLDFAST_STAFF_TIME_ZONE": "Asia/Shanghai",
        "HOLDFAST_HTTPS": "false",
        "HOLDFAST_BEHIND_PROXY": "false",
        "DEBUG": "false",
        "LOG_LEVEL": "WARNING",
    }


def run_with_throwaway_services(argv: Sequence[str], base: Path) -> int:
    """Run one command beside a PostgreSQL and a Valkey of its own; gives its exit code."""
    with scratch_cluster() as database_url, scratch_broker() as broker_url:
        env = os.environ | throwaway_env(database_url, broker_url)
        return subprocess.run(argv, cwd=base, env=env, check=False).returncode
