"""Asking for a freeze: the scope in words, what it would hold and what is lost already, and the reference it stands on."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, QuerySet, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from backoffice.lib import clock
from backoffice.lib.admin.actions import ActionPage, ScopeForm, draw_action, is_confirmed, signature
from backoffice.lib.admin.page import Fact, Panel
from backoffice.lib.audit import because
from backoffice.lib.display import amount_text, count_text
from backoffice.lib.errors import DomainError
from backoffice.lib.money import ZERO
from orders.admin.links import orders_panel
from orders.models import Freeze, Hold, Order
from orders.services.freezing import request_freeze
from orders.states import LOST_STATUSES, UNDELIVERED_STATUSES, HoldKind, OrderStatus


class FreezeForm(ScopeForm):
    """The terms of a freeze. A legal one needs its reference."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Kind of hold"),
        choices=[
            (HoldKind.LEGAL.value, gettext_lazy("legal: under an order of an authority")),
            (HoldKind.MANUAL.value, gettext_lazy("manual: our own decision")),
        ],
        widget=UnfoldAdminSelectWidget,
    )
    legal_reference = forms.CharField(
        label=gettext_lazy("Legal reference"),
        max_length=200,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("The number of the order or request. Needed for a legal hold."),
    )
    authority = forms.CharField(label=gettext_lazy("Authority"), max_length=200, required=False, widget=UnfoldAdminTextInputWidget)
    field_order = ("kind", "legal_reference", "authority", "reason")

    def clean(self) -> dict[str, Any] | None:
        data = super().clean() or {}
        if data.get("kind") == HoldKind.LEGAL and not data.get("legal_reference"):
            self.add_error("legal_reference", _("A legal hold needs the reference it stands on."))
        return data


def freeze_page(
    model_admin: Any, request: HttpRequest, orders: QuerySet[Order], *, scope: str, panels: Sequence[Panel] = ()
) -> HttpResponse:
    """Preview the freeze of these orders, and ask for it once the preview was confirmed.

    `scope` says in words which filters are in force; `panels` are what the caller knows of the selection beside.
    """
    chosen = Order.objects.filter(pk__in=orders.order_by().values("pk"))
    mark, scope_text = signature(chosen), describe(request, chosen, scope)
    form = FreezeForm(request.POST if is_confirmed(request) else None, initial={"previewed": mark})
    warnings = []
    if is_confirmed(request) and form.is_valid():
        if form.cleaned_data["previewed"] != mark:
            warnings.append(_("What matches has changed since you looked. Look again, then ask."))
            form = FreezeForm({**request.POST.dict(), "previewed": mark})
        elif (freeze := ask(request, form, chosen, scope_text)) is not None:
            messages.success(request, _("Asked for. Nothing is held until a second person approves."))
            return HttpResponseRedirect(reverse("admin:orders_freeze_change", args=[freeze.pk]))
    return draw_action(model_admin, request, preview(form, chosen, scope_text, warnings, panels))


def ask(request: HttpRequest, form: FreezeForm, orders: Any, scope_text: str) -> Freeze | None:
    """Call the service; a refusal becomes a sentence on the form."""
    terms = {key: form.cleaned_data[key] for key in ("kind", "legal_reference", "authority", "reason")}
    try:
        with because(terms["reason"]):
            return request_freeze(orders, scope_text=scope_text, by=request.user, at=clock.now(), **terms)
    except DomainError as error:
        form.add_error(None, str(error))
        return None


def describe(request: HttpRequest, orders: QuerySet[Order], scope: str) -> str:
    """The scope in words: all that match these filters, or so many chosen by hand."""
    number = count_text(orders.count())
    if request.POST.get("select_across") == "1":
        text = _("all %(number)s orders that match: %(scope)s") if scope else _("all %(number)s orders there are")
    else:
        text = _("%(number)s orders chosen by hand from: %(scope)s") if scope else _("%(number)s orders chosen by hand")
    return text % {"number": number, "scope": scope}


def preview(form: FreezeForm, orders: Any, scope_text: str, warnings: list[str], panels: Sequence[Panel]) -> ActionPage:
    by_status = {row["status"]: row for row in sums_of(orders.order_by().values("status"))}
    kind, currency = form["kind"].value() or HoldKind.LEGAL, currency_of(orders)
    waiting = orders.filter(status__in=UNDELIVERED_STATUSES)
    already = waiting.filter(pk__in=Hold.objects.open().filter(kind=kind).values("order"))
    would_be = sums_of(waiting.exclude(pk__in=already.values("pk")).order_by("currency").values("currency")).first()
    number, amount = (would_be["n"], would_be["gross"]) if would_be else (0, ZERO)
    tells = _("%(scope)s. Once a second person approves, %(number)s orders worth %(amount)s are held: they cannot be delivered.")
    lost = sum(by_status[status]["n"] for status in LOST_STATUSES if status in by_status)
    if lost:
        warnings.append(_("%s of them are delivered already: they are lost and will be skipped.") % count_text(lost))
    return ActionPage(
        name="freeze",
        title=_("Freeze orders"),
        button=_("Ask for the freeze"),
        tells=tells % {"scope": capfirst(scope_text), "number": count_text(number), "amount": amount_text(amount, currency)},
        form=form,
        facts=[
            Fact(_("Would be held"), count_text(number), amount_text(amount, currency)),
            Fact(_("Coupons in them"), amount_text(would_be["off"] if would_be else ZERO, currency)),
            Fact(_("Held already in this way"), count_text(already.count()), _("skipped")),
            Fact(_("Held already in some way"), count_text(waiting.held().count())),
        ],
        panels=[states_panel(by_status, currency), *panels, orders_panel(_("The newest of them"), orders)],
        warnings=warnings,
    )


def sums_of(groups: QuerySet) -> QuerySet:
    """How many orders, what they are worth and what coupons took off, for each group."""
    return groups.annotate(n=Count("pk"), gross=Sum("gross_amount"), off=Sum("discount_amount"))


def states_panel(by_status: dict[str, Any], currency: str) -> Panel:
    fate = {
        **dict.fromkeys(UNDELIVERED_STATUSES, _("held, unless a hold of this kind is open")),
        **dict.fromkeys(LOST_STATUSES, _("skipped: delivered, lost")),
        OrderStatus.CANCELLED: _("skipped: cancelled"),
        OrderStatus.REFUNDED: _("skipped: refunded"),
    }
    rows = [
        [OrderStatus(status).label, count_text(row["n"]), amount_text(row["gross"], currency), fate[OrderStatus(status)]]
        for status, row in sorted(by_status.items())
    ]
    return Panel(_("By state"), [_("state"), _("orders"), _("amount"), _("what happens")], rows)


def currency_of(orders: QuerySet[Order]) -> str:
    return orders.order_by().values_list("currency", flat=True).first() or ""
