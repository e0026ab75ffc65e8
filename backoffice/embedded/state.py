"""`.data/state.json`: the ports, passwords and keys of one development site, readable by its owner alone."""

import base64
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

FOLDER = ".data"
FILE = "state.json"


def data_folder(base: Path) -> Path:
    """The folder that holds everything a development site keeps; `make reset` removes it."""
    return base / FOLDER


def read_state(base: Path) -> dict[str, Any]:
    """What `write_state` kept, or an empty dictionary."""
    try:
        return dict(json.loads((data_folder(base) / FILE).read_text()))
    except FileNotFoundError:
        return {}


def write_state(base: Path, state: Mapping[str, Any]) -> None:
    """Replace the state file at once; it is never readable by others, not even while it is written."""
    folder = data_folder(base)
    folder.mkdir(exist_ok=True)
    draft = folder / f"{FILE}.{os.getpid()}"
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(state, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / FILE)


def new_keys() -> dict[str, str]:
    """Secrets of a new development site, under the names that the settings read."""
    return {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "HOLDFAST_TOKEN_KEYS": f"k1:{_random_base64()}",
        "HOLDFAST_IDENTITY_KEY": _random_base64(),
        "HOLDFAST_RECORD_KEYS": f"r1:{_random_base64()}",
        "HOLDFAST_DEMO_PASSWORD": secrets.token_urlsafe(9),
    }


def worthless_keys() -> dict[str, str]:
    """Fixed keys that everyone knows: for tests, and for commands that meet no data."""
    key = base64.b64encode(b"worthless outside development.  ").decode()
    return {
        "SECRET_KEY": "worthless-outside-development-and-tests-because-everyone-knows-it",
        "HOLDFAST_TOKEN_KEYS": f"dev:{key}",
        "HOLDFAST_IDENTITY_KEY": key,
        "HOLDFAST_RECORD_KEYS": f"dev:{key}",
        "HOLDFAST_DEMO_PASSWORD": "worthless-demo-password",
    }


def nowhere_env(base: Path) -> dict[str, str]:
    """Settings with which commands that need no server, such as `manage.py check`, work: nothing answers at the addresses."""
    return worthless_keys() | {
        "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1],testserver",
        "DATABASE_URL": f"postgresql://holdfast@{quote(str(data_folder(base)), safe='')}/holdfast",
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }


def development_env(base: Path) -> dict[str, str]:
    """Settings of a development site that the environment does not give: those of its services, once it was started."""
    return nowhere_env(base) | read_state(base).get("env", {})


def _random_base64() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()
