"""What the command refuses before it plays anything, and that it needs nothing running."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, connections

from backoffice.lib import clock
from backoffice.replay import scratch
from backoffice.replay.faults import NoDatabase
from orders.models import Order
from tests.replay import nights
from tests.replay.conftest import FreshDatabase, Replay


def test_a_file_that_is_not_there_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(CommandError) as refusal:
        call_command("replay", tmp_path / "missing.jsonl", out=tmp_path / "results")
    assert str(refusal.value) == f"{tmp_path}/missing.jsonl cannot be read: No such file or directory."
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    "words", [["--speed", "0"], ["--speed", "fast"], ["--speed", "nan"], ["--quantity", "13602"], ["--keep", "--into-current"]]
)
def test_options_that_make_no_sense_are_refused(words: list[str]) -> None:
    with pytest.raises(CommandError, match="Error: argument"):
        call_command("replay", "x.jsonl", "--out", "x", *words)


def test_a_quantity_is_for_the_tianchi_file_alone(tmp_path: Path) -> None:
    path = nights.write_events(tmp_path / "events.jsonl", [nights.an_order("o", 0)])
    with pytest.raises(CommandError, match="--quantity goes with --format tianchi"):
        call_command("replay", str(path), "--out", str(tmp_path / "results"), "--quantity", "1=5")


def test_a_folder_with_other_things_in_it_is_refused_unless_forced(replay: Replay, tmp_path: Path) -> None:
    out = tmp_path / "mine"
    out.mkdir()
    (out / "diary.txt").write_text("dear diary")
    with pytest.raises(CommandError, match=r"holds other things than earlier results \(diary\.txt\)"):
        replay([nights.an_order("o", 0)], out=out)
    assert [path.name for path in out.iterdir()] == ["diary.txt"]
    assert replay([nights.an_order("o", 0)], out=out, force=True).outcome("order", "o") == "placed"
    assert (out / "diary.txt").read_text() == "dear diary"


def test_earlier_results_are_replaced(replay: Replay) -> None:
    first = replay([nights.an_order("o", 0)])
    second = replay([nights.an_order("p", 0)], out=first.folder)
    assert [line["id"] for line in second.results] == ["p"]


def test_a_file_cannot_be_the_folder(tmp_path: Path) -> None:
    path = nights.write_events(tmp_path / "events.jsonl", [nights.an_order("o", 0)])
    with pytest.raises(CommandError, match="cannot be a folder for results"):
        call_command("replay", path, out=path)


def test_the_scratch_database_is_gone_afterwards_and_the_current_one_untouched(db: None, tmp_path: Path) -> None:
    path = nights.write_events(tmp_path / "events.jsonl", [nights.an_order("o", 0)])
    before, databases = connections["default"], _databases()
    call_command("replay", path, out=tmp_path / "results")
    assert connections["default"] is before
    assert not Order.objects.exists()
    assert _databases() == databases
    assert nights.read_lines(tmp_path / "results" / "results.jsonl")[0]["outcome"] == "placed"


def test_a_kept_database_is_named_and_can_be_opened(db: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = nights.write_events(tmp_path / "events.jsonl", [nights.an_order("o", 0)])
    call_command("replay", path, out=tmp_path / "results", keep=True)
    (name,) = re.findall(r"The database is kept as (\w+)\. To look at it: HOLDFAST_DATABASE=\1", capsys.readouterr().out)
    server = connections["default"].settings_dict
    try:
        with scratch.connected_to(server | {"NAME": name}):
            assert Order.objects.get().ref == "o"
    finally:
        scratch._drop(server, name)


def test_without_the_right_to_make_databases_it_says_what_to_do(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise psycopg.errors.InsufficientPrivilege("permission denied to create database")

    monkeypatch.setattr(scratch, "_command", refuse)
    server = connections["default"].settings_dict | {"USER": "modest"}
    with pytest.raises(NoDatabase, match="modest may not make databases on this server"):
        scratch._create(server, "holdfast_replay_never")


def test_a_database_that_does_not_answer_is_told_in_one_line(db: None) -> None:
    server = connections["default"].settings_dict | {"HOST": "/nowhere"}
    with pytest.raises(NoDatabase, match="No database can be made") as refusal:
        scratch._create(server, "holdfast_replay_never")
    assert "\n" not in str(refusal.value)


def test_playing_into_the_current_database_leaves_the_clock_alone(fresh_database: FreshDatabase, tmp_path: Path) -> None:
    path = nights.write_events(tmp_path / "events.jsonl", [nights.an_order("o", 0)])
    with fresh_database():
        call_command("replay", path, out=tmp_path / "results", into_current=True)
        assert Order.objects.get().placed_at == nights.NOON
        assert clock.now() > Order.objects.get().placed_at or clock.now().year < 2026


def test_it_needs_nothing_running(tmp_path: Path) -> None:
    """No DATABASE_URL, no broker, no .env: an embedded PostgreSQL is started and stopped again."""
    path = nights.write_events(tmp_path / "events.jsonl", [*nights.online_setup(), nights.a_claim("c", 0)])
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "HOLDFAST_ENV": "development", "DATABASE_URL": "", "REDIS_URL": ""}
    done = subprocess.run(
        [sys.executable, "manage.py", "replay", path, "--out", tmp_path / "results"],
        cwd=settings.BASE_DIR,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "4 events in" in done.stdout
    assert nights.read_lines(tmp_path / "results" / "results.jsonl")[0]["outcome"] == "issued"


def _databases() -> list[str]:
    """The scratch databases of this process; other workers may be at work on the same server."""
    with connection.cursor() as cursor:
        like = f"{scratch.NAME_PREFIX}%_{os.getpid()}%"
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s ORDER BY 1", [like])
        return [name for (name,) in cursor.fetchall()]
