"""Lines drawn: each says in a sentence what it does."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from backoffice.lib import clock
from backoffice.lib.admin.base import EditableAdmin, ReasonedForm
from backoffice.lib.admin.columns import text_column, time_column
from backoffice.lib.admin.filters import ChoicesFilter, question_filter
from backoffice.lib.admin.page import Fact, Headline, Panel
from backoffice.lib.admin.steps import Step
from backoffice.lib.aloud import aloud
from backoffice.lib.display import NOTHING, duration_text, state_badge, time_html
from backoffice.lib.errors import InvalidInput
from promotions.admin.changing import ask_to_change, narrow_alone
from promotions.admin.links import page_of, share, threshold_state
from promotions.admin.watching import OF_ITS_LINE, sentence_of, value_of, written
from promotions.models import Threshold
from promotions.services.baselines import expected_now
from promotions.services.drawing import PLATFORM, check_meaning, draw_line, rearm_threshold
from promotions.services.readings import read_line
from promotions.services.thresholds import WATCHED
from promotions.states import LimitKind, Metric, RefusalReason

STEPS = (
    Step(
        name="rearm",
        label=gettext_lazy("Arm again"),
        icon="notifications_active",
        permission="promotions.rearm_threshold",
        run=rearm_threshold,
        why_not=lambda line, _user: "" if line.fired_at else _("It is armed."),
        tells=lambda line: (
            _("The line is armed again: %(now)s of %(limit)s now. Where it is still crossed, the next check raises an alarm again.")
            % {"now": written(line, read_line(line, clock.now()).value), "limit": written(line, line.limit)}
        ),
        done=gettext_lazy("Armed."),
    ),
    ask_to_change(Threshold, permission="promotions.request_threshold", is_shown=lambda line: line.is_approved),
    narrow_alone(
        Threshold,
        permission="promotions.change_threshold",
        is_shown=lambda line: line.is_approved,
        tells=lambda line: _("%s is crossed sooner, from this moment. To raise it again a second person is needed.") % line,
    ),
)
COLUMNS = (
    text_column(sentence_of, "sentence", gettext_lazy("what it does")),
    text_column(lambda line: page_of(line.watched) if line.watched else _("the whole platform"), "scope", gettext_lazy("watches")),
    text_column(threshold_state, "state", gettext_lazy("state")),
    time_column("fired_at", gettext_lazy("crossed at")),
    text_column(lambda line: _("yes") if line.is_built_in else NOTHING, "is_built_in", gettext_lazy("built in"), "is_built_in"),
)
FILTERS = (
    question_filter(
        gettext_lazy("state"),
        "state",
        {
            "armed": (gettext_lazy("armed"), lambda rows: rows.filter(fired_at=None)),
            "crossed": (pgettext_lazy("a line", "crossed"), lambda rows: rows.exclude(fired_at=None)),
        },
    ),
    ("metric", ChoicesFilter),
    ("kind", ChoicesFilter),
    ("action", ChoicesFilter),
    "is_built_in",
)


class ThresholdForm(ReasonedForm):
    """What cannot mean anything is refused here in words; the database refuses it once more."""

    reasons = forms.MultipleChoiceField(
        label=gettext_lazy("Reasons"),
        required=False,
        choices=RefusalReason.choices,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=gettext_lazy("For claims refused: which of them count. None: all."),
    )

    def clean(self) -> Any:
        super().clean()
        data = {**self.cleaned_data}
        line: Threshold = self.instance
        chosen = [data[name] for name in ("campaign", "coupon_type", "entry", "batch") if data.get(name)]
        if len(chosen) > 1:
            raise forms.ValidationError(_("Choose one thing to watch, or nothing for the whole platform."))
        scope: Any = (line.watched if line.pk else (chosen[0] if chosen else None)) or PLATFORM
        asked = {name: data.get(name, getattr(line, name)) for name in ("metric", "window", "action", "kind")}
        try:
            check_meaning(scope=scope, **asked)
        except InvalidInput as error:
            raise forms.ValidationError(str(error)) from error
        if data.get("reasons") and asked["metric"] != Metric.REFUSALS:
            raise forms.ValidationError(_("Reasons can be named where refused claims are counted, and nowhere else."))
        return self.cleaned_data


@admin.register(Threshold)
class ThresholdAdmin(EditableAdmin):
    form = ThresholdForm
    steps = STEPS
    list_display = COLUMNS
    list_filter = FILTERS
    list_select_related = WATCHED
    search_fields = ("campaign__code", "coupon_type__code", "entry__code", "batch__code")
    ordering = ("-pk",)
    autocomplete_fields = ("campaign", "coupon_type", "entry", "batch")
    scope_fields = (("campaign", "coupon_type"), ("entry", "batch"))
    peak_fields = (("peak_from", "peak_until"), "peak_factor")
    add_fieldsets = (
        (
            gettext_lazy("Watches"),
            {
                "fields": (*scope_fields, "metric", "reasons"),
                "description": gettext_lazy("Choose one thing to watch, or nothing for the whole platform."),
            },
        ),
        (gettext_lazy("Crossed at"), {"fields": ("kind", ("limit", "window"), "action")}),
    )
    fieldsets = (
        (None, {"fields": (("limit", "window"), "action", "reasons")}),
        (gettext_lazy("A promoted peak, for a baseline"), {"fields": peak_fields}),
    )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """By the form; what two persons approved has steps for it."""
        return super().has_change_permission(request, obj) and not (obj is not None and obj.is_approved)

    def save_model(self, request: HttpRequest, obj: Threshold, form: Any, change: bool) -> None:
        if change:
            obj.save(update_fields=["limit", "window", "action", "reasons", "peak_from", "peak_until", "peak_factor"])
            return
        asked = {key: form.cleaned_data[key] for key in ("metric", "window", "limit", "action", "kind", "reasons")}
        obj.__dict__.update(draw_line(scope=obj.watched or PLATFORM, **asked).__dict__)  # type: ignore[arg-type]

    def headline(self, request: HttpRequest, obj: Threshold) -> Headline:
        reading = read_line(obj, clock.now())
        facts = [
            Fact(_("Watches"), page_of(obj.watched) if obj.watched else _("the whole platform")),
            Fact(_("Now"), written(obj, reading.value), aloud(reading.detail, is_ours=True) or share(reading.value, obj.limit)),
            Fact(_("Limit"), written(obj, obj.limit), obj.get_kind_display()),
            Fact(_("Within"), duration_text(obj.window) if obj.window else _("since the start")),
            Fact(_("Crossed"), time_html(obj.fired_at)),
        ]
        if obj.kind == LimitKind.BASELINE:
            expected = expected_now(obj, clock.now())
            words = _("still learning: it takes a week") if expected is None else _("%s a minute") % expected
            facts.append(Fact(_("Its baseline now"), words))
        return Headline(obj.get_metric_display(), threshold_state(obj), sentence_of(obj), facts=facts)

    def panels(self, request: HttpRequest, obj: Threshold) -> list[Panel]:
        rows = [
            [page_of(alarm, time_html(alarm.at)), value_of(alarm), state_badge(alarm, "action"), alarm.note or NOTHING]
            for alarm in obj.alarms.select_related(*OF_ITS_LINE)[:20]
        ]
        columns = [_("at"), _("value of limit"), _("done by itself"), _("note")]
        return [Panel(_("Alarms"), columns, rows, _("It was never crossed."))]
