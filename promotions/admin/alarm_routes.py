"""Who is told of alarms, what happens when nobody answers, and what is held because of one."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lib.admin.base import EditableAdmin, ReadOnlyAdmin
from backoffice.lib.admin.columns import text_column, time_column
from backoffice.lib.admin.filters import ChoicesFilter, question_filter
from backoffice.lib.admin.page import Fact, Headline
from backoffice.lib.admin.steps import Step
from backoffice.lib.aloud import aloud
from backoffice.lib.display import NOTHING, badge, duration_text, person, time_html
from promotions.admin.links import page_of
from promotions.models import AlarmRecipient, EscalationStep, RedemptionHold
from promotions.services.redemption_holds import request_lift


@admin.register(AlarmRecipient)
class AlarmRecipientAdmin(EditableAdmin):
    fields = (("name", "address"), ("language", "severity"), ("step", "is_active"))
    list_display = ("name", "address", "language", "severity", "step", "is_active")
    list_filter = (("severity", ChoicesFilter), "is_active")
    search_fields = ("name", "address")
    ordering = ("step", "name")


AFTER = text_column(lambda step: duration_text(step.after), "after", gettext_lazy("after"))


@admin.register(EscalationStep)
class EscalationStepAdmin(EditableAdmin):
    fields = (("number", "after"), ("severity", "is_active"))
    list_display = (
        "number",
        AFTER,
        "severity",
        "is_active",
    )


def scope_link(hold: RedemptionHold) -> Any:
    return page_of(hold.batch or hold.entry or hold.coupon_type or hold.campaign)


def hold_state(hold: RedemptionHold) -> Any:
    return badge(_("lifted"), "success") if hold.lifted_at else badge(_("held"), "danger")


@admin.register(RedemptionHold)
class RedemptionHoldAdmin(ReadOnlyAdmin):
    steps = (
        Step(
            name="ask_to_lift",
            label=gettext_lazy("Ask to let them go"),
            icon="lock_open",
            permission="promotions.request_lift",
            run=request_lift,
            why_not=lambda hold, _user: _("It is lifted already.") if hold.lifted_at else "",
            tells=lambda hold: (
                _("A second person decides. Then coupons of %s are redeemed freely, and orders that only this holds go free.")
                % hold
            ),
            done=gettext_lazy("Asked. A second person decides under Approvals."),
        ),
    )
    list_display = (
        text_column(scope_link, "scope", gettext_lazy("coupons of")),
        text_column(hold_state, "state", gettext_lazy("state")),
        text_column(lambda hold: aloud(hold.reason), "reason", gettext_lazy("reason"), "reason"),
        time_column("since", gettext_lazy("redeemed since")),
        time_column("placed_at", gettext_lazy("placed at")),
        text_column(lambda hold: person(hold.placed_by), "placed_by", gettext_lazy("placed by")),
        time_column("lifted_at", gettext_lazy("lifted at")),
    )
    list_filter = (
        question_filter(
            gettext_lazy("state"),
            "state",
            {
                "open": (gettext_lazy("held"), lambda rows: rows.filter(lifted_at=None)),
                "lifted": (gettext_lazy("lifted"), lambda rows: rows.exclude(lifted_at=None)),
            },
        ),
    )
    list_select_related = ("campaign", "coupon_type", "entry", "batch__entry", "placed_by")
    ordering = ("-pk",)

    def headline(self, request: HttpRequest, obj: RedemptionHold) -> Headline:
        facts = [
            Fact(_("Coupons of"), scope_link(obj)),
            Fact(_("Redeemed since"), time_html(obj.since)),
            Fact(_("Placed by"), person(obj.placed_by), time_html(obj.placed_at)),
            Fact(_("Reason"), aloud(obj.reason)),
            Fact(_("Lifted by"), obj.lifted_by or NOTHING, time_html(obj.lifted_at) if obj.lifted_at else ""),
        ]
        return Headline(_("Orders that redeem are held"), hold_state(obj), facts=facts)
