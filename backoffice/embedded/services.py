"""PostgreSQL and Valkey of one development site: what it was given, or what it starts and keeps in `.data`."""

import os
import secrets
import shutil
from collections.abc import Mapping
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from typing import Any

from backoffice.embedded.postgres import Cluster, start_cluster
from backoffice.embedded.processes import free_port, give_to_unprivileged, is_free, succeeds_unprivileged, unprivileged
from backoffice.embedded.state import data_folder, new_keys, read_state, write_state
from backoffice.embedded.valkey import Broker, start_broker

ROOTS_OWN_CLUSTERS = Path("/var/lib/holdfast")


def start_services(base: Path, given: Mapping[str, str], stack: ExitStack) -> dict[str, str]:
    """Start what `given` (the environment) does not name; gives the settings of the site.

    Each started service is stopped by `stack`, the last one first. Raises ServiceError when one does not start.
    """
    state = read_state(base)
    state.setdefault("keys", new_keys())
    env = dict(state["keys"])
    if not given.get("DATABASE_URL"):
        cluster = _cluster(base, state)
        stack.callback(start_cluster(cluster, log=log_folder(base) / "postgres.log").stop)
        env["DATABASE_URL"] = cluster.url()
    if not given.get("REDIS_URL"):
        broker = _broker(base, state)
        stack.callback(start_broker(broker, log=log_folder(base) / "valkey.log").stop)
        env["REDIS_URL"] = broker.url()
    state["env"] = env
    write_state(base, state)
    return env | {name: given[name] for name in env if given.get(name)}


def log_folder(base: Path) -> Path:
    folder = data_folder(base) / "logs"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def drop_data(base: Path) -> None:
    """Remove everything the site keeps, also where root's PostgreSQL had to keep its folder elsewhere."""
    kept = read_state(base).get("postgres", {}).get("folder")
    if kept and Path(kept).is_relative_to(ROOTS_OWN_CLUSTERS):
        shutil.rmtree(Path(kept).parent, ignore_errors=True)
    shutil.rmtree(data_folder(base), ignore_errors=True)


def _cluster(base: Path, state: dict[str, Any]) -> Cluster:
    kept = state.setdefault("postgres", {"password": secrets.token_hex(24), "superuser_password": secrets.token_hex(24)})
    kept["folder"] = str(_postgres_folder(base))
    _settle_port(base, state, kept)
    return Cluster(Path(kept["folder"]), kept["password"], kept["superuser_password"], port=kept["port"])


def _broker(base: Path, state: dict[str, Any]) -> Broker:
    kept = state.setdefault("valkey", {"password": secrets.token_hex(24)})
    _settle_port(base, state, kept)
    return Broker(data_folder(base) / "valkey", kept["password"], kept["port"])


def _settle_port(base: Path, state: dict[str, Any], kept: dict[str, Any]) -> None:
    """Keep the port of last time where it is free, and write it and the password down before a server is made."""
    if "port" not in kept or not is_free(kept["port"]):
        kept["port"] = free_port()
    write_state(base, state)


def _postgres_folder(base: Path) -> Path:
    """In `.data`; but where root's `nobody` cannot go there (a project below /root), in /var/lib/holdfast."""
    folder = data_folder(base)
    folder.mkdir(exist_ok=True)
    if not unprivileged() or succeeds_unprivileged("test", "-x", folder):
        return folder / "postgres"
    name = sha256(os.fsencode(base)).hexdigest()[:16]
    ROOTS_OWN_CLUSTERS.mkdir(mode=0o755, parents=True, exist_ok=True)
    home = ROOTS_OWN_CLUSTERS / name
    home.mkdir(mode=0o700, exist_ok=True)
    give_to_unprivileged(home)
    return home / "postgres"
