"""What stands on the pages of grants and of what voids them."""

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from backoffice.lib.admin.jobs import bar
from backoffice.lib.admin.page import Fact, Panel
from backoffice.lib.aloud import aloud
from backoffice.lib.display import NOTHING, amount_text, badge, count_text, link, state_badge, time_html
from backoffice.lib.models import Job
from promotions.admin.drafts import approvals_panel
from promotions.admin.links import list_of, page_of
from promotions.models import Customer, Grant, GrantItem, GrantVoid, GrantVoidItem
from promotions.services.bulk_takes import room_of
from promotions.services.grant_rules import WHY
from promotions.services.granting import source_of
from promotions.states import GrantResult, GrantStatus, VoidResult

SAMPLE = 50
TROUBLE_SHOWN = 20
OBSTACLES = ("has_one", "not_verified", "blocked")


def job_facts(job: Job) -> list[Fact]:
    approval = (
        link(reverse("admin:lib_approval_change", args=[job.approval_id]), f"#{job.approval_id}") if job.approval_id else NOTHING
    )
    decided = job.approval.decided_by if job.approval else None
    return [
        Fact(_("Asked by"), job.requested_by, time_html(job.requested_at)),
        Fact(_("Approval"), approval, decided or _("waiting for a second person")),
        Fact(_("Reason"), aloud(job.reason)),
        Fact(_("Job"), page_of(job), state_badge(job)),
    ]


def grant_facts(grant: Grant) -> list[Fact]:
    kind = grant.coupon_type
    currency = kind.campaign.currency
    addition = _("also who has one already") if grant.is_in_addition else _("once for each customer")
    facts = [
        Fact(_("Coupon type"), page_of(kind), amount_text(kind.face_value, currency)),
        Fact(_("Customers"), count_text(grant.count), addition, url=list_of(GrantItem, grant=grant.pk)),
        Fact(_("At most"), amount_text(grant.amount, currency)),
    ]
    if grant.status in (GrantStatus.DRAFT, GrantStatus.IN_REVIEW):
        facts += preview_facts(grant, currency)
    made = [Fact(_("Made by"), grant.made_by, time_html(grant.made_at)), Fact(_("Hash of the list"), f"{grant.list_hash[:16]}…")]
    return [*facts, *made, *(job_facts(grant.job) if grant.job else [])]


def preview_facts(grant: Grant, currency: str) -> list[Fact]:
    """What would happen, as of when the draft was last looked at, and what there is room for now."""
    given = grant.preview.get("given", 0)
    skipped = sum(grant.preview.get(obstacle, 0) for obstacle in OBSTACLES)
    room = room_of(source_of(grant)).coupons
    as_of = time_html(datetime.fromisoformat(grant.preview["at"])) if "at" in grant.preview else ""
    return [
        Fact(_("Would get one"), count_text(given), amount_text(given * grant.coupon_type.face_value, currency)),
        Fact(_("Would be skipped"), count_text(skipped), as_of),
        Fact(_("Never seen before"), count_text(grant.preview.get("new", 0)), _("they get a bare mirror")),
        Fact(_("Room"), count_text(room), _("coupons that quantity and budget still reach for")),
    ]


def grant_warnings(grant: Grant) -> list[str]:
    if grant.job and grant.job.error:
        return [grant.job.error.partition(": ")[2] or grant.job.error]
    if grant.status not in (GrantStatus.DRAFT, GrantStatus.IN_REVIEW):
        return []
    given, room = grant.preview.get("given", 0), room_of(source_of(grant)).coupons
    if given <= room:
        return []
    short = _("Quantity and budget have room for %(room)s: the last %(short)s of those who would get one get nothing.")
    return [short % {"room": count_text(room), "short": count_text(given - room)}]


def grant_panels(grant: Grant) -> list[Panel]:
    if grant.status in (GrantStatus.DRAFT, GrantStatus.IN_REVIEW, GrantStatus.DISCARDED):
        return [preview_panel(grant), sample_panel(grant), approvals_panel(grant)]
    return [results_panel(grant), trouble_panel(grant), voids_panel(grant), approvals_panel(grant)]


def preview_panel(grant: Grant) -> Panel:
    words = {"given": _("gets a coupon"), **{obstacle: _("skipped: %s") % _(WHY[obstacle]) for obstacle in OBSTACLES}}
    rows = [[text, count_text(grant.preview[name])] for name, text in words.items() if grant.preview.get(name)]
    return Panel(_("What it would do"), [_("what happens"), _("customers")], rows)


def sample_panel(grant: Grant) -> Panel:
    """The first of the list, with what we know of them."""
    items = list(grant.items.order_by("number")[:SAMPLE])
    known = {customer.ref: customer for customer in Customer.objects.filter(ref__in=[item.ref for item in items])}
    rows = []
    for item in items:
        customer = known.get(item.ref)
        verified = badge(_("verified"), "success") if customer and customer.is_verified else badge(_("not verified"))
        rows.append(
            [
                count_text(item.number),
                page_of(customer, item.ref) if customer else item.ref,
                verified if customer else badge(_("never seen")),
                time_html(customer.registered_at) if customer else NOTHING,
            ]
        )
    columns = [_("row"), _("customer"), _("verified"), _("registered at")]
    return Panel(_("The first of the list"), columns, rows, url=list_of(GrantItem, grant=grant.pk))


def results_panel(grant: Grant) -> Panel:
    """So many customers with each result: granted, skipped and failed add up to the list at the end."""
    words, url = dict(GrantResult.choices), list_of(GrantItem, grant=grant.pk)
    export = reverse("admin:promotions_grant_results", args=[grant.pk])
    rows = [
        [words[result], link(f"{url}&result={result}", count_text(number)), link(f"{export}?result={result}", _("CSV"))]
        for result, number in grant.items.tally().items()
        if number
    ]
    rows.append([_("all"), count_text(grant.count), link(export, _("CSV"))])
    return Panel(_("Results"), [_("result"), _("customers"), ""], rows, url=url)


def trouble_panel(grant: Grant) -> Panel:
    items = grant.items.filter(result__in=(GrantResult.SKIPPED, GrantResult.FAILED)).order_by("number")
    rows = [[count_text(item.number), item.ref, state_badge(item, "result"), _(item.detail)] for item in items[:TROUBLE_SHOWN]]
    columns = [_("row"), _("customer"), _("result"), _("why")]
    return Panel(_("Not given, and why"), columns, rows, _("Nobody was left out."), list_of(GrantItem, grant=grant.pk))


def voids_panel(grant: Grant) -> Panel:
    rows = [
        [page_of(void), state_badge(void.job), bar(void.job), void.job.requested_by, void.job.reason]
        for void in grant.voids.select_related("job__requested_by").order_by("-pk")
    ]
    return Panel(_("Voids"), [_("void"), _("state"), _("progress"), _("asked by"), _("reason")], rows, _("Nothing was voided."))


def void_facts(void: GrantVoid) -> list[Fact]:
    currency = void.grant.coupon_type.campaign.currency
    return [
        Fact(_("Grant"), page_of(void.grant), page_of(void.grant.coupon_type)),
        Fact(_("At most"), amount_text(void.amount, currency), _("issued still when it was asked for")),
        *job_facts(void.job),
    ]


def void_panels(void: GrantVoid) -> list[Panel]:
    words, url = dict(VoidResult.choices), list_of(GrantVoidItem, void=void.pk)
    rows: list[list[Any]] = [
        [words[result], link(f"{url}&result={result}", count_text(number))]
        for result, number in void.items.tally().items()
        if number
    ]
    return [Panel(_("Results"), [_("result"), _("coupons")], rows, _("No coupons."), url)]
