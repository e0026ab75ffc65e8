"""From a list or an object to the page that asks for a freeze: what was filtered there becomes conditions here."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from unfold.utils import parse_datetime_str

from backoffice.lib import clock
from backoffice.lib.admin.extensions import buttons_on
from backoffice.lib.admin.filters import NOT_A_FILTER
from backoffice.lib.admin.steps import StepButton
from backoffice.lib.errors import DomainError
from orders.admin.asking import freeze_url
from orders.models import Order
from orders.scopes.fields import part
from orders.scopes.parts import BadScope, Operator, Part
from orders.services.order_lists import list_of_orders
from promotions.models import Campaign, ClaimToken, CouponType, Customer, Entry, Grant, TokenBatch

Means = Mapping[str, Callable[[Sequence[str]], Part]]
"""What a filter of a list means as a condition, by its name in the address."""
MOMENT_SIDES = ("from_0", "from_1", "to_0", "to_1")
SEARCH = "q"
FIELDS: Mapping[type, str] = {
    Campaign: "campaign",
    CouponType: "coupon_type",
    Entry: "entry",
    TokenBatch: "batch",
    ClaimToken: "token",
    Grant: "grant",
    Customer: "customer",
}


def freeze_selection(
    request: HttpRequest,
    orders: QuerySet[Order],
    *,
    scope: str,
    means: Means,
    placed_at: str = "placed_at",
    always: Sequence[Part] = (),
) -> HttpResponse | None:
    """On to the page that asks, with the orders that were chosen in a list.

    Everything that matches becomes the conditions that the list's filters are, where each of them is one (`means`; `placed_at`
    names the filter by time), and what is `always` so of its rows. Else, and where rows were chosen by hand, the orders become a
    list of their own, with `scope` for its name.
    """
    try:
        parts = conditions(request.GET, means, placed_at, always) if request.POST.get("select_across") == "1" else None
        if parts is None:
            name = _("chosen from: %s") % (scope or _("all orders"))
            parts = [part("orders", list_of_orders(orders, name=name, by=request.user, at=clock.now()).pk)]
    except DomainError as error:
        messages.error(request, str(error))
        return None
    return HttpResponseRedirect(freeze_url(*parts))


def conditions(query: QueryDict, means: Means, placed_at: str, always: Sequence[Part] = ()) -> list[Part] | None:
    """The filters in an address as conditions; None where one of them is none. Without any, all orders placed by now."""
    sides = {f"{placed_at}_{side}" for side in MOMENT_SIDES}
    names = [name for name in query if (name not in NOT_A_FILTER or name == SEARCH) and any(query.getlist(name))]
    if not set(names) <= {*means, *sides}:
        return None
    try:
        found = [means[name]([value for value in query.getlist(name) if value]) for name in names if name in means]
        if period := _period(query, placed_at):
            found.append(period)
    except BadScope:
        return None
    found += [one for one in always if one.field not in {other.field for other in found}]
    return found or [part("placed_at", "", clock.now().isoformat())]


def _period(query: QueryDict, name: str) -> Part | None:
    """The list includes its last moment, a condition does not: it ends the shortest time later."""
    since, until = _moment(query, f"{name}_from", "00:00:00"), _moment(query, f"{name}_to", "23:59:59")
    if since is None and until is None:
        return None
    ends_at = until + timedelta(microseconds=1) if until else None
    return part("placed_at", *(moment.isoformat() if moment else "" for moment in (since, ends_at)))


def _moment(query: QueryDict, name: str, missing_time: str) -> datetime | None:
    day = query.get(f"{name}_0")
    moment = parse_datetime_str(f"{day} {query.get(f'{name}_1') or missing_time}") if day else None
    return timezone.make_aware(moment) if moment else None


@buttons_on(*FIELDS)
def freeze_button(request: HttpRequest, obj: Any) -> list[StepButton]:
    """On the page of whatever orders can be chosen by."""
    if not request.user.has_perm("orders.request_freeze"):
        return []
    url = freeze_url(Part(FIELDS[type(obj)], Operator.IS_ONE_OF, (str(obj.pk),)))
    return [StepButton(_("Freeze its orders"), url, "", "ac_unit", is_stop=False, key="", opens_page=True)]
