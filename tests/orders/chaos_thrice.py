"""A freeze and its release where everything comes more than once: python -m tests.orders.chaos_thrice ORDERS CHUNK HOW.

HOW is `once`: one worker, one beat, each message once; or `thrice`: two workers, two beats, each message three times. Prints as
JSON how many messages were sent, and every table as it stands in the end, so that both can be compared byte for byte.

Left out is what the clock, and not the work, decides: times, random keys, numbers of transactions, and the tables in which
schedules note when they ran.
"""

import hashlib
import json
import re
import sys
import time
from pathlib import Path
from typing import Any

from tests.orders.chaos import Site, site

LONGEST_WAIT = 300  # seconds
ASKED = 50
HOW = {"once": (1, 1, 1), "thrice": (2, 2, 3)}
OF_THE_CLOCK = re.compile(r"lib_(checkrun|schedule)|django_celery_beat_|django_migrations|pghistory_context")
TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(\+\d\d(:\d\d)?|Z)?")
RANDOM_KEY = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
COLUMNS = """
    SELECT c.table_name, string_agg(quote_ident(c.column_name), ', ' ORDER BY c.ordinal_position)
    FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
    WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'
      AND c.data_type NOT IN ('timestamp with time zone', 'uuid')
      AND c.column_name <> 'decided_in' GROUP BY 1 ORDER BY 1
"""


def main(orders: int, chunk: int, how: str) -> dict[str, Any]:
    workers, beats, times = HOW[how]
    with site() as made:
        import django

        django.setup()
        from tests.orders import chaos_story as story

        story.prepare(orders)
        sent = made.home / "sent"
        made.run(workers=workers, beats=beats, CHAOS_CHUNK=str(chunk), CHAOS_TIMES=str(times), CHAOS_SENT=str(sent))
        freeze = story.approved_freeze(story.CLEAN)
        wait_until(made, lambda: story.is_done(freeze))
        story.ask_for_deliveries(story.CLEAN, ASKED)
        release = story.approved_release(freeze)
        wait_until(made, lambda: story.is_done(release) and story.all_told(ASKED))
        made.stop()
        before = tables()
        story.double_one_event()
        return {"sent": count_of(sent), "tables": before, "tables_with_one_event_doubled": tables()}


def wait_until(made: Site, is_so: Any) -> None:
    begun = time.monotonic()
    while not is_so():
        made.look_after()
        if time.monotonic() - begun > LONGEST_WAIT:
            raise SystemExit(f"After {LONGEST_WAIT} s it has not ended")
        time.sleep(0.1)


def tables() -> dict[str, str]:
    """Of every table how many rows it has and the SHA-256 of all of them, in their own order of bytes."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(COLUMNS)
        found = [(name, columns) for name, columns in cursor.fetchall() if not OF_THE_CLOCK.match(name)]
        return {name: _told(cursor, f"SELECT {columns} FROM {name}") for name, columns in found}


def _told(cursor: Any, query: str) -> str:
    with cursor.copy(f"COPY ({query}) TO STDOUT") as rows:
        text = b"".join(bytes(part) for part in rows).decode()
    lines = sorted(RANDOM_KEY.sub("KEY", TIME.sub("TIME", line)) for line in text.splitlines())
    return f"{len(lines)} {hashlib.sha256(chr(10).join(lines).encode()).hexdigest()}"


def count_of(sent: Path) -> int:
    return len(sent.read_bytes())


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])))
