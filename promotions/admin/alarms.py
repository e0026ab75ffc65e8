"""Lines crossed, and whatever else is wrong: the inbox, and the page of one alarm."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.apps import apps
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from backoffice.lib.admin.base import ReadOnlyAdmin
from backoffice.lib.admin.columns import state_column, text_column, time_column
from backoffice.lib.admin.extensions import buttons_on
from backoffice.lib.admin.filters import ChoicesFilter, MomentFilter, lookup_filter, question_filter
from backoffice.lib.admin.page import Fact, Headline, Panel
from backoffice.lib.admin.steps import ReasonForm, Step, StepButton
from backoffice.lib.aloud import aloud
from backoffice.lib.display import NOTHING, badge, count_text, duration_text, link, state_badge, time_html
from promotions.admin.links import page_of, threshold_state
from promotions.admin.watching import AROUND, OF_ITS_LINE, chart_panel, claims_around, sentence_of, value_of
from promotions.models import Alarm, Claim, CouponType, EscalationStep
from promotions.models.watch import scope_words
from promotions.services.alarms import acknowledge_alarm
from promotions.services.coupon_types import suspend_coupon_type
from promotions.services.thresholds import WATCHED
from promotions.states import AlarmCause, CouponTypeStatus, Metric, Severity

LATEST = 20


class AcknowledgeForm(ReasonForm):
    """The note is the reason: what was done, or why nothing was."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = _("What was done, or why nothing was")


def acknowledge(alarm: Alarm, *, by: Any, reason: str, at: datetime) -> Alarm:
    return acknowledge_alarm(alarm, by=by, note=reason, at=at)


def type_of(alarm: Alarm) -> CouponType | None:
    """The coupon type that an alarm's line watches, itself or by an entry or batch."""
    line = alarm.threshold
    if line is None:
        return None
    entry = line.batch.entry if line.batch is not None else line.entry
    return entry.coupon_type if entry is not None else line.coupon_type


def suspend(alarm: Alarm, *, by: Any, reason: str, at: datetime) -> Alarm:
    coupon_type = type_of(alarm)
    if coupon_type is not None:
        suspend_coupon_type(coupon_type, by=by, reason=reason, at=at)
    return alarm


def why_not_suspend(alarm: Alarm, _user: Any) -> Any:
    coupon_type = type_of(alarm)
    is_live = coupon_type is not None and coupon_type.status == CouponTypeStatus.LIVE
    return "" if is_live else _("It gives nothing now.")


CauseFilter = lookup_filter(
    gettext_lazy("cause"),
    "cause",
    lambda: [*Metric.choices, *AlarmCause.choices],
    lambda rows, cause: rows.filter(cause=cause),
)
STEPS = (
    Step(
        name="acknowledge",
        label=gettext_lazy("Acknowledge"),
        icon="task_alt",
        permission="promotions.acknowledge_alarm",
        run=acknowledge,
        form_class=AcknowledgeForm,
        why_not=lambda alarm, _user: _("%s has acknowledged it.") % alarm.acknowledged_by if alarm.acknowledged_at else "",
        tells=lambda alarm: (
            _("You have seen it: %(alarm)s, %(value)s. A line stays quiet until it is armed again.")
            % {"alarm": alarm, "value": value_of(alarm)}
        ),
        done=gettext_lazy("Acknowledged."),
    ),
    Step(
        name="suspend",
        label=gettext_lazy("Suspend the coupon type"),
        icon="front_hand",
        is_stop=True,
        permission="promotions.suspend_coupontype",
        run=suspend,
        is_shown=lambda alarm: type_of(alarm) is not None,
        why_not=why_not_suspend,
        tells=lambda alarm: (
            _("%(type)s gives no more coupons from this second. Those given stay valid. To start again takes two persons.")
            % {"type": type_of(alarm)}
        ),
        done=gettext_lazy("Suspended."),
    ),
)


def alarm_state(alarm: Alarm) -> Any:
    if alarm.acknowledged_at:
        return badge(_("seen"), "success")
    return (
        badge(_("escalated, step %s") % alarm.escalation, "danger")
        if alarm.escalation
        else badge(pgettext("an alarm", "open"), "danger")
    )


def severity_badge(alarm: Alarm) -> Any:
    return badge(alarm.get_severity_display(), "danger" if alarm.severity == Severity.URGENT else "warning")


@admin.register(Alarm)
class AlarmAdmin(ReadOnlyAdmin):
    steps = STEPS
    list_display = (
        "__str__",
        text_column(alarm_state, "state", gettext_lazy("state")),
        text_column(severity_badge, "severity", gettext_lazy("severity"), "severity"),
        time_column("at", gettext_lazy("at")),
        text_column(value_of, "value", gettext_lazy("value of limit")),
        state_column("action", gettext_lazy("done by itself")),
        "acknowledged_by",
        time_column("acknowledged_at", gettext_lazy("acknowledged at")),
    )
    list_filter = (
        question_filter(
            gettext_lazy("state"),
            "state",
            {
                "open": (pgettext_lazy("an alarm", "open"), lambda rows: rows.filter(acknowledged_at=None)),
                "seen": (gettext_lazy("seen"), lambda rows: rows.exclude(acknowledged_at=None)),
            },
        ),
        CauseFilter,
        ("severity", ChoicesFilter),
        ("action", ChoicesFilter),
        ("at", MomentFilter),
    )
    list_select_related = ("acknowledged_by", *OF_ITS_LINE)
    search_fields = ("scope", "note")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Alarm | None:
        found = super().get_object(request, object_id, from_field)
        if found is not None and found.threshold_id:
            found.threshold = (
                type(found)._meta.get_field("threshold").related_model.objects.select_related(*WATCHED).get(pk=found.threshold_id)
            )
        return found

    def headline(self, request: HttpRequest, obj: Alarm) -> Headline:
        return Headline(
            str(obj),
            alarm_state(obj),
            sentence_of(obj.threshold) if obj.threshold else aloud(obj.detail, is_ours=True),
            facts=facts_of(obj),
        )

    def panels(self, request: HttpRequest, obj: Alarm) -> list[Any]:
        if obj.threshold is None:
            return []
        return [chart_panel(obj), around_panel(obj), latest_panel(obj)]


def facts_of(alarm: Alarm) -> list[Fact]:
    """What crossed which line, how fast, what was done by itself and by whom since."""
    line = alarm.threshold
    facts = [
        Fact(_("Severity"), severity_badge(alarm)),
        Fact(_("Raised"), time_html(alarm.at)),
        Fact(_("Value of limit"), value_of(alarm), aloud(alarm.detail, is_ours=True) if line else ""),
        Fact(_("Done by itself"), state_badge(alarm, "action")),
    ]
    if line is not None:
        watched = line.watched
        state = state_badge(watched) if watched is not None and hasattr(watched, "status") else ""
        facts += [
            Fact(_("Within"), duration_text(line.window) if line.window else _("since the start")),
            Fact(_("Watches"), page_of(watched) if watched is not None else _("the whole platform"), state),
            Fact(_("Line"), page_of(line, _("threshold")), threshold_state(line)),
        ]
    elif alarm.target:
        facts.append(Fact(_("About"), target_link(alarm)))
    return [
        *facts,
        Fact(_("Escalation"), escalation_words(alarm), time_html(alarm.escalated_at) if alarm.escalated_at else ""),
        Fact(
            _("Acknowledged by"),
            alarm.acknowledged_by or NOTHING,
            time_html(alarm.acknowledged_at) if alarm.acknowledged_at else "",
        ),
        Fact(_("What was done"), alarm.note or NOTHING),
    ]


@buttons_on(Alarm)
def schedules_button(request: HttpRequest, alarm: Alarm) -> list[StepButton]:
    """From the alarm that checks stand still to the checks."""
    may_look = request.user.has_perm("django_celery_beat.view_periodictask")
    if alarm.cause != AlarmCause.CHECKS_STAND_STILL or not may_look:
        return []
    url = reverse("admin:django_celery_beat_periodictask_changelist")
    return [StepButton(_("Schedules"), url, "", "schedule", is_stop=False, key="", opens_page=True)]


def escalation_words(alarm: Alarm) -> Any:
    """How far it has escalated, or when it will next."""
    if alarm.acknowledged_at is None:
        steps = EscalationStep.objects.filter(is_active=True, number__gt=alarm.escalation)
        if alarm.severity != Severity.URGENT:
            steps = steps.filter(severity=Severity.WATCH)
        following = steps.first()
        if following is not None:
            at = timezone.localtime(alarm.at + following.after)
            return _("step %(step)s at %(at)s, unless somebody acknowledges it") % {"step": following.number, "at": f"{at:%H:%M}"}
    return _("step %s") % alarm.escalation if alarm.escalation else _("none")


def target_link(alarm: Alarm) -> Any:
    """A link to the row the alarm is about, where it has a page."""
    label, _colon, key = alarm.target.rpartition(":")
    try:
        opts = apps.get_model(label)._meta
        return link(reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[key]), scope_words(alarm.scope))
    except (LookupError, ValueError, NoReverseMatch):
        return scope_words(alarm.scope)


def around_panel(alarm: Alarm) -> Panel:
    """What came in before and after, by outcome and reason."""
    claims = claims_around(alarm)
    before = counts_by_reason(claims.filter(at__lt=alarm.at))
    after = counts_by_reason(claims.filter(at__gte=alarm.at))
    rows = [[words, count_text(before.get(words, 0)), count_text(after.get(words, 0))] for words in sorted({*before, *after})]
    columns = [_("outcome"), _("before"), _("after")]
    return Panel(_("Claims in the hour before and after"), columns, rows, _("No claims."), claims_url(alarm))


def latest_panel(alarm: Alarm) -> Panel:
    """The claims that came last before it: who set it off is among them."""
    claims = claims_around(alarm).filter(at__lte=alarm.at).select_related("customer", "entry").order_by("-at", "-pk")[:LATEST]
    rows = [
        [
            page_of(claim, time_html(claim.at)),
            state_badge(claim, "outcome"),
            claim.get_reason_display() or NOTHING,
            page_of(claim.customer),
            page_of(claim.entry),
            claim.device or NOTHING,
        ]
        for claim in claims
    ]
    columns = [_("at"), _("outcome"), _("reason"), _("customer"), _("entry"), _("device")]
    return Panel(_("The last claims before it"), columns, rows, _("No claims."))


def counts_by_reason(claims: QuerySet[Claim]) -> dict[str, int]:
    counts = claims.order_by().values_list("outcome", "reason").annotate(n=Count("pk"))
    return {str(Claim(outcome=outcome, reason=reason).get_reason_display() or _("issued")): n for outcome, reason, n in counts}


def claims_url(alarm: Alarm) -> str:
    """The list of claims of this time, as the reader's clock shows it."""
    since, until = timezone.localtime(alarm.at - AROUND), timezone.localtime(alarm.at + AROUND)
    query = {
        "at_from_0": f"{since:%Y-%m-%d}",
        "at_from_1": f"{since:%H:%M:%S}",
        "at_to_0": f"{until:%Y-%m-%d}",
        "at_to_1": f"{until:%H:%M:%S}",
    }
    if alarm.threshold is not None and alarm.threshold.coupon_type_id:
        query["coupon_type"] = str(alarm.threshold.coupon_type_id)
    return f"{reverse('admin:promotions_claim_changelist')}?{urlencode(query)}"
