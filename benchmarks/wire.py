"""Counts how often gunicorn waits for PostgreSQL: a socket between them that passes everything on and looks at the direction.

A round trip is what is sent until an answer begins to come. Bytes that follow others in the same direction belong to the same one.
"""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit


class Counter:
    """How many round trips passed, over all connections."""

    def __init__(self) -> None:
        self.turns = 0
        self._lock = threading.Lock()

    def turn(self) -> None:
        with self._lock:
            self.turns += 1


@contextmanager
def counted(folder: Path) -> Iterator[tuple[Counter, dict[str, str]]]:
    """A socket before the PostgreSQL of DATABASE_URL. Gives the counter, and the environment that leads through it."""
    target = urlsplit(os.environ["DATABASE_URL"])
    port = target.port or 5432
    real = Path(unquote(target.hostname or "")) / f".s.PGSQL.{port}"
    counter = Counter()
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(folder / f".s.PGSQL.{port}"))
        door.listen()
        threading.Thread(target=_serve, args=(door, real, counter), daemon=True).start()
        login = target.netloc.rpartition("@")[0]
        netloc = f"{login}@{quote(str(folder), safe='')}:{port}"
        query = urlencode(parse_qsl(target.query))
        yield counter, {"DATABASE_URL": urlunsplit((target.scheme, netloc, target.path, query, ""))}


def _serve(door: socket.socket, real: Path, counter: Counter) -> None:
    while True:
        try:
            client, _ = door.accept()
        except OSError:
            return
        server = socket.socket(socket.AF_UNIX)
        server.connect(str(real))
        asking = threading.Event()  # the last bytes went to the server
        threading.Thread(target=_pass_on, args=(client, server, asking, counter), daemon=True).start()
        threading.Thread(target=_pass_back, args=(server, client, asking), daemon=True).start()


def _pass_on(client: socket.socket, server: socket.socket, asking: threading.Event, counter: Counter) -> None:
    while data := _read(client):
        if not asking.is_set():
            asking.set()
            counter.turn()
        server.sendall(data)
    server.close()


def _pass_back(server: socket.socket, client: socket.socket, asking: threading.Event) -> None:
    while data := _read(server):
        asking.clear()
        client.sendall(data)
    client.close()


def _read(line: socket.socket) -> bytes:
    try:
        return line.recv(65536)
    except OSError:
        return b""
