"""A real worker beside the tests' own database, to be killed. Killing their servers needs a site of its own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from django.core.management import call_command
from django.db import connection

from backoffice.celery import app
from tests.orders.chaos import Workers

PAUSE = 0.05  # seconds that a chunk stays uncommitted


@contextmanager
def a_worker(logs: Path, *, chunk: int) -> Iterator[Workers]:
    """Nobody but this worker works: what other tests left in the queue is thrown away. All tables are empty afterwards."""
    app.control.purge()
    database_url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    made = Workers(logs)
    try:
        made.run(beats=0, DATABASE_URL=database_url, CHAOS_CHUNK=str(chunk), CHAOS_PAUSE=str(PAUSE))
        yield made
    finally:
        made.end()
        app.control.purge()
        call_command("flush", verbosity=0, interactive=False)
