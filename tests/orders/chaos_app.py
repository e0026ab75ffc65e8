"""Celery's application for tests of what survives: small chunks, and every message as often as the test asks.

A worker and beat start with it as with the product's own (`celery --app=tests.orders.chaos_app`).
"""

import os
import time
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
django.setup()

from backoffice.celery import app  # noqa: E402
from backoffice.lib import jobs  # noqa: E402
from orders.services import freezing, import_jobs, releasing  # noqa: E402,F401  they register what works a job
from orders.services.scope_kinds import FREEZE_SCOPE, RELEASE_SCOPE  # noqa: E402

if chunk := int(os.environ.get("CHAOS_CHUNK", "0")):
    import_jobs.ROWS_A_CHUNK = import_jobs.INVOICES_A_CHUNK = chunk
    for scope in (FREEZE_SCOPE, RELEASE_SCOPE):
        vars(scope)["chunk"] = chunk
PAUSE = float(os.environ.get("CHAOS_PAUSE", "0"))
TIMES = int(os.environ.get("CHAOS_TIMES", "1"))
SENT = os.environ.get("CHAOS_SENT", "")
_send = app.amqp.send_task_message


def slow(runner: Any) -> Any:
    """Every chunk stays uncommitted for as many seconds as CHAOS_PAUSE says: a kill finds one half done."""

    def run(*arguments: Any) -> Any:
        answer = runner(*arguments)
        time.sleep(PAUSE)
        return answer

    return run


def send_again_and_again(*args: Any, **kwargs: Any) -> Any:
    """What goes to the broker goes there so many times, as it is. Each is a byte in the file that CHAOS_SENT names."""
    if SENT:
        with Path(SENT).open("ab") as told:
            told.write(b"." * TIMES)
    for _ in range(TIMES - 1):
        _send(*args, **kwargs)
    return _send(*args, **kwargs)


if PAUSE:
    jobs._runners |= {kind: slow(runner) for kind, runner in jobs._runners.items()}
app.amqp.__dict__["send_task_message"] = send_again_and_again
