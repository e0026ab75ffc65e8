"""Staff set by when orders are looked at."""

from collections.abc import Mapping
from datetime import timedelta

from django.db import connection, transaction
from django.utils.translation import gettext as _

from backoffice.lib.audit import because
from backoffice.lib.errors import InvalidInput
from orders.services.texts import checked_prose
from risk.models import ReviewTerms
from risk.models.review_terms import LONGEST, SHORTEST, TERMS
from risk.queueing import TERM_COLUMNS, due_sql

# An appeal that waits keeps its own due time; where it is the sooner one it still counts.
RE_DATE = f"""
    UPDATE risk_review r SET due_at = least({due_sql("r.since", "r.urgency", "f.disposition")}, r.appeal_due_at)
      FROM risk_flag f WHERE f.order_id = r.order_id AND f.decision = ''
"""  # noqa: S608  our own names


@transaction.atomic
def change_terms(*, terms: Mapping[str, timedelta], re_dates: bool, reason: str) -> ReviewTerms:
    """Set the due times named; the others stay. With `re_dates` flagged orders that wait are dated anew.

    Raises InvalidInput where a term is not within a month, or what is more severe would be looked at later.
    """
    reason = checked_prose(reason, _("the reason"))
    row = ReviewTerms.objects.select_for_update().get()
    for name in TERMS:
        setattr(row, name, terms.get(name, getattr(row, name)))
    check_terms(row)
    with because(reason):
        row.save(update_fields=TERMS)
        if re_dates:
            with connection.cursor() as cursor:
                cursor.execute(RE_DATE)
    return row


def check_terms(row: ReviewTerms) -> None:
    """Raises InvalidInput, in the words of the page, for what the database would refuse."""
    if not all(SHORTEST <= getattr(row, name) <= LONGEST for name in TERMS):
        raise InvalidInput(_("A due time lies between a minute and 31 days."))
    if any(getattr(row, organised) > getattr(row, others) for organised, others in TERM_COLUMNS.values()):
        raise InvalidInput(_("Organised orders are never due later than the others."))
    for names in zip(*TERM_COLUMNS.values(), strict=True):
        times = [getattr(row, name) for name in names]
        if times != sorted(times):
            raise InvalidInput(_("What can still be saved is never due later than what cannot."))
