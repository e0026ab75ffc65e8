"""A coupon's life on one page, from the claim to its end; and what we know of a customer besides."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from backoffice.lib import clock
from backoffice.lib.admin.extensions import ref_link
from backoffice.lib.admin.history import tracker_of
from backoffice.lib.admin.page import Panel
from backoffice.lib.display import NOTHING, STATE_COLOURS, amount_text, badge, link, stacked, time_html
from promotions.admin.blocks import block_state, scope_link
from promotions.admin.links import list_of, page_of
from promotions.models import Claim, Coupon, Customer, IdentityBlock
from promotions.states import CouponStatus, Identity


@dataclass(frozen=True)
class Moment:
    """Something that happened to a coupon. `rank` orders what happened at the same time."""

    at: datetime
    what: Any
    where: Any = NOTHING
    who: Any = NOTHING
    why: Any = NOTHING
    rank: int = 0


def story_panel(coupon: Coupon) -> Panel:
    """Everything that happened to the coupon, oldest first, and what will happen if nobody does anything."""
    moments = sorted(moments_of(coupon, clock.now()), key=lambda moment: (moment.at, moment.rank))
    rows = [[time_html(moment.at), moment.what, moment.where, moment.who, moment.why] for moment in moments]
    columns = [_("when"), _("what"), _("where and how much"), _("who"), _("why")]
    return Panel(_("Its life"), columns, rows, name="story")


def moments_of(coupon: Coupon, at: datetime) -> Iterator[Moment]:
    currency = coupon.coupon_type.campaign.currency
    worth = amount_text(coupon.face_value, currency)
    if coupon.claim is not None:
        yield claimed(coupon.claim)
    until = format_html(_("valid until {}"), time_html(coupon.valid_until))
    yield Moment(coupon.issued_at, badge(_("issued"), "success"), stacked(worth, _("reserved in the budget")), why=until, rank=1)
    yield from used(coupon, currency)
    yield from taken(coupon)
    if coupon.status == CouponStatus.EXPIRED:
        yield Moment(
            coupon.valid_until, badge(_("expired")), stacked(worth, _("back in the budget")), _("its time was over"), rank=5
        )
    if coupon.status == CouponStatus.ISSUED and coupon.valid_until > at:
        yield Moment(coupon.valid_until, _("expires, if it is not used"), worth, rank=9)


def claimed(claim: Claim) -> Moment:
    """With everything that came with it."""
    how = [page_of(claim.entry), claim.get_channel_display()]
    if claim.token:
        how.append(format_html("{} {} {}", _("token"), page_of(claim.token), page_of(claim.token.batch)))
    traces = [
        format_html("{} {}", _("device"), link(list_of(Claim, q=claim.device), claim.device) if claim.device else NOTHING),
        format_html("{} {}", _("address"), link(same_address(claim), claim.address) if claim.address else NOTHING),
        format_html("{} {}", _("phone"), claim.customer.masked_phone or NOTHING),
    ]
    known = _("verified") if claim.is_verified else _("not verified")
    since = format_html(_("registered {}"), time_html(claim.registered_at)) if claim.registered_at else _("registered: unknown")
    return Moment(
        claim.at,
        page_of(claim, _("claimed")),
        below(format_html_join(" · ", "{}", ((part,) for part in how)), *traces),
        below(page_of(claim.customer), known, since),
    )


def below(top: Any, *lines: Any) -> SafeString:
    """One thing, and under it in small print what belongs to it."""
    return format_html("{}{}", top, format_html_join("", '<br><span class="hf-hint">{}</span>', ((line,) for line in lines)))


def same_address(claim: Claim) -> str:
    """Claims from the same address on the same day: by time, since addresses have no index of their own."""
    day = f"{timezone.localtime(claim.at):%Y-%m-%d}"
    return list_of(Claim, address=claim.address, at_from_0=day, at_to_0=day)


def used(coupon: Coupon, currency: str) -> Iterator[Moment]:
    """What it paid for, and what came back."""
    for item in coupon.redemptions.order_by("pk"):
        virtual = _("%s of it on virtual goods") % amount_text(item.virtual_amount, currency) if item.virtual_amount else ""
        order = ref_link("order", item.order_ref)
        amount = stacked(format_html("{} · {}", order, amount_text(item.amount, currency)), virtual)
        yield Moment(item.at, page_of(item, badge(_("redeemed"), "info")), amount, page_of(coupon.customer), rank=2)
        if item.returned_at:
            back = stacked(format_html("{} · {}", order, amount_text(item.amount, currency)), _("back in the budget"))
            yield Moment(item.returned_at, badge(_("returned"), "warning"), back, why=_("the order was called off"), rank=3)


def taken(coupon: Coupon) -> Iterator[Moment]:
    """Who took it out of the customer's hands or gave it back, as the database wrote it down."""
    events = list(tracker_of(Coupon).objects.filter(pgh_obj_id=coupon.pk).select_related("pgh_context").order_by("pgh_id"))
    told = [event.pgh_context.metadata if event.pgh_context else {} for event in events]
    people = User.objects.in_bulk([context["user"] for context in told if context.get("user")]) if events else {}
    words = dict(CouponStatus.choices)
    for event, context in zip(events, told, strict=True):
        what = _("given back") if event.status == CouponStatus.ISSUED else words[event.status]
        who = people.get(context.get("user")) or _("the system")
        state = badge(what, STATE_COLOURS.get(event.status, "default"))
        yield Moment(event.pgh_created_at, state, who=who, why=context.get("reason") or NOTHING, rank=4)


def blocks_panel(customer: Customer) -> Panel:
    """What forbids this customer to claim, now or once: by reference, phone and verified identity."""
    own = Q(identity=Identity.CUSTOMER, value=customer.ref)
    if customer.phone_hash:
        own |= Q(identity=Identity.PHONE, value=customer.phone_hash)
    if customer.identity_hash:
        own |= Q(identity=Identity.PERSON, value=customer.identity_hash)
    found = IdentityBlock.objects.filter(own).select_related("coupon_type", "campaign", "created_by").order_by("-pk")
    rows = [
        [
            page_of(block, block.get_identity_display()),
            block_state(block),
            scope_link(block),
            block.reason,
            stacked(block.created_by, time_html(block.created_at)),
            time_html(block.expires_at) if block.expires_at else _("until somebody lifts it"),
        ]
        for block in found[:20]
    ]
    columns = [pgettext("an identity", "blocked by"), _("state"), _("for"), _("why"), _("by"), _("until")]
    return Panel(_("Blocks"), columns, rows, _("Nothing blocks this customer."))
