"""Health tells the truth: 503 as soon as one thing that the site needs is missing."""

from datetime import timedelta

import pytest
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from backoffice import health
from backoffice.lib.models import CheckRun

pytestmark = pytest.mark.django_db


def a_check_ran(ago: timedelta) -> None:
    at = timezone.now() - ago
    CheckRun.objects.create(check_name="any", slot=at, started_at=at)


def test_live_asks_nobody(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert client.get("/health/live").json() == {"status": "live"}


def test_ready_when_all_is_well(client):
    a_check_ran(ago=timedelta(seconds=3))
    answer = client.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ready"
    assert 3 <= answer.json()["checks"]["beat"]["age_seconds"] < 30


def test_not_ready_where_beat_never_ran(client):
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"]["beat"] == {"ok": False, "age_seconds": None}


def test_not_ready_when_beat_fell_silent(client, settings):
    a_check_ran(ago=settings.HOLDFAST_BEAT_MAX_AGE + timedelta(seconds=1))
    assert client.get("/health/ready").json()["checks"]["beat"]["ok"] is False


def test_not_ready_while_a_migration_is_missing(client):
    a_check_ran(ago=timedelta(0))
    MigrationRecorder.Migration.objects.filter(app="risk", name="0001_tables").delete()
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"]["migrations"] == {"ok": False, "missing": 1}


def test_not_ready_without_the_broker_and_no_address_is_told(client, monkeypatch):
    a_check_ran(ago=timedelta(0))
    monkeypatch.setattr(health.app.conf, "broker_write_url", "redis://:topsecret@127.0.0.1:1/0")
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"]["broker"] == {"ok": False}
    assert b"topsecret" not in answer.content


def test_not_ready_without_the_database(client, monkeypatch):
    def refuse() -> None:
        raise OSError("gone")

    monkeypatch.setitem(health.CHECKS, "database", refuse)
    assert client.get("/health/ready").status_code == 503
