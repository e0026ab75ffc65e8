"""The ledger: customers, claims, coupons, redemptions. Looked at by everybody who may, changed by nobody."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet, Sum
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lib.admin.base import ReadOnlyAdmin
from backoffice.lib.admin.columns import chosen, money_column, state_column, text_column, time_column
from backoffice.lib.admin.filters import ChoicesFilter, MomentFilter, lookup_filter, question_filter
from backoffice.lib.admin.page import Fact, Headline, Panel
from backoffice.lib.admin.search import ExactSearchMixin
from backoffice.lib.display import NOTHING, amount_text, badge, count_text, state_badge, time_html
from promotions.admin.coupon_steps import COUPON_STEPS
from promotions.admin.links import list_of, page_of
from promotions.admin.stories import blocks_panel, story_panel
from promotions.models import Claim, Coupon, CouponType, Customer, Entry, Redemption
from promotions.services.rules import rule_text
from promotions.states import Audience, ClaimOutcome, CouponStatus

ROWS_SHOWN = 20


def coupon_type_choices() -> list[tuple[str, str]]:
    """The newest coupon types, for filters."""
    return [(str(pk), code) for pk, code in CouponType.objects.order_by("-pk").values_list("pk", "code")[:200]]


CouponTypeFilter = lookup_filter(
    gettext_lazy("coupon type"), "coupon_type", coupon_type_choices, lambda rows, key: rows.filter(coupon_type=key)
)
EntryFilter = lookup_filter(
    gettext_lazy("entry"),
    "entry",
    lambda: [(str(pk), code) for pk, code in Entry.objects.order_by("-pk").values_list("pk", "code")[:200]],
    lambda rows, key: rows.filter(entry=key),
)


def of_audience(audience: str) -> Callable[[QuerySet], QuerySet]:
    """Rows of the types for this audience. By the types' keys, which the index begins with, and not by a join."""

    def narrow(rows: QuerySet) -> QuerySet:
        types = CouponType.objects.filter(audience=audience).values_list("pk", flat=True)
        return rows.filter(coupon_type__in=list(types))

    return narrow


def only_flagged(claims: Any) -> Any:
    return claims.flagged()


AudienceFilter = question_filter(
    gettext_lazy("audience"),
    "audience",
    {
        "restricted": (gettext_lazy("restricted"), of_audience(Audience.RESTRICTED)),
        "online": (gettext_lazy("online"), of_audience(Audience.ONLINE)),
    },
)


def verdict(claim: Claim) -> Any:
    return state_badge(claim, "outcome")


def claims_panel(claims: QuerySet[Claim], url: str, title: Any = "") -> Panel:
    """The newest of these claims."""
    rows = [
        [
            page_of(claim, time_html(claim.at)),
            verdict(claim),
            claim.get_reason_display() or NOTHING,
            page_of(claim.customer),
            page_of(claim.coupon_type, claim.asked_coupon_type) if claim.coupon_type else claim.asked_coupon_type,
            claim.device or NOTHING,
            claim.address or NOTHING,
        ]
        for claim in claims.select_related("customer", "coupon_type").order_by("-pk")[:ROWS_SHOWN]
    ]
    columns = [_("at"), _("outcome"), _("reason"), _("customer"), _("asked for"), _("device"), _("address")]
    return Panel(title or _("Claims"), columns, rows, _("No claims."), url)


@admin.register(Customer)
class CustomerAdmin(ExactSearchMixin, ReadOnlyAdmin):
    list_display = (
        "ref",
        text_column(lambda customer: customer.masked_phone or NOTHING, "phone", gettext_lazy("phone")),
        "is_verified",
        time_column("registered_at", gettext_lazy("registered at"), order=None),
        time_column("first_seen_at", gettext_lazy("first seen at"), order=None),
    )
    list_filter = ("is_verified", ("first_seen_at", MomentFilter), ("registered_at", MomentFilter))
    search_fields = ("ref", "phone_last_four")
    search_help_text = gettext_lazy("The whole reference, or the last four digits of the phone")
    ordering = ("-pk",)

    def headline(self, request: HttpRequest, obj: Customer) -> Headline:
        verified = badge(_("verified"), "success") if obj.is_verified else badge(_("not verified"))
        facts = [
            Fact(_("Phone"), obj.masked_phone or NOTHING),
            Fact(_("Registered"), time_html(obj.registered_at)),
            Fact(_("First seen"), time_html(obj.first_seen_at)),
            Fact(_("Phone verified"), _("yes") if obj.is_phone_verified else _("no")),
            Fact(_("Has ordered"), _("yes") if obj.has_ordered else _("no")),
            *ledger_facts(obj),
        ]
        return Headline(obj.ref, verified, facts=facts)

    def panels(self, request: HttpRequest, obj: Customer) -> list[Panel]:
        return [
            claims_panel(obj.claims.all(), list_of(Claim, q=obj.ref)),
            coupons_panel(obj.coupons.all(), list_of(Coupon, q=obj.ref)),
            blocks_panel(obj),
        ]


def ledger_facts(customer: Customer) -> list[Fact]:
    """How often he tried, what he was given, and what it was used for, since we know him."""
    counts = customer.claims.aggregate(n=Count("pk"), refused=Count("pk", filter=Q(outcome="refused")))
    held = customer.coupons.aggregate(n=Count("pk"), usable=Count("pk", filter=Q(status=CouponStatus.ISSUED)))
    redeemed = Redemption.objects.filter(coupon__customer=customer, returned_at=None).order_by()
    paid = list(redeemed.values_list("coupon__coupon_type__campaign__currency").annotate(Sum("amount"), Count("pk")))
    amounts = ", ".join(amount_text(amount, currency) for currency, amount, _n in paid)
    return [
        Fact(_("Claims"), count_text(counts["n"]), _("%s refused") % count_text(counts["refused"])),
        Fact(_("Coupons"), count_text(held["n"]), _("%s can still be used") % count_text(held["usable"])),
        Fact(_("Paid with coupons"), amounts or NOTHING, _("%s redemptions") % count_text(sum(row[2] for row in paid))),
    ]


CLAIM_COLUMNS = (
    time_column("at", gettext_lazy("at"), order="pk"),
    text_column(verdict, "outcome", gettext_lazy("outcome"), plain=chosen("outcome")),
    text_column(lambda claim: claim.get_reason_display() or NOTHING, "reason", gettext_lazy("reason"), plain=chosen("reason")),
    text_column(lambda claim: page_of(claim.customer), "customer", gettext_lazy("customer"), plain=attrgetter("customer")),
    "asked_coupon_type",
    text_column(
        lambda claim: page_of(claim.entry) if claim.entry else claim.asked_entry or NOTHING,
        "entry",
        gettext_lazy("entry"),
        plain=lambda claim: claim.entry or claim.asked_entry,
    ),
    text_column(lambda claim: page_of(claim.token), "token", gettext_lazy("token"), plain=attrgetter("token")),
    "device",
    "address",
)
CLAIM_FILTERS = (
    ("outcome", ChoicesFilter),
    ("reason", ChoicesFilter),
    CouponTypeFilter,
    AudienceFilter,
    EntryFilter,
    ("channel", ChoicesFilter),
    question_filter(gettext_lazy("flagged"), "flagged", {"yes": (gettext_lazy("issued and flagged"), only_flagged)}),
    "is_verified",
    ("at", MomentFilter),
)


@admin.register(Claim)
class ClaimAdmin(ExactSearchMixin, ReadOnlyAdmin):
    list_display = CLAIM_COLUMNS
    list_filter = CLAIM_FILTERS
    search_fields = ("customer__ref", "customer__phone_last_four", "device", "coupon__code")
    search_help_text = gettext_lazy("Whole values: customer, phone's last four, device, coupon code")
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Claim]:
        return super().get_queryset(request).for_admin_list()

    def headline(self, request: HttpRequest, obj: Claim) -> Headline:
        coupon = Coupon.objects.filter(claim=obj).first()
        batch = obj.token.batch if obj.token else None
        facts = [
            Fact(_("At"), time_html(obj.at)),
            Fact(_("Customer"), page_of(obj.customer), obj.customer.masked_phone),
            Fact(_("Coupon type"), page_of(obj.coupon_type) if obj.coupon_type else obj.asked_coupon_type),
            Fact(_("Entry"), page_of(obj.entry) if obj.entry else obj.asked_entry or NOTHING),
            Fact(_("Token"), page_of(obj.token), page_of(batch) if batch else ""),
            Fact(_("Coupon"), page_of(coupon)),
            Fact(_("Registered"), time_html(obj.registered_at), _("verified") if obj.is_verified else _("not verified")),
            Fact(_("Channel"), obj.get_channel_display()),
            Fact(_("Device"), obj.device or NOTHING),
            Fact(_("Network address"), obj.address or NOTHING),
            Fact(_("Region"), obj.region or NOTHING),
            Fact(_("Token's fingerprint"), obj.token_fingerprint or NOTHING),
        ]
        return Headline(str(obj), verdict(obj), sentence=obj.get_reason_display(), facts=facts)

    def panels(self, request: HttpRequest, obj: Claim) -> list[Panel]:
        flags = [flags_panel(obj)] if obj.outcome == ClaimOutcome.ISSUED else []
        if not obj.device:
            return flags
        same = Claim.objects.filter(device=obj.device).exclude(pk=obj.pk)
        return [*flags, claims_panel(same, list_of(Claim, q=obj.device), _("Claims from the same device"))]


def flags_panel(claim: Claim) -> Panel:
    """The rules that flag which this claim crossed, and what it lacked."""
    found = claim.flags.select_related("rule__campaign", "rule__coupon_type").order_by("pk")
    rows = [[rule_text(flag.rule), _("it is missing") if flag.is_identity_missing else _("crossed")] for flag in found]
    return Panel(_("Flagged by claim rules"), [_("rule"), _("how")], rows, _("It crossed no rule."))


def coupons_panel(coupons: QuerySet[Coupon], url: str) -> Panel:
    rows = [
        [
            page_of(coupon),
            page_of(coupon.coupon_type),
            state_badge(coupon),
            amount_text(coupon.face_value, coupon.coupon_type.campaign.currency),
            time_html(coupon.issued_at),
            time_html(coupon.valid_until),
        ]
        for coupon in coupons.select_related("coupon_type__campaign").order_by("-pk")[:ROWS_SHOWN]
    ]
    columns = [_("coupon"), _("coupon type"), _("state"), _("face value"), _("issued at"), _("valid until")]
    return Panel(_("Coupons"), columns, rows, _("No coupons."), url)


def origin_fact(coupon: Coupon) -> Fact:
    """The claim that it came by, or the grant."""
    if coupon.claim is not None:
        return Fact(_("Claimed"), page_of(coupon.claim, time_html(coupon.claim.at)), page_of(coupon.claim.entry))
    return Fact(_("Granted"), page_of(coupon.grant_item.grant if coupon.grant_item else None))


@admin.register(Coupon)
class CouponAdmin(ExactSearchMixin, ReadOnlyAdmin):
    steps = COUPON_STEPS
    list_display = (
        "code",
        text_column(
            lambda coupon: page_of(coupon.coupon_type, coupon.coupon_type.code),
            "coupon_type",
            gettext_lazy("coupon type"),
            plain=attrgetter("coupon_type.code"),
        ),
        state_column("status", gettext_lazy("state")),
        text_column(lambda coupon: page_of(coupon.customer), "customer", gettext_lazy("customer"), plain=attrgetter("customer")),
        money_column("face_value", gettext_lazy("face value"), currency="coupon_type.campaign.currency", order=None),
        time_column("issued_at", gettext_lazy("issued at"), order="pk"),
        time_column("valid_until", gettext_lazy("valid until"), order=None),
    )
    list_filter = (("status", ChoicesFilter), CouponTypeFilter, AudienceFilter, ("issued_at", MomentFilter))
    search_fields = ("code", "customer__ref", "customer__phone_last_four", "redemptions__order_ref")
    search_help_text = gettext_lazy("Whole values: coupon code, customer, phone's last four, order")
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Coupon]:
        return super().get_queryset(request).for_admin_list().select_related("customer", "coupon_type__campaign")

    def headline(self, request: HttpRequest, obj: Coupon) -> Headline:
        facts = [
            Fact(_("Coupon type"), page_of(obj.coupon_type), state_badge(obj.coupon_type, "audience")),
            Fact(_("Face value"), amount_text(obj.face_value, obj.coupon_type.campaign.currency)),
            Fact(_("Customer"), page_of(obj.customer), obj.customer.masked_phone),
            origin_fact(obj),
            Fact(_("Issued"), time_html(obj.issued_at)),
            Fact(_("Valid until"), time_html(obj.valid_until)),
        ]
        return Headline(obj.code, state_badge(obj), facts=facts)

    def panels(self, request: HttpRequest, obj: Coupon) -> list[Panel]:
        return [story_panel(obj)]


@admin.register(Redemption)
class RedemptionAdmin(ExactSearchMixin, ReadOnlyAdmin):
    list_display = (
        "order_ref",
        text_column(lambda item: page_of(item.coupon), "coupon", gettext_lazy("coupon"), plain=attrgetter("coupon")),
        text_column(
            lambda item: page_of(item.coupon_type, item.coupon_type.code),
            "coupon_type",
            gettext_lazy("coupon type"),
            plain=attrgetter("coupon_type.code"),
        ),
        money_column("amount", gettext_lazy("amount"), currency="coupon_type.campaign.currency", order=None),
        money_column("virtual_amount", gettext_lazy("on virtual goods"), currency="coupon_type.campaign.currency", order=None),
        time_column("at", gettext_lazy("at"), order="pk"),
        time_column("returned_at", gettext_lazy("returned at"), order=None),
    )
    list_filter = (CouponTypeFilter, ("at", MomentFilter))
    list_select_related = ("coupon", "coupon_type__campaign")
    search_fields = ("order_ref", "coupon__code")
    ordering = ("-pk",)

    def headline(self, request: HttpRequest, obj: Redemption) -> Headline:
        facts = [
            Fact(_("Coupon"), page_of(obj.coupon), page_of(obj.coupon_type)),
            Fact(_("Order"), obj.order_ref),
            Fact(_("Amount"), amount_text(obj.amount, obj.coupon_type.campaign.currency)),
            Fact(_("On virtual goods"), amount_text(obj.virtual_amount, obj.coupon_type.campaign.currency)),
            Fact(_("Claimed"), time_html(obj.claimed_at)),
            Fact(_("Redeemed"), time_html(obj.at)),
            Fact(_("Returned"), time_html(obj.returned_at)),
        ]
        return Headline(f"{obj.coupon} → {obj.order_ref}", facts=facts)
