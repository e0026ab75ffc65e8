"""When the code of a restricted coupon type went public: said by staff, suggested by the claims."""

from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from backoffice.lib.audit import because
from backoffice.lib.errors import InvalidInput, StaleState
from orders.services.texts import checked_prose
from promotions.models import ClaimToken, CouponType, Entry
from promotions.states import Audience
from risk.models import PublicMark

# The first ten minutes in which at least LEAST customers came by a token that others had used, at least half of them ordinary:
# accounts of a month and more, each on a device of its own.
FIRST_CROWD = """
WITH claims AS (
    SELECT c.at, c.customer_id, c.device, c.registered_at,
           count(*) OVER (PARTITION BY c.device) AS on_device
      FROM promotions_claim c JOIN promotions_claimtoken k ON k.id = c.token_id
     WHERE c.coupon_type_id = %(coupon_type)s AND c.outcome = 'issued' AND c.at <= %(at)s AND k.used > 1
)
SELECT to_timestamp(floor(extract(epoch FROM at) / 600) * 600) AS began
  FROM claims GROUP BY 1
HAVING count(*) >= %(least)s
   AND 2 * count(*) FILTER (WHERE registered_at < at - interval '30 days' AND device <> '' AND on_device = 1) >= count(*)
 ORDER BY 1 LIMIT 1
"""
LEAST = 20


def suggest_going_public(coupon_type: CouponType, *, at: datetime) -> datetime | None:
    """When ordinary customers began to come in a crowd, as the claims up to `at` tell; None where they never did."""
    with connection.cursor() as cursor:
        cursor.execute(FIRST_CROWD, {"coupon_type": coupon_type.pk, "at": at, "least": LEAST})
        found = cursor.fetchone()
    return found[0] if found else None


@transaction.atomic
def mark_public(
    coupon_type: CouponType,
    *,
    went_public_at: datetime,
    reason: str,
    by: Any,
    at: datetime,
    entry: Entry | None = None,
    token: ClaimToken | None = None,
) -> PublicMark:
    """Say that the code went public then. Later assessments take it in favour of whoever claimed afterwards.

    Raises InvalidInput for a type that is not restricted, an entry or a token of another, a time to come, or no reason.
    """
    if coupon_type.audience != Audience.RESTRICTED:
        raise InvalidInput(_("Only a restricted coupon type has a code that can go public."))
    if went_public_at > at:
        raise InvalidInput(_("A code cannot have gone public in the future."))
    if entry is not None and entry.coupon_type_id != coupon_type.pk:
        raise InvalidInput(_("This entry is one of another coupon type."))
    if token is not None and token.batch.entry.coupon_type_id != coupon_type.pk:
        raise InvalidInput(_("This token is one of another coupon type."))
    reason = checked_prose(reason, "the reason")
    with because(reason, user=by.pk):
        return PublicMark.objects.create(
            coupon_type=coupon_type,
            entry=entry,
            token=token,
            went_public_at=went_public_at,
            reason=reason,
            marked_by=by,
            marked_at=at,
        )


@transaction.atomic
def lift_mark(mark: PublicMark, *, by: Any, reason: str, at: datetime) -> PublicMark:
    """It did not go public then. Raises InvalidInput without a reason, StaleState where it was taken back already."""
    reason = checked_prose(reason, "the reason")
    with because(reason, user=by.pk):
        marks = PublicMark.objects.filter(pk=mark.pk, lifted_at=None)
        if not marks.update(lifted_at=at, lifted_by=by, lift_reason=reason):
            raise StaleState(_("Somebody else has taken it back already."))
    mark.refresh_from_db()
    return mark
