"""Logs: one JSON object a line on standard error, ours and every library's alike.

Each line carries what is bound to the request or task it belongs to: `request_id`, `user_id`, `task_id`.
Personal data stays out: addresses and paths' query strings are never bound, and what slips into a message is masked.
"""

import logging
import logging.config
import re
from collections.abc import MutableMapping
from typing import Any

import structlog
from django.http import HttpRequest
from django_structlog.middlewares import RequestMiddleware

PRIVATE_NAMES = frozenset({"phone", "ip", "device", "token", "password", "secret", "recipient", "address", "user_agent"})
PRIVATE_NAMES |= {"payment_account", "delivery_phone"}
PHONE_NUMBER = re.compile(r"(?<!\d)(?:\+?86)?1[3-9]\d{9}(?!\d)")
MASK = "[masked]"
SHARED_PROCESSORS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def mask_personal_data(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop fields that name personal data and mask mobile numbers inside texts, tracebacks included."""
    for name, value in event.items():
        if name in PRIVATE_NAMES:
            event[name] = MASK
        elif isinstance(value, str):
            event[name] = PHONE_NUMBER.sub(MASK, value)
    return event


class RequestLogMiddleware(RequestMiddleware):
    """Gives each request its id and logs its end, with the path alone: a query may hold a phone number."""

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        return f"{request.method} {request.path}"


def configure_logging(level: str) -> None:
    """Set up the standard library's logging and structlog; `level` is the least one that is written."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED_PROCESSORS,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(logging_config(level))


def logging_config(level: str, loggers: dict[str, Any] | None = None) -> dict[str, Any]:
    """The standard library's configuration, with the settings of further `loggers` added."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": _json_formatter()},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "stream": "ext://sys.stderr", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Each request has its line already; Django's own would add the query string.
            "django.request": {"level": "ERROR"},
            "django.server": {"level": "WARNING"},
            # The same for tasks, whose lines django_structlog writes.
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
            "celery.beat": {"level": "WARNING"},
        }
        | (loggers or {}),
    }


def _json_formatter() -> dict[str, Any]:
    return {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": SHARED_PROCESSORS,
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            mask_personal_data,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ],
    }
