"""Lines are drawn and armed again by a person."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from django.utils.translation import gettext as _

from backoffice.lib.audit import because
from backoffice.lib.errors import DomainError, InvalidInput, StaleState
from promotions.models import Campaign, CouponType, Entry, Threshold, TokenBatch
from promotions.services.campaigns import save_valid
from promotions.states import METRICS_OF_KIND, LimitKind, Metric, RefusalReason, ThresholdAction

Scope = Campaign | CouponType | Entry | TokenBatch | Literal["platform"]
PLATFORM: Literal["platform"] = "platform"
FIELDS: tuple[tuple[str, type], ...] = (
    ("campaign", Campaign),
    ("coupon_type", CouponType),
    ("entry", Entry),
    ("batch", TokenBatch),
)


def draw_line(
    *,
    scope: Scope,
    metric: str,
    window: timedelta | None,
    limit: Decimal,
    action: str,
    kind: str = LimitKind.FIXED,
    reasons: Iterable[str] = (),
    built_in_name: str = "",
) -> Threshold:
    """Draw a line. Raises InvalidInput where it means nothing: why stands in the sentence."""
    if not limit.is_finite() or limit <= 0 or (window is not None and window <= timedelta(0)):
        raise InvalidInput(_("A threshold needs a limit above zero, and a window above zero or none."))
    check_meaning(scope=scope, metric=metric, window=window, action=action, kind=kind)
    line = Threshold(
        metric=metric,
        window=window,
        limit=limit,
        action=action,
        kind=kind,
        reasons=sorted(set(reasons)),
        is_built_in=bool(built_in_name),
        built_in_name=built_in_name,
        **{name: scope for name, model in FIELDS if isinstance(scope, model)},
    )
    if not set(line.reasons) <= set(RefusalReason.values):
        raise InvalidInput(_("There is no such reason for a refusal."))
    if line.reasons and metric != Metric.REFUSALS:
        raise InvalidInput(_("Reasons can be named where refused claims are counted, and nowhere else."))
    save_valid(line)
    return line


def check_meaning(*, scope: Any, metric: str, window: timedelta | None, action: str, kind: str) -> None:
    """Whether kind, metric, window and action go together. Raises InvalidInput."""
    if scope == PLATFORM and action != ThresholdAction.ALARM:
        raise InvalidInput(_("A threshold of the whole platform can alarm; it cannot suspend or hold everything at once."))
    if kind in METRICS_OF_KIND and metric in Metric.values and metric not in METRICS_OF_KIND[LimitKind(kind)]:
        measured = ", ".join(str(Metric(name).label) for name in METRICS_OF_KIND[LimitKind(kind)])
        raise InvalidInput(_("A limit of this kind is drawn on: %(metrics)s.") % {"metrics": measured})
    if kind in (LimitKind.HOURS_LEFT, LimitKind.BASELINE, LimitKind.SILENT) and window is None:
        raise InvalidInput(_("A limit of this kind needs a window."))
    if kind == LimitKind.BASELINE and not isinstance(scope, CouponType):
        raise InvalidInput(_("Only coupon types have a baseline of their own."))
    if kind in (LimitKind.PERCENT, LimitKind.HOURS_LEFT) and scope == PLATFORM:
        raise InvalidInput(_("The whole platform has no budget of its own. Draw the line for a campaign."))
    if metric == Metric.LIABILITY and window is not None:
        raise InvalidInput(_("What is outstanding is outstanding now: a line on it has no window."))


def rearm_threshold(threshold: Threshold, *, by: Any, reason: str, at: datetime) -> Threshold:
    """Arm a crossed line again. Needs a reason. Raises StaleState where it is armed already."""
    if not reason.strip():
        raise DomainError(_("Give a reason: a line was crossed, and is drawn anew."))
    with because(reason, user=by.pk):
        if not Threshold.objects.filter(pk=threshold.pk, fired_at__isnull=False).update(fired_at=None):
            raise StaleState(_("This threshold is armed already."))
    threshold.fired_at = None
    return threshold
