"""What risk adds to the scopes of freezes: flagged orders, how they look, who is left out, and what a scope comes to by that."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lib.admin.page import Panel
from backoffice.lib.display import amount_html, badge, count_text, state_badge
from orders.models import Order, OrderLine
from orders.querysets import OrderQuerySet
from orders.scopes.breakdowns import breakdown
from orders.scopes.fields import Values, scope_field
from orders.scopes.kinds import choice_field, row_field, rows_of
from risk.models import Allowance, Flag, Incident, IncidentMember, IncidentOrder
from risk.states import AllowedBy, Decision, Disposition, IncidentStatus

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
    """Orders of a customer, from a device or for a recipient that is on the allow list at this time.

    They are few, and each kind is looked up by its own index: an OR over them would look at every order there is.
    """
    in_force, orders = Allowance.objects.in_force(at), Order.objects.order_by()
    customers = orders.filter(customer__in=in_force.filter(kind=AllowedBy.CUSTOMER).values("customer"))
    devices = in_force.filter(kind=AllowedBy.DEVICE).values("value")
    recipients = in_force.filter(kind=AllowedBy.RECIPIENT).values("value")
    lines = OrderLine.objects.order_by().exclude(recipient_hash="").filter(recipient_hash__in=recipients)
    on_devices = orders.exclude(device="").filter(device__in=devices)
    return Q(pk__in=customers.values("pk").union(on_devices.values("pk"), lines.values("order")))


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
    flags = Flag.objects.filter(order__in=orders.order_by().values("pk")).order_by("disposition", "decision", "order__currency")
    sums = flags.values_list("disposition", "decision", "order__currency").annotate(Count("pk"), Sum("order__gross_amount"))
    totals = orders.order_by("currency").values_list("currency").annotate(Count("pk"), Sum("gross_amount"))
    rows, left = [], {currency: (number, gross) for currency, number, gross in totals}
    for looks_like, decision, currency, number, gross in sums:
        rows.append([_looks(looks_like), _decided(decision), count_text(number), amount_html(gross, currency)])
        left[currency] = (left[currency][0] - number, left[currency][1] - gross)
    rows += [
        [_("not flagged"), "", count_text(number), amount_html(gross, currency)]
        for currency, (number, gross) in left.items()
        if number
    ]
    columns = [_("looks"), _("decision"), _("orders"), _("amount")]
    return Panel(_("By how they look"), columns, rows, name="by-disposition")


def _looks(disposition: str) -> Any:
    return state_badge(Flag(disposition=disposition), "disposition")


def _decided(decision: str) -> Any:
    return state_badge(Flag(decision=decision), "decision") if decision else badge(_("waiting"), "warning")


def _of_incidents(keys: Sequence[int], _at: datetime) -> Q:
    return Q(Exists(IncidentOrder.objects.filter(order=OuterRef("pk"), incident__in=keys)))


def _of_people(values: Values, _at: datetime) -> Q:
    """Orders of customers whom an incident that is not closed takes for one of these."""
    people = IncidentMember.objects.filter(disposition__in=values).exclude(incident__status=IncidentStatus.CLOSED)
    return Q(Exists(people.filter(customer=OuterRef("customer"))))


scope_field(row_field("incident", gettext_lazy("incident"), rows_of(Incident), _of_incidents))
scope_field(choice_field("taken_for", gettext_lazy("customer is taken for, in an open incident"), disposition_choices, _of_people))
