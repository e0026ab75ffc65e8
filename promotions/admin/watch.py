"""Lines drawn and lines crossed."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Count
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lib import clock
from backoffice.lib.admin.base import EditableAdmin, ReadOnlyAdmin
from backoffice.lib.admin.columns import state_column, text_column, time_column
from backoffice.lib.admin.filters import ChoicesFilter, MomentFilter, lookup_filter, question_filter
from backoffice.lib.admin.page import Fact, Headline, Panel
from backoffice.lib.admin.steps import ReasonForm, Step
from backoffice.lib.display import NOTHING, badge, count_text, duration_text, state_badge, time_html
from promotions.admin.links import measured, page_of, share, threshold_state
from promotions.models import Alarm, Claim, Threshold
from promotions.services.alarms import acknowledge_alarm
from promotions.services.measures import measure
from promotions.services.thresholds import arm_threshold, rearm_threshold
from promotions.states import AlarmCause, Metric

AROUND = timedelta(hours=1)

THRESHOLD_STEPS = (
    Step(
        name="rearm",
        label=gettext_lazy("Arm again"),
        icon="notifications_active",
        permission="promotions.rearm_threshold",
        run=rearm_threshold,
        why_not=lambda line, _user: "" if line.fired_at else _("It is armed."),
        tells=lambda line: (
            _("The line is armed again: %(now)s of %(limit)s now. Where it is still crossed, the next check raises an alarm again.")
            % {"now": measured(line.metric, measure(line, clock.now())), "limit": measured(line.metric, line.limit)}
        ),
        done=gettext_lazy("Armed."),
    ),
)


def value_of(alarm: Alarm) -> str:
    return f"{measured(alarm.cause, alarm.value)} / {measured(alarm.cause, alarm.limit)}"


def scope_link(line: Threshold) -> Any:
    return page_of(line.coupon_type or line.campaign) if line.coupon_type or line.campaign else _("the whole platform")


THRESHOLD_COLUMNS = (
    "metric",
    text_column(scope_link, "scope", gettext_lazy("watches")),
    text_column(lambda line: measured(line.metric, line.limit), "limit", gettext_lazy("limit"), "limit"),
    text_column(lambda line: duration_text(line.window) if line.window else _("since the start"), "window", gettext_lazy("within")),
    state_column("action", gettext_lazy("then")),
    text_column(threshold_state, "state", gettext_lazy("state")),
    time_column("fired_at", gettext_lazy("crossed at")),
    "is_built_in",
)
THRESHOLD_FILTERS = (
    question_filter(
        gettext_lazy("state"),
        "state",
        {
            "armed": (gettext_lazy("armed"), lambda rows: rows.filter(fired_at=None)),
            "crossed": (gettext_lazy("crossed"), lambda rows: rows.exclude(fired_at=None)),
        },
    ),
    ("metric", ChoicesFilter),
    ("action", ChoicesFilter),
    "is_built_in",
)


@admin.register(Threshold)
class ThresholdAdmin(EditableAdmin):
    steps = THRESHOLD_STEPS
    list_display = THRESHOLD_COLUMNS
    list_filter = THRESHOLD_FILTERS
    list_select_related = ("campaign", "coupon_type")
    search_fields = ("campaign__code", "coupon_type__code")
    ordering = ("-pk",)
    autocomplete_fields = ("campaign", "coupon_type")
    add_fieldsets = ((None, {"fields": (("campaign", "coupon_type"), "metric", ("limit", "window"), "action")}),)
    fieldsets = ((None, {"fields": (("limit", "window"), "action")}),)

    def save_model(self, request: HttpRequest, obj: Threshold, form: Any, change: bool) -> None:
        if change:
            obj.save(update_fields=["limit", "window", "action"])
            return
        asked = {key: form.cleaned_data[key] for key in ("metric", "window", "limit", "action")}
        scope: Any = form.cleaned_data["coupon_type"] or form.cleaned_data["campaign"] or "platform"
        obj.__dict__.update(arm_threshold(scope=scope, **asked).__dict__)

    def headline(self, request: HttpRequest, obj: Threshold) -> Headline:
        value = measure(obj, clock.now())
        facts = [
            Fact(_("Watches"), scope_link(obj)),
            Fact(_("Now"), measured(obj.metric, value), share(value, obj.limit)),
            Fact(_("Limit"), measured(obj.metric, obj.limit)),
            Fact(_("Within"), duration_text(obj.window) if obj.window else _("since the start")),
            Fact(_("Crossed"), time_html(obj.fired_at)),
        ]
        return Headline(obj.get_metric_display(), threshold_state(obj), facts=facts)

    def panels(self, request: HttpRequest, obj: Threshold) -> list[Panel]:
        rows = [
            [page_of(alarm, time_html(alarm.at)), value_of(alarm), state_badge(alarm, "action"), alarm.note or NOTHING]
            for alarm in obj.alarms.all()[:20]
        ]
        return [
            Panel(_("Alarms"), [_("at"), _("value of limit"), _("done by itself"), _("note")], rows, _("It was never crossed."))
        ]


class AcknowledgeForm(ReasonForm):
    """The note is the reason: what was done, or why nothing was."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = _("What was done, or why nothing was")


def acknowledge(alarm: Alarm, *, by: Any, reason: str, at: datetime) -> Alarm:
    return acknowledge_alarm(alarm, by=by, note=reason, at=at)


CauseFilter = lookup_filter(
    gettext_lazy("cause"),
    "cause",
    lambda: [*Metric.choices, *AlarmCause.choices],
    lambda rows, cause: rows.filter(cause=cause),
)

ALARM_STEPS = (
    Step(
        name="acknowledge",
        label=gettext_lazy("Acknowledge"),
        icon="task_alt",
        permission="promotions.acknowledge_alarm",
        run=acknowledge,
        form_class=AcknowledgeForm,
        why_not=lambda alarm, _user: _("%s has acknowledged it.") % alarm.acknowledged_by if alarm.acknowledged_at else "",
        tells=lambda alarm: (
            _("You have seen it: %(alarm)s, %(value)s of %(limit)s. The line stays quiet until it is armed again.")
            % {"alarm": alarm, "value": measured(alarm.cause, alarm.value), "limit": measured(alarm.cause, alarm.limit)}
        ),
        done=gettext_lazy("Acknowledged."),
    ),
)


def alarm_state(alarm: Alarm) -> Any:
    return badge(_("seen"), "success") if alarm.acknowledged_at else badge(_("open"), "danger")


@admin.register(Alarm)
class AlarmAdmin(ReadOnlyAdmin):
    steps = ALARM_STEPS
    list_display = (
        "__str__",
        text_column(alarm_state, "state", gettext_lazy("state")),
        time_column("at", gettext_lazy("at")),
        text_column(value_of, "value", gettext_lazy("value of limit")),
        state_column("action", gettext_lazy("done by itself")),
        "acknowledged_by",
        time_column("acknowledged_at", gettext_lazy("seen at")),
    )
    list_filter = (
        question_filter(
            gettext_lazy("state"),
            "state",
            {
                "open": (gettext_lazy("open"), lambda rows: rows.filter(acknowledged_at=None)),
                "seen": (gettext_lazy("seen"), lambda rows: rows.exclude(acknowledged_at=None)),
            },
        ),
        CauseFilter,
        ("severity", ChoicesFilter),
        ("action", ChoicesFilter),
        ("at", MomentFilter),
    )
    list_select_related = ("acknowledged_by",)
    search_fields = ("scope", "note")

    def headline(self, request: HttpRequest, obj: Alarm) -> Headline:
        line = obj.threshold
        watched = line.coupon_type or line.campaign if line else None
        facts = [
            Fact(_("Crossed"), time_html(obj.at)),
            Fact(_("Value"), measured(obj.cause, obj.value), _("limit %s") % measured(obj.cause, obj.limit)),
            Fact(_("Done by itself"), state_badge(obj, "action"), state_badge(watched) if watched else ""),
        ]
        if line:
            facts += [
                Fact(_("Within"), duration_text(line.window) if line.window else _("since the start")),
                Fact(_("Watches"), scope_link(line)),
                Fact(_("Line"), page_of(line, _("threshold")), threshold_state(line)),
            ]
        facts += [
            Fact(_("What was found"), obj.detail or NOTHING),
            Fact(_("Seen by"), obj.acknowledged_by or NOTHING, time_html(obj.acknowledged_at) if obj.acknowledged_at else ""),
            Fact(_("What was done"), obj.note or NOTHING),
        ]
        return Headline(str(obj), alarm_state(obj), facts=facts)

    def panels(self, request: HttpRequest, obj: Alarm) -> list[Panel]:
        return [around_panel(obj)] if obj.threshold else []


def around_panel(alarm: Alarm) -> Panel:
    """What came in before and after, by outcome and reason."""
    line, since, until = alarm.threshold, alarm.at - AROUND, alarm.at + AROUND
    claims = Claim.objects.filter(at__range=(since, until))
    if line.coupon_type_id or line.campaign_id:
        claims = claims.filter(
            **({"coupon_type": line.coupon_type_id} if line.coupon_type_id else {"coupon_type__campaign": line.campaign_id})
        )
    before = counts_by_reason(claims.filter(at__lt=alarm.at))
    after = counts_by_reason(claims.filter(at__gte=alarm.at))
    rows = [[words, count_text(before.get(words, 0)), count_text(after.get(words, 0))] for words in sorted({*before, *after})]
    return Panel(
        _("Claims in the hour before and after"),
        [_("outcome"), _("before"), _("after")],
        rows,
        _("No claims."),
        claims_url(line, since, until),
    )


def counts_by_reason(claims: Any) -> dict[str, int]:
    counts = claims.values_list("outcome", "reason").annotate(n=Count("pk"))
    return {str(Claim(outcome=outcome, reason=reason).get_reason_display() or _("issued")): n for outcome, reason, n in counts}


def claims_url(line: Threshold, since: datetime, until: datetime) -> str:
    """The list of claims of this time, as the reader's clock shows it."""
    since, until = timezone.localtime(since), timezone.localtime(until)
    query = {
        "at_from_0": f"{since:%Y-%m-%d}",
        "at_from_1": f"{since:%H:%M:%S}",
        "at_to_0": f"{until:%Y-%m-%d}",
        "at_to_1": f"{until:%H:%M:%S}",
    }
    if line.coupon_type_id:
        query["coupon_type"] = str(line.coupon_type_id)
    return f"{reverse('admin:promotions_claim_changelist')}?{urlencode(query)}"
