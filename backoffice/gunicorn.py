"""Gunicorn's configuration: `gunicorn --config python:backoffice.gunicorn`. It finds these names by itself."""

import os
from typing import Any

from backoffice.embedded.processes import die_with_parent
from backoffice.logging import logging_config

wsgi_app = "backoffice.wsgi:application"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
threads = 8
raw_env = [f"HOLDFAST_DB_POOL_MAX={os.environ.get('HOLDFAST_DB_POOL_MAX') or 4}"]
keepalive = 65  # seconds; longer than load balancers keep a connection, else it ends under a request that is on its way
timeout = 60
graceful_timeout = 10
control_socket_disable = True
preload_app = False  # a connection pool must not be inherited over fork
logconfig_dict = logging_config("INFO", loggers={"gunicorn.error": {"level": "INFO", "handlers": ["stderr"], "propagate": False}})


def post_fork(_arbiter: Any, _worker: Any) -> None:
    """A worker must not outlive a killed master."""
    die_with_parent()
