"""Bulk statements that look up a few thousand rows in tables of many millions."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

# The planner, which knows the tables as they were when they were last analysed, is told to look each row up by its index, and not
# to read a whole table for every chunk.
LOOK_UP = """
SELECT set_config('enable_seqscan', %(on)s, true), set_config('enable_hashjoin', %(on)s, true),
       set_config('enable_mergejoin', %(on)s, true)
"""


@contextmanager
def looking_up() -> Iterator[None]:
    """Each row by its index, also where a trigger looks it up; where an error ends the transaction, so does the setting."""
    with connection.cursor() as cursor:
        cursor.execute(LOOK_UP, {"on": "off"})
        yield
        cursor.execute(LOOK_UP, {"on": "on"})
