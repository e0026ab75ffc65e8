"""Is the site well? `/health/live` for the process, `/health/ready` for all that it needs to do its work.

Ready answers 200 or 503 with what was found. It names no address and no error text: anyone may ask.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import structlog
from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from backoffice.celery import app
from backoffice.lib.models import CheckRun

log = structlog.get_logger(__name__)
BROKER_TIMEOUT_SECONDS = 2

Finding = dict[str, Any]


@never_cache
@require_safe
def live(_request: HttpRequest) -> JsonResponse:
    """The process answers; it asks nobody else."""
    return JsonResponse({"status": "live"})


@never_cache
@require_safe
def ready(_request: HttpRequest) -> JsonResponse:
    """Database, broker, migrations and beat are as they must be."""
    findings = {name: _found_by(name, check) for name, check in CHECKS.items()}
    is_ready = all(finding["ok"] for finding in findings.values())
    body = {"status": "ready" if is_ready else "not ready", "checks": findings}
    return JsonResponse(body, status=200 if is_ready else 503)


def check_database() -> Finding:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return {"ok": True}


def check_broker() -> Finding:
    with app.connection_for_write(connect_timeout=BROKER_TIMEOUT_SECONDS) as broker:
        broker.ensure_connection(max_retries=1, interval_start=0, timeout=BROKER_TIMEOUT_SECONDS)
    return {"ok": True}


def check_migrations() -> Finding:
    """Every migration of this code is applied. A newer database is well: the code is being rolled out."""
    missing = _migrations_of_this_code() - set(MigrationRecorder(connection).applied_migrations())
    return {"ok": not missing, "missing": len(missing)}


def check_beat() -> Finding:
    """A scheduled check ran lately; it takes beat, the broker and a worker to make one."""
    newest = CheckRun.objects.order_by("-started_at").values_list("started_at", flat=True).first()
    if newest is None:
        return {"ok": False, "age_seconds": None}
    age = timezone.now() - newest
    return {"ok": age <= settings.HOLDFAST_BEAT_MAX_AGE, "age_seconds": round(age.total_seconds(), 1)}


def _found_by(name: str, check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except Exception:
        log.exception("health_check_failed", check=name)
        return {"ok": False}


@lru_cache(maxsize=1)
def _migrations_of_this_code() -> frozenset[tuple[str, str]]:
    """Squashed migrations count; those that a squashed one replaces do not."""
    found = MigrationLoader(None).disk_migrations
    replaced = {old for migration in found.values() for old in migration.replaces}
    return frozenset(found) - replaced


CHECKS: dict[str, Callable[[], Finding]] = {
    "database": check_database,
    "broker": check_broker,
    "migrations": check_migrations,
    "beat": check_beat,
}

health_urlpatterns = [
    path("health/live", live, name="health-live"),
    path("health/ready", ready, name="health-ready"),
]
