"""Lists of orders: loaded whole or not at all, counted and hashed, and closed from then on."""

from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from backoffice.lib.errors import InvalidInput
from backoffice.lib.sentences import Sentence, gettext_noop
from orders.models import Order, OrderList
from orders.order_files import MOST_ROWS, PROBLEMS_SHOWN, Problems, filed_numbers, pasted_numbers
from orders.states import ListSource

LINES_AT_ONCE = 10_000
LONGEST_NAME = 200
# A list on its way in: gone with the transaction, so that a file with one wrong line leaves nothing.
STAGE = """
DROP TABLE IF EXISTS order_numbers, order_found, order_ids;
CREATE TEMP TABLE order_numbers (line integer NOT NULL, ref text NOT NULL) ON COMMIT DROP
"""
COPY_IN = "COPY order_numbers (line, ref) FROM STDIN"
ANALYZE = "ANALYZE order_numbers"
# The orders are looked up once, which is most of the reading; what follows looks at what was found.
FIND = """
CREATE TEMP TABLE order_found ON COMMIT DROP AS
SELECT n.line, n.ref, o.id FROM order_numbers n LEFT JOIN orders_order o ON o.ref = n.ref
"""
UNKNOWN = "SELECT line, ref, count(*) OVER () FROM order_found WHERE id IS NULL ORDER BY line, ref LIMIT %s"
KNOWN_IDS = "CREATE TEMP TABLE order_ids ON COMMIT DROP AS SELECT DISTINCT id FROM order_found WHERE id IS NOT NULL"
CHOSEN_IDS = """
DROP TABLE IF EXISTS order_ids;
CREATE TEMP TABLE order_ids ON COMMIT DROP AS SELECT chosen.id FROM ({chosen}) AS chosen (id)
"""
# An order has one number: ids are compared sooner than numbers.
FOUND = "SELECT count(*), count(DISTINCT id) + count(DISTINCT ref) FILTER (WHERE id IS NULL) FROM order_found"
FINGERPRINT = """
SELECT count(*), encode(sha256(convert_to(coalesce(string_agg(id::text, ',' ORDER BY id), ''), 'UTF8')), 'hex') FROM order_ids
"""
FILL = "INSERT INTO orders_orderlistitem (order_list_id, order_id) SELECT %s, id FROM order_ids ORDER BY id"


PASTED = Sentence(gettext_noop("pasted text"))


class BadNumbers(InvalidInput):
    """The list was not loaded. Its first line says how many lines are wrong, the others which and why."""

    code = "bad_numbers"

    def __init__(self, problems: Problems) -> None:
        self.problems, self.count = tuple(problems.shown), problems.count
        head = _("Nothing was loaded: %(count)s lines are wrong.") % {"count": f"{problems.count:,}"}
        if problems.count > len(problems.shown):
            head += " " + _("These are the first %(shown)s.") % {"shown": len(problems.shown)}
        super().__init__("\n".join([head, *map(str, problems.shown)]))


@transaction.atomic
def list_from_text(text: str, *, leaves_out_unknown: bool = False, by: Any, at: datetime) -> OrderList:
    """A list of the orders whose numbers are in this text. Blanks around them and repetitions do not count.

    Raises BadNumbers for numbers of no order, by line, unless they are to be left out; InvalidInput where no order remains.
    """
    problems = Problems()
    return _load(pasted_numbers(text, problems), problems, leaves_out_unknown, ListSource.PASTED, str(PASTED), by, at)


@transaction.atomic
def list_from_file(stream: BinaryIO, *, name: str, leaves_out_unknown: bool = False, by: Any, at: datetime) -> OrderList:
    """The same of a file, plain text or CSV."""
    problems = Problems()
    return _load(filed_numbers(stream, problems), problems, leaves_out_unknown, ListSource.FILE, name, by, at)


@transaction.atomic
def list_of_orders(orders: QuerySet[Order], *, name: str, by: Any, at: datetime) -> OrderList:
    """A list of these orders, as they match now; `name` says in words what they were chosen from. Raises InvalidInput for none."""
    rows = Order.objects.filter(pk__in=orders.order_by().values("pk")).order_by().values("pk")
    try:
        sql, params = rows.query.sql_with_params()
    except EmptyResultSet:
        raise InvalidInput(_("No order was chosen.")) from None
    with connection.cursor() as cursor:
        cursor.execute(CHOSEN_IDS.format(chosen=sql), params)
    return _make(ListSource.CHOSEN, name, by, at)


def _load(
    numbers: Iterable[tuple[int, str]], problems: Problems, leaves_out_unknown: bool, source: str, name: str, by: Any, at: datetime
) -> OrderList:
    with connection.cursor() as cursor:
        cursor.execute(STAGE)
        _stage(cursor, numbers, problems)
        cursor.execute(ANALYZE)
        cursor.execute(FIND)
        cursor.execute(UNKNOWN, [PROBLEMS_SHOWN])
        unknown = cursor.fetchall()
        count_unknown = unknown[0][2] if unknown else 0
        if unknown and not leaves_out_unknown:
            for line, ref, _count in unknown:
                problems.add(line, _("there is no order “%s”") % ref)
            problems.count += count_unknown - len(unknown)
            problems.shown.sort(key=lambda problem: problem.line)
        if problems.count:
            raise BadNumbers(problems)
        cursor.execute(FOUND)
        named, different = cursor.fetchone()
        cursor.execute(KNOWN_IDS)
    return _make(source, name, by, at, unknown=count_unknown, repeated=named - different)


def _stage(cursor: Any, numbers: Iterable[tuple[int, str]], problems: Problems) -> None:
    lines, rows = iter(numbers), 0
    with cursor.copy(COPY_IN) as copy:
        while block := list(islice(lines, LINES_AT_ONCE)):
            rows += len(block)
            if rows > MOST_ROWS:
                problems.add(block[-1][0], _("more than %s numbers: split the list") % f"{MOST_ROWS:,}")
                break
            copy.write("".join(f"{line}\t{_escaped(ref)}\n" for line, ref in block))


def _escaped(ref: str) -> str:
    """As COPY reads it. Of what it treats specially only the backslash can be in a number."""
    return ref.replace("\\", "\\\\")


def _make(source: str, name: str, by: Any, at: datetime, *, unknown: int = 0, repeated: int = 0) -> OrderList:
    with connection.cursor() as cursor:
        cursor.execute(FINGERPRINT)
        count, sha256 = cursor.fetchone()
        if not count:
            raise InvalidInput(_("No order was named."))
        made = OrderList.objects.create(
            source=source,
            name=name[:LONGEST_NAME],
            count=count,
            unknown=unknown,
            repeated=repeated,
            sha256=sha256,
            made_by=by,
            made_at=at,
        )
        cursor.execute(FILL, [made.pk])
    return made
