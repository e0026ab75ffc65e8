"""Each replay of a test gets a fresh database, copied from one that was migrated once."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connections

from backoffice.management.commands import replay as command
from backoffice.replay import scratch
from backoffice.replay.folder import ALARMS, FLAGS, RESULTS
from tests.replay.nights import Event, read_lines, write_events

FreshDatabase = Callable[..., AbstractContextManager[str]]
_numbers = count(1)


@pytest.fixture(scope="session")
def template_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    with django_db_blocker.unblock(), scratch.scratch_database(keep=True) as name:
        pass
    yield name
    with django_db_blocker.unblock():
        scratch._drop(connections["default"].settings_dict, name)


@pytest.fixture
def fresh_database(db: None, template_database: str) -> FreshDatabase:
    """A context in which the default connection leads to a database of its own, migrated and empty."""

    @contextmanager
    def fresh(*, keep: bool = False) -> Iterator[str]:
        server = connections["default"].settings_dict
        name = f"{template_database}_{next(_numbers)}"
        scratch._command(server, f"CREATE DATABASE {{}} TEMPLATE {template_database}", name)
        try:
            with scratch.connected_to(server | {"NAME": name}):
                yield name
        finally:
            scratch._drop(server, name)

    return fresh


class Replayed:
    """What a replay wrote, by what a test asks of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.results = read_lines(folder / RESULTS)
        self.alarms = read_lines(folder / ALARMS)
        self.flags = read_lines(folder / FLAGS)

    def outcome(self, kind: str, thing_id: str) -> str:
        """The outcome, and the reason after a colon where there is one."""
        line = self.line(kind, thing_id)
        return f"{line['outcome']}: {line['reason']}" if line["reason"] else str(line["outcome"])

    def line(self, kind: str, thing_id: str) -> dict[str, Any]:
        (line,) = [line for line in self.results if (line["kind"], line["id"]) == (kind, thing_id)]
        return line


Replay = Callable[..., Replayed]


@pytest.fixture
def replay(tmp_path: Path, fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch) -> Replay:
    """Run the command on these events; options as `call_command` takes them."""
    monkeypatch.setattr(command, "scratch_database", fresh_database)

    def run(events: list[Event | str], **options: Any) -> Replayed:
        number = next(_numbers)
        path = write_events(tmp_path / f"events{number}.jsonl", events)
        folder = options.pop("out", tmp_path / f"results{number}")
        call_command("replay", path, out=folder, **options)
        return Replayed(folder)

    return run
