"""From orders that were chosen in a list to the form that opens an incident on them."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from backoffice.lib import clock
from backoffice.lib.errors import DomainError
from orders.models import Order
from orders.services.order_lists import list_of_orders


def incident_of_selection(request: HttpRequest, orders: QuerySet[Order]) -> HttpResponse | None:
    """The orders become a list of their own, which the form names. A refusal is told where the selection was made."""
    try:
        chosen = list_of_orders(orders, name=_("chosen for an incident"), by=request.user, at=clock.now())
    except DomainError as error:
        messages.error(request, str(error))
        return None
    return HttpResponseRedirect(f"{reverse('admin:risk_incident_add')}?order_list={chosen.pk}")
