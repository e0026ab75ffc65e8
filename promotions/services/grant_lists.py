"""Drafts of grants: a list of customers comes in whole or not at all, is hashed, and looked at before anybody is asked."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from backoffice.lib.aloud import in_english
from backoffice.lib.errors import InvalidInput
from backoffice.lib.sentences import Sentence
from promotions.grant_files import MOST_ROWS, ListFile, Problems, checked_ref, pasted_refs
from promotions.models import CouponType, Grant
from promotions.services import grant_statements as statements
from promotions.services.grant_filters import CustomerFilter
from promotions.services.grant_rules import rule_values
from promotions.states import CouponTypeStatus, GrantSource

LINES_AT_ONCE = 10_000
OF_FILE = Sentence(gettext_noop("the customers of the file %(file)s"))
LEFT_ALONE = Sentence(gettext_noop("columns left alone: %(columns)s"))
TYPED_IN = Sentence(gettext_noop("customers typed in"))
BY_KEY = Sentence(gettext_noop("customers named by the API key %(key)s"))
MATCHING = Sentence(gettext_noop("all customers who match: %(conditions)s"))


class BadList(InvalidInput):
    """The list was not loaded. `problems` are the first of them, by line, `count` is how many there are."""

    code = "bad_list"

    def __init__(self, problems: Problems) -> None:
        self.problems, self.count = tuple(problems.shown), problems.count
        head = _("Nothing was loaded: %(count)s lines are wrong.") % {"count": f"{problems.count:,}"}
        if problems.count > len(problems.shown):
            head += " " + _("These are the first %(shown)s.") % {"shown": len(problems.shown)}
        super().__init__("\n".join([head, *map(str, problems.shown)]))


@transaction.atomic
def draft_from_file(
    coupon_type: CouponType, stream: BinaryIO, *, name: str, is_in_addition: bool = False, by: Any, at: datetime
) -> Grant:
    """A draft for the customers of a CSV file. Raises BadList, and InvalidInput for a coupon type that gives nothing any more."""
    file = ListFile(stream)
    _stage(file.refs(), file.problems)
    words = OF_FILE % {"file": name}
    if file.unread:
        words += "; " + LEFT_ALONE % {"columns": ", ".join(file.unread)}
    return _make(coupon_type, GrantSource.LIST, words, {"file": name, "unread": list(file.unread)}, is_in_addition, by, at)


@transaction.atomic
def draft_from_text(coupon_type: CouponType, text: str, *, is_in_addition: bool = False, by: Any, at: datetime) -> Grant:
    """A draft for customers named one a line. Raises BadList, and InvalidInput as above."""
    problems = Problems()
    _stage(pasted_refs(text, problems), problems)
    return _make(coupon_type, GrantSource.LIST, str(TYPED_IN), {}, is_in_addition, by, at)


@transaction.atomic
def draft_from_api(
    coupon_type: CouponType, refs: Sequence[str], *, key: str, is_in_addition: bool = False, by: Any, at: datetime
) -> Grant:
    """A draft for customers named by a program, whose key is shown. Raises BadList, and InvalidInput as above."""
    problems = Problems()
    checked = ((number, checked_ref(ref, number, problems)) for number, ref in enumerate(refs, start=1))
    _stage(((number, ref) for number, ref in checked if ref), problems)
    words = BY_KEY % {"key": key}
    return _make(coupon_type, GrantSource.API, words, {"api_key": key}, is_in_addition, by, at)


@transaction.atomic
def draft_from_filter(
    coupon_type: CouponType, asked: CustomerFilter, *, is_in_addition: bool = False, by: Any, at: datetime
) -> Grant:
    """A draft for all customers who match now; who matches later is not among them. Raises InvalidInput where nobody matches."""
    rows = asked.rows()
    try:
        sql, params = rows.order_by().values("pk", "ref").query.sql_with_params()
    except EmptyResultSet:
        raise InvalidInput(_("No customer matches.")) from None
    with connection.cursor() as cursor:
        cursor.execute(statements.UNSTAGE)
        cursor.execute(statements.STAGE)
        numbered = f"SELECT row_number() OVER (ORDER BY m.id), m.ref FROM ({sql}) AS m (id, ref)"  # noqa: S608  a queryset's SQL
        cursor.execute(f"INSERT INTO grant_list (number, ref) {numbered}", params)
    with in_english():
        words = MATCHING % {"conditions": asked.words()}
    return _make(coupon_type, GrantSource.FILTER, words, asked.data(), is_in_addition, by, at)


def look_again(grant: Grant, at: datetime) -> dict[str, Any]:
    """What the draft would do if it were worked now, kept with it: by obstacle, how many; and of how many we never heard."""
    with connection.cursor() as cursor:
        cursor.execute(statements.PREVIEW, {"grant": grant.pk, "at": at, **rule_values(grant)})
        rows = cursor.fetchall()
    found = {obstacle or "given": count for obstacle, count, _new in rows}
    grant.preview = {"at": at.isoformat(), "new": sum(new for *_rest, new in rows), **found}
    Grant.objects.filter(pk=grant.pk).update(preview=grant.preview)
    return grant.preview


def _stage(refs: Iterable[tuple[int, str]], problems: Problems) -> None:
    """Raises BadList for anything wrong with any line."""
    with connection.cursor() as cursor:
        cursor.execute(statements.UNSTAGE)
        cursor.execute(statements.STAGE)
        lines = iter(refs)
        rows = 0
        with cursor.copy(statements.COPY_IN) as copy:
            while block := list(islice(lines, LINES_AT_ONCE)):
                rows += len(block)
                if rows > MOST_ROWS:
                    problems.add(block[-1][0], _("more than %s customers: split the list") % f"{MOST_ROWS:,}")
                    break
                copy.write("".join(f"{number}\t{ref}\n" for number, ref in block))
        cursor.execute(statements.STAGED)
        count, different = cursor.fetchone()
        if count > different:
            _add_repeated(cursor, problems)
    if not problems.count and not count:
        problems.add(1, _("no customers"))
    if problems.count:
        raise BadList(problems)


def _add_repeated(cursor: Any, problems: Problems) -> None:
    cursor.execute(statements.REPEATED, {"shown": 100})
    rows = cursor.fetchall()
    for number, ref, first, _count in rows:
        problems.add(number, _("%(ref)s is named in line %(first)s already") % {"ref": ref, "first": f"{first:,}"})
    problems.count += rows[0][3] - len(rows)
    problems.shown.sort(key=lambda problem: problem.line)


def _make(
    coupon_type: CouponType, source: GrantSource, words: str, scope: dict[str, Any], is_in_addition: bool, by: Any, at: datetime
) -> Grant:
    if coupon_type.status == CouponTypeStatus.ENDED:
        raise InvalidInput(_("%s has ended: no coupons of it can be given.") % coupon_type)
    with connection.cursor() as cursor:
        cursor.execute(statements.STAGED)
        count = cursor.fetchone()[0]
        if not count:
            raise InvalidInput(_("No customer matches."))
        if count > MOST_ROWS:
            raise InvalidInput(_("More than %s customers match: ask for fewer at a time.") % f"{MOST_ROWS:,}")
        cursor.execute(statements.FINGERPRINT_STAGED)
        sha256 = cursor.fetchone()[0]
        grant = Grant.objects.create(
            coupon_type=coupon_type,
            source=source,
            scope_text=words,
            scope=scope,
            is_in_addition=is_in_addition,
            count=count,
            amount=count * coupon_type.face_value,
            list_hash=sha256,
            made_by=by,
            made_at=at,
        )
        cursor.execute(statements.FILL, [grant.pk])
        cursor.execute(statements.UNSTAGE)
        cursor.execute("ANALYZE promotions_grantitem")
    look_again(grant, at)
    return grant
