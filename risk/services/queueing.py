"""What a reviewer does with an order besides deciding it: leave it to others, to a senior, or give it to somebody."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from backoffice.lib.errors import DomainError, NotFound
from orders.services.texts import checked_prose
from risk.models import Review, ReviewAct, ReviewSkip
from risk.queueing import SKIPPED_FOR
from risk.services.leasing import check_free
from risk.states import ReviewActKind

CAN_DECIDE = "risk.decide_flag"


@transaction.atomic
def skip(review: Review, user: Any, *, at: datetime, reason: str = "") -> ReviewSkip:
    """Not for me, for some hours. It goes back to the queue, and the others get it as before."""
    reason = checked_prose(reason, _("the reason"), may_be_blank=True)
    review = locked(review)
    ReviewSkip.objects.filter(user=user, until__lte=at).delete()
    skipped, _is_new = ReviewSkip.objects.update_or_create(
        order_id=review.order_id, user=user, defaults={"until": at + SKIPPED_FOR}
    )
    _keep(review, ReviewActKind.SKIPPED, by=user, at=at, reason=reason)
    Review.objects.filter(pk=review.pk, leased_by=user).update(**NOBODYS)
    return skipped


@transaction.atomic
def escalate(review: Review, user: Any, *, at: datetime, reason: str) -> Review:
    """Leave it to a senior. It leaves everybody's queue for theirs, whoever it was assigned to. Escalated already, it stays so.

    Raises HeldByAnother where another reviewer has it before him, InvalidInput without a reason.
    """
    reason = checked_prose(reason, _("the reason"))
    review = locked(review)
    check_free(review, user, at=at)
    if not review.is_escalated:
        Review.objects.filter(pk=review.pk).update(
            is_escalated=True, escalated_by=user, escalation_reason=reason, assigned_to=None, assigned_by=None, **NOBODYS
        )
        _keep(review, ReviewActKind.ESCALATED, by=user, at=at, reason=reason)
        review.refresh_from_db()
    return review


@transaction.atomic
def assign(review: Review, to: Any, *, by: Any, at: datetime, reason: str) -> Review:
    """Give it to a person: only he gets it from the queue, also where he skipped it. `to` None gives it back to everybody.

    Raises HeldByAnother where a reviewer other than these two has it before him, DomainError for somebody who may not review.
    """
    reason = checked_prose(reason, _("the reason"))
    review = locked(review)
    if to is not None and not (to.is_active and to.has_perm(CAN_DECIDE)):
        raise DomainError(_("%s may not decide flagged orders: nothing can be assigned to him.") % to)
    if to is not None and review.judged_by_id == to.pk:
        raise DomainError(_("%s decided this order: somebody else looks at the appeal.") % to)
    if review.leased_by_id != getattr(to, "pk", None):
        check_free(review, by, at=at)
    ReviewSkip.objects.filter(order_id=review.order_id, user=to).delete()
    gives_back = NOBODYS if review.leased_by_id == by.pk and to != by else {}
    Review.objects.filter(pk=review.pk).update(assigned_to=to, assigned_by=by if to is not None else None, **gives_back)
    _keep(review, ReviewActKind.ASSIGNED, by=by, at=at, reason=reason, whom=to)
    review.refresh_from_db()
    return review


NOBODYS: dict[str, Any] = {"leased_by": None, "leased_at": None, "leased_until": None}


def locked(review: Review) -> Review:
    """The row, locked until the transaction ends. Raises NotFound where the order no longer waits."""
    found = Review.objects.select_for_update(no_key=True).filter(pk=review.pk).first()
    if found is None:
        raise NotFound(_("This order no longer waits for a reviewer."))
    return found


def _keep(review: Review, kind: str, *, by: Any, at: datetime, reason: str, whom: Any = None) -> ReviewAct:
    return ReviewAct.objects.create(order_id=review.order_id, kind=kind, by=by, at=at, reason=reason, whom=whom)
