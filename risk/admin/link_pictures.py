"""The way to the picture of links from whatever it can begin at, and the picture on the page of an incident."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from backoffice.lib.admin.extensions import buttons_on
from backoffice.lib.admin.steps import StepButton
from orders.models import Order
from promotions.models import ClaimToken, Customer
from risk.admin.links import picture_url
from risk.models import Flag, Incident, IncidentOrder
from risk.states import AnchorKind, Disposition

NEEDED = "risk.view_linkhub"
Start = tuple[str, str]


@dataclass(frozen=True)
class LinksPicture:
    """A panel that draws the neighbourhood of `kind` and `value`. `url` opens it large, with the table that says the same."""

    kind: str
    value: str
    name: str = "links"
    template: str = "admin/holdfast/links_panel.html"

    @property
    def url(self) -> str:
        return picture_url(self.kind, self.value)

    @property
    def data_url(self) -> str:
        return reverse("admin:risk_linkhub_neighbours")

    @property
    def legend(self) -> list[tuple[str, Any]]:
        return list(Disposition.choices)


def start_of(obj: Any) -> Start | None:
    """What the picture of something begins at; None for an incident without orders."""
    if isinstance(obj, Incident):
        return start_of_incident(obj)
    if isinstance(obj, ClaimToken):
        return "token", str(obj.pk)
    if isinstance(obj, Customer):
        return "account", obj.ref
    return "order", (obj.order if isinstance(obj, Flag) else obj).ref


def start_of_incident(incident: Incident) -> Start | None:
    """The value in force that the most accounts share, hubs left out; else the first order that came in."""
    values = (AnchorKind.TOKEN, AnchorKind.DEVICE, AnchorKind.RECIPIENT)
    anchors = incident.anchors.filter(kind__in=values, dropped_at=None, is_hub=False)
    if anchor := anchors.order_by("-accounts", "pk").first():
        return anchor.kind, anchor.value
    first = IncidentOrder.objects.filter(incident=incident).select_related("order").order_by("pk").first()
    return ("order", first.order.ref) if first else None


def picture_of(request: HttpRequest, incident: Incident) -> list[LinksPicture]:
    start = start_of_incident(incident) if request.user.has_perm(NEEDED) else None
    return [LinksPicture(*start)] if start else []


@buttons_on(Order, Flag, Customer, ClaimToken)
def links_button(request: HttpRequest, obj: Any) -> list[StepButton]:
    """An incident has the picture itself on its page."""
    start = start_of(obj) if request.user.has_perm(NEEDED) else None
    return [StepButton(_("Links"), picture_url(*start), "", "hub", is_stop=False, key="", opens_page=True)] if start else []
