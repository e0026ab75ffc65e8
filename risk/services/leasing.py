"""Who has which order before him: taken from the queue, kept while his page is open, given back, lost when he is away for long.

An order is with one reviewer at a time, and a reviewer has one order at a time. Both are stated by the database; the statements
here find the next order without two reviewers waiting for each other.
"""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from backoffice.lib.display import time_text
from backoffice.lib.errors import DomainError, NotFound
from risk.models import Review
from risk.queueing import LEASE

CAN_REVIEW_ESCALATED = "risk.review_escalated"
MOST_TRIES = 3
WINDOWS_OF_A_REVIEWER = 20190120  # the first half of the key of an advisory lock; the second is the person

# What nobody has, what this person has not skipped and what is not about a decision of his own, in the order of the index that the
# pool has to itself. Rows that somebody takes at this moment are passed over; a row that was taken meanwhile fails the condition
# when it is locked, and the search goes on behind it.
TAKE_NEXT = """
WITH next AS MATERIALIZED (
    SELECT r.id FROM risk_review r
     WHERE {pool}
       AND (r.leased_until IS NULL OR r.leased_until <= %(at)s)
       AND (r.judged_by_id IS NULL OR r.judged_by_id <> %(user)s)
       AND NOT EXISTS (SELECT FROM risk_reviewskip s WHERE s.user_id = %(user)s AND s.order_id = r.order_id AND s.until > %(at)s)
     ORDER BY r.urgency, r.due_at, r.score DESC, r.id
     LIMIT 1 {lock}
)
UPDATE risk_review r SET leased_by_id = %(user)s, leased_at = %(at)s, leased_until = %(until)s
  FROM next WHERE r.id = next.id
RETURNING r.id
"""
MINE, ESCALATED, EVERYBODYS = (
    "r.assigned_to_id = %(user)s",
    "r.is_escalated AND r.assigned_to_id IS NULL",
    "NOT r.is_escalated AND r.assigned_to_id IS NULL",
)
LOCK = "FOR NO KEY UPDATE OF r SKIP LOCKED"


class HeldByAnother(DomainError):
    """Another reviewer has this order before him."""

    code = "held_by_another"


class LeaseLost(DomainError):
    """The time for which the order was kept has run out."""

    code = "lease_lost"


def take_next(user: Any, *, at: datetime) -> Review | None:
    """The order that this reviewer is to look at now: the one he has before him, else the next of the queue; None where none waits.

    What is assigned to him comes first, then for those who may what was escalated, then what is everybody's.
    """
    for _try in range(MOST_TRIES):
        try:
            return _take_next(user, at)
        except IntegrityError:  # somebody else has just taken it, and the guard below said so
            continue
    raise HeldByAnother(_("Others are taking these orders at this moment. Try again."))


@transaction.atomic
def take(review: Review, user: Any, *, at: datetime) -> Review:
    """Take this very order, and give back the one he has before him, if that is another.

    Raises HeldByAnother where somebody has it, or where the appeal is about a decision of his own, NotFound where it no longer
    waits.
    """
    Review.objects.filter(leased_by=user).exclude(pk=review.pk).update(leased_by=None, leased_at=None, leased_until=None)
    found = Review.objects.select_for_update(no_key=True).filter(pk=review.pk).first()
    if found is None:
        raise NotFound(_("This order no longer waits for a reviewer."))
    if found.judged_by_id == user.pk:
        raise HeldByAnother(_("You decided this order: somebody else looks at the appeal."))
    check_free(found, user, at=at)
    Review.objects.filter(pk=found.pk).update(leased_by=user, leased_at=at, leased_until=at + LEASE)
    found.refresh_from_db()
    return found


def renew(review_id: int, user: Any, *, at: datetime) -> datetime:
    """The page is still open. Answers until when the order is kept now; raises LeaseLost where it no longer is."""
    until = at + LEASE
    if not Review.objects.held_by(user, at).filter(pk=review_id).update(leased_until=until):
        raise LeaseLost(lost_words(review_id, user, at))
    return until


def give_back(user: Any) -> bool:
    """Let go of what he has before him; others get it. Answers whether there was anything."""
    return bool(Review.objects.filter(leased_by=user).update(leased_by=None, leased_at=None, leased_until=None))


def check_free(review: Review, user: Any, *, at: datetime) -> None:
    """Raises HeldByAnother where another reviewer has it before him."""
    is_held = review.leased_until is not None and review.leased_until > at
    if is_held and review.leased_by_id != user.pk:
        words = {"person": review.leased_by, "order": review.order, "until": time_text(review.leased_until)}
        raise HeldByAnother(_("%(person)s has order %(order)s before him until %(until)s. Nothing was done.") % words)


def seconds_with(review: Review | None, user: Any, *, at: datetime) -> int | None:
    """How long this reviewer has had the order before him; None where he decides it without having taken it."""
    if review is None or review.leased_by_id != user.pk or review.leased_at is None:
        return None
    return max(0, int((at - review.leased_at).total_seconds()))


def lost_words(review_id: int, user: Any, at: datetime) -> str:
    """What became of an order that is no longer kept for this reviewer."""
    review = Review.objects.select_related("leased_by").filter(pk=review_id).first()
    if review is None:
        return _("This order no longer waits: it was decided.")
    if review.leased_until is not None and review.leased_until > at and review.leased_by_id != user.pk:
        return _("The time ran out, and %s has taken this order.") % review.leased_by
    return _("The time ran out: this order is back in the queue. Take it again to go on.")


def _mine(user: Any, at: datetime) -> Review | None:
    """What he has before him, kept for as long again."""
    held = Review.objects.held_by(user, at)
    return held.first() if held.update(leased_until=at + LEASE) else None


@transaction.atomic
def _take_next(user: Any, at: datetime) -> Review | None:
    """One window of a person after the other: the second finds what the first one took."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [WINDOWS_OF_A_REVIEWER, user.pk])
    if mine := _mine(user, at):
        return mine
    give_back(user)
    pools = [MINE, *([ESCALATED] if user.has_perm(CAN_REVIEW_ESCALATED) else []), EVERYBODYS]
    values = {"user": user.pk, "at": at, "until": at + LEASE}
    with connection.cursor() as cursor:
        for pool in pools:
            cursor.execute(TAKE_NEXT.format(pool=pool, lock=LOCK), values)
            if found := cursor.fetchone():
                return Review.objects.get(pk=found[0])
    return None
