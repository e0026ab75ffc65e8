"""Redemptions are held: by a crossed line or by a person, and no longer once two persons say so.

Whoever places orders asks for it in the transaction that redeems, and holds the order there. Orders that were placed before, or at
the same moment, are found by whoever hears `redemptions_held`, and by their sweep.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from backoffice.lib.approvals import approvable, request_approval
from backoffice.lib.audit import because
from backoffice.lib.errors import DomainError, StaleState
from backoffice.lib.models import Approval
from backoffice.lib.sentences import Sentence
from promotions.models import Campaign, CouponType, Entry, RedemptionHold, TokenBatch
from promotions.services.lifecycle import target_of
from promotions.signals import redemptions_held

LIFT = "promotions.redemption_hold.lift"
FREED = Sentence(gettext_noop("What redeems coupons of %(scope)s is no longer held; orders that only this holds go free."))
FIELDS: tuple[tuple[str, type], ...] = (
    ("campaign", Campaign),
    ("coupon_type", CouponType),
    ("entry", Entry),
    ("batch", TokenBatch),
)


@transaction.atomic
def hold_redemptions(scope: Any, *, since: datetime, reason: str, by: Any, at: datetime) -> RedemptionHold:
    """Hold whatever redeemed coupons of `scope` since `since`, and whatever redeems them from now on.

    `scope` is a campaign, coupon type, entry or token batch. Where its redemptions are held already, that is the answer, unchanged.
    """
    if not reason.strip():
        raise DomainError(_("Give a reason: whoever lets them go again will read it."))
    (field,) = (name for name, model in FIELDS if isinstance(scope, model))
    with because(reason, user=by.pk):
        hold, is_new = RedemptionHold.objects.open().get_or_create(
            **{field: scope}, lifted_at=None, defaults={"since": since, "reason": reason, "placed_at": at, "placed_by": by}
        )
    if is_new:
        transaction.on_commit(lambda: redemptions_held.send(sender=RedemptionHold, redemption_hold_id=hold.pk), robust=True)
    return hold


def request_lift(hold: RedemptionHold, *, by: Any, reason: str, at: datetime) -> Approval:
    """Ask that redemptions are no longer held. The orders that it alone holds go free with it."""
    if hold.lifted_at is not None:
        raise StaleState(_("It is lifted already."))
    return request_approval(
        action=LIFT,
        target=target_of(hold),
        summary=FREED % {"scope": hold},
        payload={"hold": hold.pk},
        reason=reason,
        by=by,
        at=at,
    )


@approvable(LIFT, permission="promotions.approve_lift")
def _lift(approval: Approval, at: datetime) -> None:
    rows = RedemptionHold.objects.open().filter(pk=approval.payload["hold"])
    if not rows.update(lifted_at=at, lifted_by=approval.requested_by):
        raise StaleState(_("It is lifted already. Reject it."))


def reason_to_hold(prefix: str = "") -> Subquery:
    """For a query over coupons, or over rows from which `prefix` leads to a coupon: why its redemption is to be held, or None."""
    covering = RedemptionHold.objects.open().covering(lambda path: OuterRef(f"{prefix}{path}"))
    return Subquery(covering.order_by("pk").values("reason")[:1])
