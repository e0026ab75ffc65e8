"""What approvals of campaigns, coupon types and entries stand for: the money, when it is wanted, and all of it in words."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from backoffice.lib import clock
from backoffice.lib.admin.page import Fact, Panel
from backoffice.lib.admin.subjects import InWords, Subject, key_of, subjects_of, words_of
from backoffice.lib.display import MINUS, amount_text, badge, count_text, duration_text, state_badge, time_html
from backoffice.lib.models import Approval
from promotions.admin.links import entries_panel, list_of, page_of
from promotions.models import Campaign, CouponType, Entry
from promotions.services.blast import blast_radius
from promotions.services.budgets import budget_figures
from promotions.services.rules import rule_text

MONEY_FIELDS = ("amount", "budget_amount")
Worth = Callable[[Any], Decimal | None]


def rows_of(approvals: Sequence[Approval], rows: QuerySet) -> Mapping[int, Any]:
    return rows.in_bulk({key_of(approval) for approval in approvals})


def subject(approval: Approval, currency: str, worth: Decimal | None, begins_at: datetime, face_value: Decimal) -> Subject:
    """The money of a change is by how much it moves; of anything else, what is given at most."""
    changes = approval.payload.get("changes")
    wanted_at = begins_at if approval.payload.get("status") == "in_review" else None
    if not isinstance(changes, Mapping):
        return Subject(currency, amount_text(worth, currency) if worth is not None else "", wanted_at)
    return Subject(currency, moved(changes, currency, face_value), None)


def moved(changes: Mapping[str, Any], currency: str, face_value: Decimal) -> str:
    """By how much a change moves the money: of an amount as it stands, of a number of coupons by what each is worth."""
    for name, unit in (*((field, Decimal(1)) for field in MONEY_FIELDS), ("quantity", face_value), ("cap", face_value)):
        change = changes.get(name)
        if isinstance(change, Mapping) and change.get("old") and change.get("new"):
            by = (Decimal(str(change["new"])) - Decimal(str(change["old"]))) * unit
            return f"{'+' if by > 0 else MINUS}{amount_text(abs(by), currency)}"
    return ""


@subjects_of("promotions.campaign")
def campaigns(approvals: Sequence[Approval]) -> Mapping[int, Subject]:
    found = rows_of(approvals, Campaign.objects.select_related("budget"))
    return {
        approval.pk: subject(approval, row.currency, row.budget.amount, row.starts_at, Decimal(1))
        for approval in approvals
        if (row := found.get(key_of(approval)))
    }


@subjects_of("promotions.coupontype")
def coupon_types(approvals: Sequence[Approval]) -> Mapping[int, Subject]:
    found = rows_of(approvals, CouponType.objects.select_related("campaign__budget"))
    return {
        approval.pk: subject(approval, row.campaign.currency, most_of(row), row.claim_from, row.face_value)
        for approval in approvals
        if (row := found.get(key_of(approval)))
    }


def most_of(kind: CouponType) -> Decimal:
    """What a type gives at most: its quantity, and never more than its own budget or the campaign has."""
    amount: Decimal = kind.campaign.budget.amount
    if kind.budget_amount is not None:
        amount = min(amount, kind.budget_amount)
    return amount if kind.quantity is None else min(kind.quantity * kind.face_value, amount)


@subjects_of("promotions.entry")
def entries(approvals: Sequence[Approval]) -> Mapping[int, Subject]:
    found = rows_of(approvals, Entry.objects.select_related("coupon_type__campaign"))
    return {
        approval.pk: subject(
            approval,
            row.coupon_type.campaign.currency,
            row.cap * row.coupon_type.face_value,
            row.opens_at,
            row.coupon_type.face_value,
        )
        for approval in approvals
        if (row := found.get(key_of(approval)))
    }


def target(approval: Approval, model: type[Model]) -> Any:
    return model._default_manager.filter(pk=key_of(approval)).first()


@words_of("promotions.campaign")
def campaign_in_words(approval: Approval) -> InWords:
    campaign = target(approval, Campaign)
    if campaign is None:
        return InWords()
    figures = budget_figures(campaign.budget)
    facts = [
        Fact(_("Campaign"), page_of(campaign), state_badge(campaign)),
        Fact(_("Gives from"), time_html(campaign.starts_at), _("for %s") % duration_text(campaign.ends_at - campaign.starts_at)),
        Fact(_("Until"), time_html(campaign.ends_at)),
        Fact(_("Budget"), amount_text(figures["amount"], campaign.currency), _("it never gives more")),
        Fact(_("Given so far"), amount_text(figures["reserved"] + figures["spent"], campaign.currency)),
        Fact(_("Can still give"), amount_text(figures["room"], campaign.currency)),
        Fact(_("Owner"), campaign.owner, campaign.partner),
        Fact(_("Cancelled orders give back"), campaign.get_slot_return_display()),
    ]
    return InWords(facts, [types_panel(campaign)])


def types_panel(campaign: Campaign) -> Panel:
    """What the campaign gives, as far as it is drafted."""
    rows = [
        [page_of(kind), state_badge(kind), state_badge(kind, "audience"), worth_in_words(kind), count_text(kind.quantity)]
        for kind in campaign.coupon_types.select_related("campaign").order_by("pk")[:50]
    ]
    columns = [_("coupon type"), _("state"), _("audience"), _("worth"), _("quantity")]
    note = _("Each of them needs an approval of its own.") if rows else ""
    return Panel(_("Coupon types"), columns, rows, _("None is drafted yet; each will need an approval of its own."), note=note)


def worth_in_words(kind: CouponType) -> str:
    """What a coupon takes off, and from which spend on."""
    amount = amount_text(kind.face_value, kind.campaign.currency)
    off = (
        _("%(percent)s %% off, at most %(amount)s") % {"percent": f"{kind.percentage.normalize():f}", "amount": amount}
        if kind.percentage
        else _("%s off") % amount
    )
    if not kind.minimum_spend:
        return _("%s, whatever is spent") % off
    return _("%(off)s from %(spend)s on") % {"off": off, "spend": amount_text(kind.minimum_spend, kind.campaign.currency)}


@words_of("promotions.coupontype")
def coupon_type_in_words(approval: Approval) -> InWords:
    kind = CouponType.objects.select_related("campaign__budget").filter(pk=key_of(approval)).first()
    if kind is None:
        return InWords()
    currency = kind.campaign.currency
    radius = blast_radius(kind, clock.now())
    rules = [rule_text(rule) for rule in kind.rules.in_force().order_by("pk")]
    customers = _("verified customers only") if kind.requires_verified else _("every customer")
    facts = [
        Fact(
            _("Can cost at most"),
            amount_text(radius.money, currency),
            _("%(money)s within one minute, bounded by %(bound)s")
            % {"money": amount_text(radius.money_per_minute, currency), "bound": radius.per_minute.label},
        ),
        Fact(_("Worth"), worth_in_words(kind)),
        Fact(_("For"), state_badge(kind, "audience"), customers),
        Fact(_("Quantity"), count_text(kind.quantity) if kind.quantity is not None else badge(_("no limit"), "warning")),
        Fact(_("Claimed from"), time_html(kind.claim_from)),
        Fact(_("Claimed until"), time_html(kind.claim_until)),
        Fact(_("Valid until"), time_html(kind.valid_until)),
        Fact(_("Conditions"), "; ".join(rules) or badge(_("no limit for a person"), "warning")),
        Fact(_("Campaign"), page_of(kind.campaign), state_badge(kind.campaign)),
    ]
    if kind.is_restricted:
        facts.append(Fact(_("Watched"), _("built-in thresholds are armed with this approval"), _("they suspend by themselves")))
    return InWords(facts, [entries_panel(kind.entries.order_by("pk"), {}, list_of(Entry, q=kind.code))])


@words_of("promotions.entry")
def entry_in_words(approval: Approval) -> InWords:
    entry = Entry.objects.select_related("coupon_type__campaign").filter(pk=key_of(approval)).first()
    if entry is None:
        return InWords()
    kind = entry.coupon_type
    most = amount_text(entry.cap * kind.face_value, kind.campaign.currency)
    open_to = _("needs a token of ours") if entry.needs_token else badge(_("open to all: no token"), "warning")
    facts = [
        Fact(_("Can give at most"), most, _("%(cap)s coupons") % {"cap": count_text(entry.cap)}),
        Fact(_("Coupon type"), page_of(kind), state_badge(kind)),
        Fact(_("Worth"), worth_in_words(kind)),
        Fact(_("For"), state_badge(kind, "audience")),
        Fact(_("Channel"), entry.get_channel_display()),
        Fact(_("Open to"), open_to),
        Fact(_("Opens"), time_html(entry.opens_at)),
        Fact(_("Closes"), time_html(entry.closes_at)),
    ]
    return InWords(facts)
