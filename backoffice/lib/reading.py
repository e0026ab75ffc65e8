"""Reading that writes nothing and ends in time, for pages that count what a person chose freely."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _
from psycopg.errors import QueryCanceled

from backoffice.lib.errors import DomainError

SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
# Inside somebody else's transaction the view of the data is his; what can still be had is that nothing is written.
READ_ONLY = "SET LOCAL transaction_read_only = on"


class TooSlow(DomainError):
    """It would have taken longer than was allowed, and was given up."""

    code = "too_slow"


@contextmanager
def read_only(*, within: timedelta) -> Iterator[None]:
    """What is read inside belongs together, nothing can be written, and all of it takes at most this long.

    Raises TooSlow. Ends by rolling back: nothing that was set inside stays.
    """
    ends_at = time.monotonic() + within.total_seconds()
    is_outermost = not connection.in_atomic_block
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(SNAPSHOT if is_outermost else READ_ONLY)
            with connection.execute_wrapper(_hurried(ends_at)):
                yield
            transaction.set_rollback(True)
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise _too_slow() from error
        raise


def _hurried(ends_at: float) -> Callable[..., Any]:
    """Before each statement tells the server how long there is left for it."""

    def run(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        left = int((ends_at - time.monotonic()) * 1000)
        if left <= 0:
            raise _too_slow()
        context["cursor"].cursor.execute(f"SET LOCAL statement_timeout = {left}")
        return execute(sql, params, many, context)

    return run


def _too_slow() -> TooSlow:
    return TooSlow(_("There is too much to count in the time a page may take. Narrow the scope down."))
