"""Bursts: what, where, since when, and how many beside how many are usual."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lib.admin.base import ReadOnlyAdmin
from backoffice.lib.admin.columns import text_column, time_column
from backoffice.lib.admin.filters import ChoicesFilter, MomentFilter, question_filter
from backoffice.lib.admin.page import Fact, Headline, Panel
from backoffice.lib.display import NOTHING, badge, count_text, time_html
from orders.admin.links import orders_panel
from orders.models import Order
from promotions.admin.ledger import claims_panel
from promotions.admin.links import list_of, page_of
from promotions.models import Claim, Entry
from promotions.states import ClaimOutcome
from risk.models import Burst
from risk.states import BurstKind

CLAIM_COLUMN = {BurstKind.ENTRY: "entry", BurstKind.NETWORK: "address", BurstKind.SEGMENT: "phone_segment"}


def state_of(burst: Burst) -> Any:
    return badge(_("running"), "warning") if burst.ended_at is None else badge(_("over"), "default")


def claims_of(burst: Burst) -> QuerySet[Claim]:
    """The issued claims that it counts."""
    until = Q() if burst.ended_at is None else Q(at__lt=burst.ended_at)
    where = {CLAIM_COLUMN[BurstKind(burst.kind)]: burst.value}
    return Claim.objects.filter(
        until, coupon_type=burst.coupon_type_id, outcome=ClaimOutcome.ISSUED, at__gte=burst.began_at, **where
    )


def running(bursts: Any) -> Any:
    return bursts.open()


@admin.register(Burst)
class BurstAdmin(ReadOnlyAdmin):
    list_display = (
        "shown",
        "kind",
        text_column(lambda burst: burst.coupon_type.code, "coupon_type", gettext_lazy("coupon type")),
        text_column(state_of, "state", gettext_lazy("state")),
        time_column("began_at", gettext_lazy("since")),
        time_column("ended_at", gettext_lazy("ended at")),
        text_column(lambda burst: count_text(burst.claims), "claims", gettext_lazy("coupons claimed"), "claims"),
        text_column(lambda burst: count_text(burst.peak), "peak", gettext_lazy("most in a minute"), "peak"),
        "usual",
    )
    list_filter = (
        ("kind", ChoicesFilter),
        question_filter(gettext_lazy("state"), "state", {"running": (gettext_lazy("running"), running)}),
        ("began_at", MomentFilter),
    )
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Burst]:
        return super().get_queryset(request).for_admin_list()

    def headline(self, request: HttpRequest, obj: Burst) -> Headline:
        entry = Entry.objects.filter(pk=obj.value).first() if obj.kind == BurstKind.ENTRY else None
        facts = [
            Fact(_("Where"), page_of(entry) if entry else obj.shown, obj.get_kind_display()),
            Fact(_("Coupon type"), page_of(obj.coupon_type)),
            Fact(_("Since"), time_html(obj.began_at)),
            Fact(_("Noticed"), time_html(obj.noticed_at)),
            Fact(_("Ended"), time_html(obj.ended_at) if obj.ended_at else NOTHING),
            Fact(_("Coupons claimed"), count_text(obj.claims)),
            Fact(_("Most in a minute"), count_text(obj.peak)),
            Fact(_("Usual a minute"), obj.usual, _("as expected when it was noticed")),
        ]
        sentence = _("A burst is no verdict: festivals and TV shows burst, too. It only supports other evidence.")
        return Headline(str(obj), state_of(obj), sentence=sentence, facts=facts)

    def panels(self, request: HttpRequest, obj: Burst) -> list[Panel]:
        shown = []
        claims = claims_of(obj)
        if request.user.has_perm("promotions.view_claim"):
            asked = {"entry": obj.value} if obj.kind == BurstKind.ENTRY else {}
            shown.append(claims_panel(claims, list_of(Claim, coupon_type=obj.coupon_type_id, **asked), _("Newest claims in it")))
        if request.user.has_perm("orders.view_order"):
            orders = Order.objects.filter(discounts__coupon__claim__in=claims).distinct()
            shown.append(orders_panel(_("Newest orders with its coupons"), orders))
        return shown
