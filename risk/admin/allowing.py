"""The allow list."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lib import clock
from backoffice.lib.admin.columns import text_column, time_column
from backoffice.lib.admin.filters import ChoicesFilter, MomentFilter
from backoffice.lib.admin.page import Fact, Headline
from backoffice.lib.admin.steps import Step
from backoffice.lib.display import NOTHING, badge, time_html
from orders.admin.links import page_of
from risk.admin.named import NamedAdmin, state_filter
from risk.models import Allowance
from risk.services.allowing import allow, lift_allowance


def holds(allowance: Allowance) -> bool:
    return allowance.lifted_at is None and (allowance.expires_at is None or allowance.expires_at > clock.now())


def standing(allowance: Allowance) -> Any:
    if holds(allowance):
        return badge(_("allowed"), "success")
    return badge(_("lifted"), "danger") if allowance.lifted_at else badge(_("expired"))


STEPS = (
    Step(
        name="lift",
        label=gettext_lazy("Lift"),
        icon="person_remove",
        is_stop=True,
        permission="risk.lift_allowance",
        run=lift_allowance,
        why_not=lambda allowance, _user: _("It is over already.") if not holds(allowance) else "",
        tells=lambda allowance: _("From now on freezes no longer leave out %s.") % allowance,
        done=gettext_lazy("Lifted."),
    ),
)


@admin.register(Allowance)
class AllowanceAdmin(NamedAdmin):
    steps = STEPS
    list_display = (
        "__str__",
        text_column(standing, "state", gettext_lazy("state")),
        "reason",
        "created_by",
        time_column("created_at", gettext_lazy("allowed at")),
        time_column("expires_at", gettext_lazy("expires")),
        time_column("lifted_at", gettext_lazy("lifted at"), order=None),
    )
    list_filter = (state_filter("allowed", gettext_lazy("allowed")), ("kind", ChoicesFilter), ("created_at", MomentFilter))
    list_select_related = ("customer", "created_by")
    fields = ("kind", "value", "expires_at")
    empty_text = gettext_lazy("Nobody is on it. Freezes leave out the orders of whoever is.")

    def save_model(self, request: HttpRequest, obj: Allowance, form: Any, change: bool) -> None:
        asked = form.cleaned_data
        terms = {"kind": asked["kind"], "value": asked["value"], "expires_at": asked["expires_at"]}
        made = allow(**terms, reason=asked["change_reason"], by=request.user, at=clock.now())
        obj.__dict__.update(made.__dict__)

    def headline(self, request: HttpRequest, obj: Allowance) -> Headline:
        facts = [
            Fact(_("Customer"), page_of(obj.customer)),
            Fact(_("Allowed"), time_html(obj.created_at), obj.created_by),
            Fact(_("Expires"), time_html(obj.expires_at) if obj.expires_at else _("until somebody lifts it")),
            Fact(_("Lifted"), time_html(obj.lifted_at) if obj.lifted_at else NOTHING, obj.lifted_by or ""),
            Fact(_("Why it was lifted"), obj.lift_reason or NOTHING),
        ]
        return Headline(str(obj), standing(obj), sentence=obj.reason, facts=facts)
