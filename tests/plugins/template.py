"""The database that test databases are copied from: migrated once for a set of migrations, kept as a dump in pytest's cache.

Applying all migrations takes a quarter of a minute, nearly all of it Django working out the models between two steps. Whoever
runs one test file would wait for that each time, and each of xdist's workers once more.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict

from backoffice.embedded.postgres import find_binaries

NAME = "holdfast_template"
BASE = Path(__file__).resolve().parents[2]
MADE_OF = ("*/migrations/*.py", "backoffice/lib/migrations/*.py", "requirements*.lock", "backoffice/settings.py")
VARIABLES = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD"}


def make_template(cache: Path) -> str | None:
    """Make it where this server has none, and answer its name; None where PostgreSQL's programs for dumps are not here.

    Workers wait for the one who makes it.
    """
    programs = find_binaries()
    if not all((programs / name).exists() for name in ("pg_dump", "psql")):
        return None
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _create():
            _fill(programs, cache / f"{_fingerprint()}.sql")
    return NAME


def _create() -> bool:
    """False where it was there."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone():
            return False
        connection.execute(f"CREATE DATABASE {NAME}")
    return True


def _fill(programs: Path, dump: Path) -> None:
    if dump.exists():
        _run(programs / "psql", "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", f"--file={dump}", "--output=/dev/null")
        return
    template_url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{NAME}").geturl()
    migrate = [sys.executable, str(BASE / "manage.py"), "migrate", "--verbosity=0"]
    subprocess.run(migrate, env=os.environ | {"DATABASE_URL": template_url}, check=True)
    for old in dump.parent.glob("*.sql"):
        old.unlink()
    draft = dump.with_suffix(".new")
    _run(programs / "pg_dump", "--no-owner", "--no-privileges", f"--file={draft}")
    draft.rename(dump)


def _run(program: Path, *arguments: str) -> None:
    parts = conninfo_to_dict(os.environ["DATABASE_URL"])
    account = {variable: str(parts[part]) for part, variable in VARIABLES.items() if part in parts}
    subprocess.run([program, *arguments], env=os.environ | account | {"PGDATABASE": NAME}, check=True)


def _fingerprint() -> str:
    """Of everything that decides what the migrations make."""
    told = hashlib.sha256(sys.version.encode())
    for path in sorted({path for pattern in MADE_OF for path in BASE.glob(pattern)}):
        told.update(path.relative_to(BASE).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return told.hexdigest()[:16]
