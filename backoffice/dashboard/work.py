"""My work: what waits for the reader's decision, and what he waits for or has not finished himself."""

from typing import Any

from django.db.models import Model, Value
from django.urls import reverse
from django.utils.translation import gettext as _

from backoffice.dashboard.tiles import list_url
from backoffice.lib import clock
from backoffice.lib.admin.approvals import may_decide
from backoffice.lib.admin.page import Panel
from backoffice.lib.admin.subjects import load_subjects, urgency
from backoffice.lib.aloud import aloud
from backoffice.lib.display import NOTHING, badge, link, stacked, state_badge, time_html
from backoffice.lib.models import Approval, ApprovalStatus
from promotions.models import Campaign, CouponType, Entry

ROWS_SHOWN = 6
MOST_PENDING = 200
OWNERS: tuple[tuple[type[Model], str], ...] = (
    (Campaign, "owner"),
    (CouponType, "campaign__owner"),
    (Entry, "coupon_type__campaign__owner"),
)


def my_work(user: Any) -> list[Panel]:
    """What waits for this reader, and what is his."""
    pending = list(Approval.objects.filter(status=ApprovalStatus.PENDING).select_related("requested_by")[:MOST_PENDING])
    own = [approval for approval in pending if approval.requested_by_id == user.pk]
    to_decide = [approval for approval in pending if approval.requested_by_id != user.pk and may_decide(approval, user)]
    return [waiting_for_me(to_decide[:ROWS_SHOWN]), mine(own[:ROWS_SHOWN], user)]


def waiting_for_me(those: list[Any]) -> Panel:
    """Those that this reader may decide: asked by others, and within his rights."""
    load_subjects(those)
    now = clock.now()
    rows = [
        [
            stacked(page_of(approval), urgency(approval, now)),
            approval.subject.money or NOTHING,
            stacked(approval.requested_by, time_html(approval.requested_at)),
        ]
        for approval in those
    ]
    url = list_url("lib_approval", "status__exact=pending")
    columns = [_("what would be done"), _("money"), _("asked by")]
    return Panel(_("Waiting for me"), columns, rows, _("Nothing waits for you."), url)


def mine(own: list[Approval], user: Any) -> Panel:
    """What this reader asked for and nobody decided yet, then drafts in his campaigns."""
    rows = [[page_of(approval), state_badge(approval), time_html(approval.requested_at)] for approval in own]
    for model, pk, code in drafts_of(user):
        rows.append([link(reverse(f"admin:promotions_{model}_change", args=[pk]), code), badge(_("draft")), NOTHING])
    columns = [_("what"), _("state"), _("asked at")]
    return Panel(_("My requests and drafts"), columns, rows, _("You asked for nothing, and your campaigns have no drafts."))


def page_of(approval: Approval) -> Any:
    return link(reverse("admin:lib_approval_change", args=[approval.pk]), aloud(approval.summary))


def drafts_of(user: Any) -> list[tuple[str, int, str]]:
    """Drafts in this person's campaigns, by model, key and code, in one query."""
    each = [
        model._default_manager.filter(**{path: user, "status": "draft"})
        .annotate(kind=Value(model._meta.model_name))
        .order_by()
        .values_list("kind", "pk", "code")
        for model, path in OWNERS
    ]
    return list(each[0].union(*each[1:], all=True)[:ROWS_SHOWN])
