"""The engine. Django looks for it under this name."""

import select
from typing import Any

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection out of the pool is looked at before it is used, so that one that a restarted server has ended is not.

    The pool's own check asks the server, which costs every request a round trip. A server that ended a connection, or is about to,
    has sent something or closed it: an idle connection that is still good has nothing to read.
    """

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        while self.pool is not None and not _is_quiet(connection):
            connection.close()
            self.pool.putconn(connection)  # it replaces what is closed
            connection = super().get_new_connection(conn_params)
        return connection


def _is_quiet(connection: Any) -> bool:
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return not poll.poll(0)
