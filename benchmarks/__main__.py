"""The command behind `make bench`: prints rates, waits and ratios of what it measured."""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.place import servers, site

PARTS = ("trips", "http", "hot", "pgbench")
FREEZE = "freeze"


def read_arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    several = f"what to measure: {', '.join(PARTS)}, all of it by default; or {FREEZE}, alone"
    parser.add_argument("parts", nargs="*", metavar="PART", help=several)
    parser.add_argument("--seconds", type=float, default=4, help="how long a round of one kind lasts")
    parser.add_argument("--rounds", type=int, default=7, help="rounds of each kind, taken in turn")
    parser.add_argument("--callers", type=int, default=64, help="connections that call at once, each kept open")
    parser.add_argument("--connections", type=int, default=4, help="database connections of each of the two web processes")
    parser.add_argument("--orders", type=int, default=300_000, help=f"{FREEZE}: so many orders, of which a third is frozen")
    parser.add_argument("--gate-orders", type=int, default=0, help=f"{FREEZE}: the gate is measured with so many orders")
    asked = parser.parse_args(given)
    asked.parts = asked.parts or list(PARTS)
    if asked.parts == [FREEZE]:
        return asked
    if unknown := set(asked.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    return asked


def main(given: Sequence[str] | None = None) -> None:
    given = sys.argv[1:] if given is None else given
    if given[:1] == ["lists"]:
        measure_lists(given[1:])
        return
    if given[:1] == ["queue"]:
        measure_queue(given[1:])
        return
    asked = read_arguments(given)
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as folder, servers():
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        from benchmarks import freeze, rounds

        load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
        print(f"{os.cpu_count()} processors, load average before it {load}; fsync on; {asked.callers} callers")
        (freeze if asked.parts == [FREEZE] else rounds).measure(asked, Path(folder), site)


def measure_lists(given: Sequence[str]) -> None:
    """The admin's lists have arguments of their own (`lists --help`)."""
    with servers():
        os.environ["DJANGO_SETTINGS_MODULE"] = "backoffice.settings"
        from benchmarks import lists

        lists.main(given)


def measure_queue(given: Sequence[str]) -> None:
    """The review queue has arguments of its own (`queue --help`)."""
    with servers():
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        from benchmarks import queue

        queue.main(given)


if __name__ == "__main__":
    main()
