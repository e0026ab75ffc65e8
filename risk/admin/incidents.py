"""Incidents: the list, the page of one, and how one is opened: from an alarm, a coupon type, a token, or orders."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from backoffice.lib import clock
from backoffice.lib.admin.base import EditableAdmin, ReasonedForm
from backoffice.lib.admin.columns import text_column, time_column
from backoffice.lib.admin.extensions import buttons_on
from backoffice.lib.admin.fields import moment_field
from backoffice.lib.admin.filters import ChoicesFilter, MomentFilter
from backoffice.lib.admin.history import Source, source_of, tracker_of
from backoffice.lib.admin.page import Fact, Headline, Panel
from backoffice.lib.admin.search import ExactSearchMixin
from backoffice.lib.admin.steps import StepButton
from backoffice.lib.display import NOTHING, badge, count_text, time_html
from backoffice.lib.errors import InvalidInput
from orders.admin.links import page_of
from orders.models import Order, OrderList, OrderListItem
from promotions.models import Alarm, ClaimToken, CouponType
from risk.admin.incident_panels import its_orders, panels_of, save_url
from risk.admin.incident_steps import STEPS, named
from risk.admin.tracing import TracePageMixin
from risk.models import EvidenceBundle, Incident, IncidentAnchor
from risk.services.incidents import Named, Opening, anchors_of, open_from_alarm, open_incident
from risk.states import AnchorKind, IncidentSeverity, IncidentStatus

COLOURS = {
    IncidentStatus.OPEN: "danger",
    IncidentStatus.CONTAINED: "warning",
    IncidentStatus.HANDED_OVER: "info",
    IncidentStatus.CLOSED: "default",
}
SEVERITIES = {IncidentSeverity.MINOR: "default", IncidentSeverity.MAJOR: "warning", IncidentSeverity.CRITICAL: "danger"}
FIELDS = (
    "title",
    "severity",
    "since",
    "public_at",
    "of_alarm",
    "coupon_type",
    "token",
    "device",
    "recipient",
    "order",
    "order_list",
)
ABOUT = {Alarm: "alarm", CouponType: "coupon_type", ClaimToken: "token", Order: "order", OrderList: "order_list"}


def incident_state(incident: Incident) -> Any:
    return badge(incident.get_status_display(), COLOURS[IncidentStatus(incident.status)])


def severity_badge(incident: Incident) -> Any:
    return badge(incident.get_severity_display(), SEVERITIES[IncidentSeverity(incident.severity)])


def _text(label: Any, hint: Any = "", **options: Any) -> forms.CharField:
    return forms.CharField(
        label=label, required=False, max_length=200, widget=UnfoldAdminTextInputWidget, help_text=hint, **options
    )


class IncidentForm(ReasonedForm):
    """What an incident is about is typed or comes with the address; the service says whether there is such a thing."""

    severity = forms.ChoiceField(
        label=gettext_lazy("Severity"),
        choices=IncidentSeverity.choices,
        initial=IncidentSeverity.MAJOR,
        widget=UnfoldAdminSelectWidget,
    )
    since = moment_field(gettext_lazy("Since"), help_text=gettext_lazy("Empty: a day before the alarm, the first order, or now."))
    public_at = moment_field(gettext_lazy("Went public at"), help_text=gettext_lazy("Empty: not known."))
    of_alarm = _text(gettext_lazy("Alarm"), gettext_lazy("Its number: the incident is about what its line watches."))
    coupon_type = _text(gettext_lazy("Coupon type"), gettext_lazy("Its code."))
    token = _text(gettext_lazy("Token"), gettext_lazy("The batch, # and the number."))
    device = _text(gettext_lazy("Device"))
    recipient = _text(gettext_lazy("Recipient of top-ups"), gettext_lazy("A number or an account."))
    order = _text(gettext_lazy("Order"))
    order_list = _text(gettext_lazy("List of orders"), gettext_lazy("Its number."))


class GivenAddress:
    """Fills the form from an address: what is named there by its key is written as staff would type it."""

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        found: dict[str, Any] = {name: request.GET[name] for name in ("order_list", "title") if request.GET.get(name)}
        found |= {"of_alarm": request.GET["alarm"]} if request.GET.get("alarm") else {}
        kinds: tuple[tuple[str, type[Any], str], ...] = (("coupon_type", CouponType, "code"), ("order", Order, "ref"))
        for name, model, field in kinds:
            row = _by_key(model, request.GET.get(name, ""))
            found |= {name: getattr(row, field)} if row else {}
        token = _by_key(ClaimToken, request.GET.get("token", ""))
        return found | ({"token": str(token)} if token else {})


def _by_key(model: type[Any], key: str) -> Any:
    return model._default_manager.filter(pk=int(key)).first() if key.isascii() and key.isdecimal() and len(key) < 19 else None


COLUMNS = (
    text_column(lambda one: f"#{one.pk}", "number", gettext_lazy("number"), "pk"),
    "title",
    text_column(incident_state, "state", gettext_lazy("state"), "status"),
    text_column(severity_badge, "severity", gettext_lazy("severity"), "severity"),
    "owner",
    text_column(lambda one: count_text(one.orders), "orders", gettext_lazy("orders"), "orders"),
    text_column(lambda one: count_text(one.customers), "customers", gettext_lazy("customers"), "customers"),
    time_column("since", gettext_lazy("since")),
    time_column("opened_at", gettext_lazy("opened at"), order="pk"),
)


@admin.register(Incident)
class IncidentAdmin(TracePageMixin, GivenAddress, ExactSearchMixin, EditableAdmin):
    form = IncidentForm
    steps = STEPS
    list_display = COLUMNS
    list_display_links = ("number", "title")
    list_filter = (("status", ChoicesFilter), ("severity", ChoicesFilter), "owner", ("opened_at", MomentFilter))
    list_select_related = ("owner",)
    search_fields = ("title", "members__customer__ref", "anchors__value", "anchors__shown")
    search_help_text = gettext_lazy("Whole values: title, customer, device, code of a coupon type, token")
    empty_text = gettext_lazy("There is none. Open one from an alarm, a coupon type, a token or a list of orders.")
    fields = FIELDS

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list:
        return [] if obj else list(super().get_fieldsets(request, obj))

    def save_model(self, request: HttpRequest, obj: Incident, form: Any, change: bool) -> None:
        obj.__dict__.update(opened(form.cleaned_data, by=request.user, at=clock.now()).__dict__)

    def headline(self, request: HttpRequest, obj: Incident) -> Headline:
        return headline_of(obj)

    def panels(self, request: HttpRequest, obj: Incident) -> list[Panel]:
        return panels_of(request, obj)

    def history_sources(self, obj: Incident) -> list[Source]:
        events = [(tracker_of(IncidentAnchor), {"incident": obj.pk}), (tracker_of(EvidenceBundle), {"incident": obj.pk})]
        return [*source_of(obj), *(Source(model, conditions) for model, conditions in events)]

    def step_buttons(self, request: HttpRequest, obj: Any) -> list[StepButton]:
        buttons = []
        if request.user.has_perm("orders.request_freeze"):
            words = _("Freeze what can be saved")
            buttons.append(StepButton(words, save_url(obj), "", "ac_unit", is_stop=True, key="f", opens_page=True))
        return [*buttons, *super().step_buttons(request, obj)]


def headline_of(incident: Incident) -> Headline:
    facts = [
        Fact(_("Severity"), severity_badge(incident)),
        Fact(_("Looked after by"), incident.owner),
        Fact(_("Orders"), count_text(incident.orders), _("%s coupons") % count_text(incident.coupons)),
        Fact(_("Customers"), count_text(incident.customers)),
        Fact(_("Since"), time_html(incident.since), time_html(incident.until) if incident.until else ""),
        Fact(_("Went public"), time_html(incident.public_at) if incident.public_at else _("not known")),
        Fact(_("Grows"), _("yes") if incident.grows else _("no"), time_html(incident.grown_at)),
        Fact(_("Opened"), time_html(incident.opened_at), incident.opened_by),
        Fact(_("Made from"), page_of(incident.alarm) if incident.alarm else NOTHING),
    ]
    free = its_orders(incident).free_to_ship().count()
    warning = _("%s of its orders can be delivered at any moment.") % count_text(free) if free else ""
    is_closed = incident.status == IncidentStatus.CLOSED
    return Headline(incident, incident_state(incident), incident.reason, facts, [] if is_closed else [warning])


def opened(asked: dict[str, Any], *, by: Any, at: datetime) -> Incident:
    """Open what the form asks for. Raises InvalidInput for what is not there."""
    opening = Opening(asked["title"], asked["change_reason"], asked["severity"], asked["since"], asked["public_at"])
    kinds = (AnchorKind.COUPON_TYPE, AnchorKind.TOKEN, AnchorKind.DEVICE, AnchorKind.RECIPIENT)
    anchors: list[Named] = [named(kind, asked[kind]) for kind in kinds if asked[kind].strip()]
    if asked["of_alarm"].strip():
        alarm = _by_key(Alarm, asked["of_alarm"].strip().removeprefix("#"))
        if alarm is None:
            raise InvalidInput(_("There is no alarm “%s”.") % asked["of_alarm"])
        if not anchors:
            return open_from_alarm(alarm, opening, by=by, at=at)
        return open_incident(opening, anchors, by=by, at=at, alarm=alarm)
    return open_incident(opening, anchors, orders=_orders(asked), by=by, at=at)


def _orders(asked: dict[str, Any]) -> QuerySet[Order] | None:
    if asked["order"].strip():
        found = Order.objects.filter(ref=asked["order"].strip())
        if not found.exists():
            raise InvalidInput(_("There is no order “%s”.") % asked["order"])
        return found
    if not asked["order_list"].strip():
        return None
    orders = _by_key(OrderList, asked["order_list"].strip().removeprefix("#"))
    if orders is None:
        raise InvalidInput(_("There is no list of orders “%s”.") % asked["order_list"])
    return Order.objects.filter(pk__in=OrderListItem.objects.filter(order_list=orders).values("order"))


@buttons_on(*ABOUT)
def open_button(request: HttpRequest, obj: Any) -> list[StepButton]:
    """On the page of whatever an incident can be about."""
    if not request.user.has_perm("risk.add_incident"):
        return []
    why_not = ""
    if isinstance(obj, Alarm) and not anchors_of(obj):
        why_not = _("It is about no coupon type: open the incident from a coupon type, a token or orders.")
    url = f"{reverse('admin:risk_incident_add')}?{ABOUT[type(obj)]}={obj.pk}"
    return [StepButton(_("Open an incident"), url, why_not, "crisis_alert", is_stop=False, key="", opens_page=True)]
