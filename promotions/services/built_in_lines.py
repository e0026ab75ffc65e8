"""The lines that every coupon type gets when it goes live. Why these figures: docs/adr/0005, 0008."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from promotions.models import CouponType, Threshold
from promotions.services.drawing import draw_line
from promotions.states import LimitKind, Metric, ThresholdAction

ALARM, SUSPEND = ThresholdAction.ALARM, ThresholdAction.SUSPEND
TEN_MINUTES, SIX_HOURS = timedelta(minutes=10), timedelta(hours=6)
HALF = Decimal("0.5")
LEAST_CAP = 100


@dataclass(frozen=True)
class BuiltIn:
    """A line by its name. The name stays when staff retune the line, and tells which one is there already."""

    name: str
    metric: Metric
    window: timedelta
    limit: int
    action: ThresholdAction
    kind: LimitKind = LimitKind.FIXED


# How much of this an event in a studio shows by itself: guests register on the spot, but with a card of their own; a few of
# them buy credit for their own phone, hours later. Ten within ten minutes, by a card that goes from hand to hand, is no studio;
# nor are twice as many within six hours, at whatever pace. A guest whose card is his own never counts, however long one looks.
BUILT_IN = (
    BuiltIn("token_refusals", Metric.TOKEN_REFUSALS, TEN_MINUTES, 1, ALARM),
    BuiltIn("customers_on_one_token", Metric.CUSTOMERS_ON_ONE_TOKEN, TEN_MINUTES, 30, ALARM),
    BuiltIn("young_accounts", Metric.YOUNG_ACCOUNTS_ON_SHARED_TOKENS, TEN_MINUTES, 10, SUSPEND),
    BuiltIn("quick_cash_outs", Metric.QUICK_CASH_OUTS, TEN_MINUTES, 10, SUSPEND),
    BuiltIn("customers_on_one_token_slowly", Metric.CUSTOMERS_ON_ONE_TOKEN, SIX_HOURS, 60, ALARM),
    BuiltIn("young_accounts_slowly", Metric.YOUNG_ACCOUNTS_ON_SHARED_TOKENS, SIX_HOURS, 20, SUSPEND),
    BuiltIn("quick_cash_outs_slowly", Metric.QUICK_CASH_OUTS, SIX_HOURS, 20, SUSPEND),
    BuiltIn("should_be_silent", Metric.ATTEMPTS, TEN_MINUTES, 10, ALARM, LimitKind.SILENT),
)
# After the end of an ordinary campaign some customers still press the button: that is no news until many do.
BUILT_IN_ONLINE = (BuiltIn("should_be_silent", Metric.ATTEMPTS, TEN_MINUTES, 100, ALARM, LimitKind.SILENT),)


def built_in_lines(coupon_type: CouponType) -> tuple[BuiltIn, ...]:
    """The lines of this type, the departure from its own baseline among them, with its fixed cap on top."""
    own = BUILT_IN if coupon_type.is_restricted else BUILT_IN_ONLINE
    return (*own, BuiltIn("baseline", Metric.ISSUED_COUNT, TEN_MINUTES, cap_of(coupon_type), ALARM, LimitKind.BASELINE))


def cap_of(coupon_type: CouponType) -> int:
    """The fixed cap of a type within ten minutes: half of all it can give, by quantity or by the campaign's budget."""
    counts = [int(coupon_type.campaign.budget.amount / coupon_type.face_value)]
    if coupon_type.quantity is not None:
        counts.append(coupon_type.quantity)
    return max(LEAST_CAP, int(HALF * min(counts)))


def arm_built_in(coupon_type: CouponType) -> None:
    """Arm the lines that no type may be without; those that were crossed are armed again."""
    known = set(coupon_type.thresholds.filter(is_built_in=True).values_list("built_in_name", flat=True))
    for line in built_in_lines(coupon_type):
        if line.name not in known:
            draw_line(
                scope=coupon_type,
                metric=line.metric,
                window=line.window,
                limit=Decimal(line.limit),
                action=line.action,
                kind=line.kind,
                built_in_name=line.name,
            )
    Threshold.objects.filter(coupon_type=coupon_type, is_built_in=True, fired_at__isnull=False).update(fired_at=None)
