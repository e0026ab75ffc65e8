"""`manage.py replay EVENTS.jsonl --out DIR`: play a recorded or made-up day and write down what was decided. See docs/replay.md."""

import logging
import sys
from argparse import ArgumentTypeError
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, connection

from backoffice.replay.faults import BadLine, CannotBegin
from backoffice.replay.folder import ResultsFolder
from backoffice.replay.progress import Progress
from backoffice.replay.reader import JsonlFile
from backoffice.replay.record import Record
from backoffice.replay.report import write_report
from backoffice.replay.run import Options, Played, play
from backoffice.replay.scratch import how_to_open, scratch_database
from backoffice.replay.tianchi import TianchiFile
from backoffice.replay.writer import write_results

MOST_FAILURES_SHOWN = 5


class Command(BaseCommand):
    help = "Play a file of events through the services, at the times written in it, and write down what was decided."
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the events: .jsonl or .jsonl.gz; with --format tianchi .csv or .csv.gz")
        parser.add_argument("--out", type=Path, required=True, help="the folder for results; made where it is missing")
        parser.add_argument("--force", action="store_true", help="write into a folder that holds other things, too")
        parser.add_argument("--format", choices=["jsonl", "tianchi"], default="jsonl", help="jsonl unless said otherwise")
        parser.add_argument("--quantity", type=_quantity, action="append", default=[], metavar="COUPON=N")
        parser.add_argument("--observe", action="store_true", help="record what would be stopped or held, and do not do it")
        parser.add_argument("--speed", type=_speed, default=None, metavar="max|N", help="N times as fast as it happened")
        parser.add_argument("--keep-going", action="store_true", help="report lines that cannot be played, and go on")
        database = parser.add_mutually_exclusive_group()
        database.add_argument("--keep", action="store_true", help="keep the scratch database, and say how to open it")
        database.add_argument("--into-current", action="store_true", help="play into the configured database")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            with ExitStack() as stack:
                self._replay(options, stack)
        except (CannotBegin, BadLine) as refusal:
            raise CommandError(f"{options['file']}, {refusal}" if isinstance(refusal, BadLine) else str(refusal)) from refusal
        except KeyboardInterrupt:
            raise CommandError("Stopped. Nothing was written.", returncode=130) from None

    def _replay(self, options: Mapping[str, Any], stack: ExitStack) -> None:
        source = _source(options)
        results = ResultsFolder(options["out"], force=options["force"])
        name = stack.enter_context(self._database(options))
        results.clear()
        with _progress(source.lines) as progress:
            played = play(source, _play_options(options), on_step=progress.step, on_fault=self._tell_fault)
        record = Record.gather(played, _about(options))
        write_results(record, results)
        write_report(record, results)
        results.publish()
        self._tell(played, record, results, name if options["keep"] else "")

    @contextmanager
    def _database(self, options: Mapping[str, Any]) -> Iterator[str]:
        if not options["into_current"]:
            with scratch_database(keep=options["keep"]) as name:
                if options["keep"]:
                    self.stderr.write(f"Playing into {name}. To look at it: {how_to_open(name)}")
                yield name
            return
        try:
            connection.ensure_connection()
        except OperationalError as error:
            raise CannotBegin(f"The configured database does not answer: {' '.join(str(error).split())}") from error
        yield str(connection.settings_dict["NAME"])

    def _tell_fault(self, fault: BadLine) -> None:
        self.stderr.write(str(fault))

    def _tell(self, played: Played, record: Record, results: ResultsFolder, kept: str) -> None:
        self.stdout.write(
            f"{played.events:,} events in {played.seconds:.1f} s ({record.events_per_second:,.0f} a second), "
            f"{len(record.alarms)} alarms, {len(record.flags):,} flagged orders. Results in {results.path}"
        )
        for failure in played.failures[:MOST_FAILURES_SHOWN]:
            self.stderr.write(f"Failed in the background: {failure}")
        if kept:
            self.stdout.write(f"The database is kept as {kept}. To look at it: {how_to_open(kept)}")
        if played.faults:
            raise CommandError(f"{len(played.faults):,} lines could not be played and were left out.")
        if played.failures:
            raise CommandError(f"{len(played.failures):,} checks or tasks failed, so the results cannot be trusted.")


def _source(options: Mapping[str, Any]) -> JsonlFile | TianchiFile:
    if options["format"] == "tianchi":
        return TianchiFile(options["file"], dict(options["quantity"]))
    if options["quantity"]:
        raise CommandError("--quantity goes with --format tianchi: other files say it themselves.")
    return JsonlFile(options["file"])


def _play_options(options: Mapping[str, Any]) -> Options:
    return Options(
        speed=options["speed"],
        is_observing=options["observe"],
        keep_going=options["keep_going"],
        log_level=logging.ERROR if options["verbosity"] < 2 else logging.INFO,
    )


def _about(options: Mapping[str, Any]) -> dict[str, Any]:
    names = ("format", "observe", "keep_going", "into_current")
    return {"file": options["file"].name} | {name: options[name] for name in names}


@contextmanager
def _progress(lines: int) -> Iterator[Progress]:
    progress = Progress(lines, out=sys.stderr)
    try:
        yield progress
    finally:
        progress.close()


def _speed(word: str) -> float | None:
    if word == "max":
        return None
    try:
        speed = float(word)
    except ValueError:
        speed = 0.0
    if not 0 < speed <= 1e9:
        raise ArgumentTypeError("give max, or how many times as fast as it happened, such as 60")
    return speed


def _quantity(word: str) -> tuple[str, int]:
    coupon, _, number = word.partition("=")
    if not (coupon and number.isascii() and number.isdigit() and 0 < int(number) <= 2_000_000_000):
        raise ArgumentTypeError("write it as COUPON=N, such as 13602=10000")
    return coupon, int(number)
