"""What risk adds to the scopes of freezes: flagged orders, how they look, who is left out, and what a scope comes to by that.

An incident, once there are any, becomes one more `row_field` here: its orders are the condition.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, Subquery, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lib.admin.page import Panel
from backoffice.lib.display import amount_html, badge, count_text, state_badge
from orders.models import OrderLine
from orders.querysets import OrderQuerySet
from orders.scopes.breakdowns import breakdown
from orders.scopes.fields import Values, scope_field
from orders.scopes.kinds import choice_field
from risk.models import Allowance, Flag
from risk.states import AllowedBy, Decision, Disposition

WAITING, ANY = "waiting", "any"


def flagged_choices() -> Sequence[tuple[str, Any]]:
    return [(ANY, _("in any state")), (WAITING, _("waiting")), *((str(key), label) for key, label in Decision.choices)]


def disposition_choices() -> Sequence[tuple[str, Any]]:
    return [(str(key), label) for key, label in Disposition.choices]


def flagged(values: Values, _at: datetime) -> Q:
    flags = Flag.objects.filter(order=OuterRef("pk"))
    if ANY in values:
        return Q(Exists(flags))
    return Q(Exists(flags.filter(decision__in=["" if value == WAITING else value for value in values])))


def looks(values: Values, _at: datetime) -> Q:
    return Q(Exists(Flag.objects.filter(order=OuterRef("pk"), disposition__in=values)))


def allowed(_values: Values, at: datetime) -> Q:
    """Orders of a customer, from a device or for a recipient that is on the allow list at this time."""
    in_force = Allowance.objects.in_force(at)
    devices = in_force.filter(kind=AllowedBy.DEVICE).values("value")
    recipients = in_force.filter(kind=AllowedBy.RECIPIENT).values("value")
    lines = OrderLine.objects.filter(order=OuterRef("pk"), recipient_hash__in=recipients)
    customers = in_force.filter(kind=AllowedBy.CUSTOMER, customer=OuterRef("customer"))
    return Q(Exists(customers)) | Q(device__in=devices) | Q(Exists(lines))


scope_field(choice_field("flagged", gettext_lazy("flagged"), flagged_choices, flagged))
scope_field(choice_field("disposition", gettext_lazy("looks"), disposition_choices, looks))
scope_field(
    choice_field(
        "allow_list",
        gettext_lazy("allow list"),
        lambda: [("yes", _("customer, device or recipient is on it"))],
        allowed,
        left_out_at_first=("yes",),
    )
)


@breakdown
def by_disposition(orders: OrderQuerySet) -> Panel:
    """Whom the scope hits: how their orders look, and what was decided about them."""
    flags = Flag.objects.filter(order=OuterRef("pk"))
    told = orders.order_by().annotate(looks=Subquery(flags.values("disposition")), decided=Subquery(flags.values("decision")))
    sums = told.values("looks", "decided", "currency").annotate(n=Count("pk"), gross=Sum("gross_amount"))
    rows = [
        [
            state_badge(Flag(disposition=row["looks"]), "disposition") if row["looks"] else _("not flagged"),
            _decision(row),
            count_text(row["n"]),
            amount_html(row["gross"], row["currency"]),
        ]
        for row in sums.order_by("looks", "decided", "currency")
    ]
    columns = [_("looks"), _("decision"), _("orders"), _("amount")]
    return Panel(_("By how they look"), columns, rows, name="by-disposition")


def _decision(row: Any) -> Any:
    if not row["looks"]:
        return ""
    return state_badge(Flag(decision=row["decided"]), "decision") if row["decided"] else badge(_("waiting"), "warning")
