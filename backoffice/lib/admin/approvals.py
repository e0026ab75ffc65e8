"""The inbox of the two-person rule: exactly what would be done, who asks and why, and the decision."""

from operator import attrgetter
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lib import clock
from backoffice.lib.admin.base import ReadOnlyAdmin
from backoffice.lib.admin.changes import approval_panels
from backoffice.lib.admin.columns import text_column, time_column
from backoffice.lib.admin.filters import ChoicesFilter, MomentFilter
from backoffice.lib.admin.page import Fact, FactSheet, Headline
from backoffice.lib.admin.steps import Step
from backoffice.lib.admin.subjects import in_words, load_subjects, urgency
from backoffice.lib.aloud import aloud
from backoffice.lib.approvals import action_named, approve, payload_hash, reject, withdraw
from backoffice.lib.display import NOTHING, badge, link, on_one_line, stacked, state_badge, time_html
from backoffice.lib.errors import NotFound
from backoffice.lib.models import Approval, ApprovalStatus


def target_link(target: str) -> SafeString:
    """The thing an approval is about (app.model:id) by its name, as a link where it has a page."""
    label, _colon, key = target.rpartition(":")
    try:
        model = apps.get_model(label)
        url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[key])
    except (LookupError, ValueError, NoReverseMatch):
        return format_html("{}", target)
    return link(url, model._default_manager.filter(pk=key).first() or f"{model._meta.verbose_name} #{key}")


def may_decide(approval: Approval, user: Any) -> bool:
    try:
        return bool(user.has_perm(action_named(approval.action).permission))
    except NotFound:
        return False


def why_not_decide(approval: Approval, user: Any) -> str:
    if approval.status != ApprovalStatus.PENDING:
        return _("It is already %s.") % approval.get_status_display()
    return _("You asked for this yourself. A second person must decide.") if approval.requested_by_id == user.pk else ""


def is_pending(approval: Approval) -> bool:
    return approval.status == ApprovalStatus.PENDING


STEPS = (
    Step(
        name="approve",
        label=gettext_lazy("Approve"),
        icon="check_circle",
        run=approve,
        may=may_decide,
        why_not=why_not_decide,
        is_shown=is_pending,
        tells=lambda approval: format_html("{} <b>{}</b>", _("Approved, this is done at once:"), aloud(approval.summary)),
        done=gettext_lazy("Approved. It is being done."),
    ),
    Step(
        name="reject",
        label=gettext_lazy("Reject"),
        icon="cancel",
        is_stop=True,
        run=reject,
        may=may_decide,
        why_not=why_not_decide,
        is_shown=is_pending,
        tells=lambda approval: format_html("{} <b>{}</b>", _("Nothing of this is done:"), aloud(approval.summary)),
        done=gettext_lazy("Rejected. Nothing was done."),
    ),
    Step(
        name="withdraw",
        label=gettext_lazy("Take back"),
        icon="undo",
        run=withdraw,
        may=lambda approval, user: approval.requested_by_id == user.pk,
        is_shown=is_pending,
        tells=lambda approval: format_html("{} <b>{}</b>", _("You take your request back:"), aloud(approval.summary)),
        done=gettext_lazy("Taken back. Nothing was done."),
    ),
)


def decision(approval: Approval) -> Any:
    """Who decided and when."""
    return stacked(approval.decided_by, time_html(approval.decided_at)) if approval.decided_by else NOTHING


def how_it_stands(approval: Any) -> SafeString:
    """The state, and while it waits how urgent it is. `load_subjects` must have run."""
    return format_html("{} {}", state_badge(approval), urgency(approval, clock.now()))


@admin.register(Approval)
class ApprovalAdmin(ReadOnlyAdmin):
    steps = STEPS
    list_display = (
        text_column(lambda approval: aloud(approval.summary), "summary", gettext_lazy("summary"), "summary"),
        text_column(how_it_stands, "stands", gettext_lazy("state"), "status"),
        text_column(lambda approval: on_one_line(approval.subject.money or NOTHING), "money", gettext_lazy("money")),
        "requested_by",
        time_column("requested_at", gettext_lazy("asked at")),
        text_column(decision, "decision", gettext_lazy("decided by"), "decided_at", plain=attrgetter("decided_by")),
    )
    list_filter = (("status", ChoicesFilter), ("requested_at", MomentFilter))
    list_select_related = ("requested_by", "decided_by")
    search_fields = ("summary", "target", "requested_by__username", "payload_hash")
    search_help_text = gettext_lazy("What would be done, what it is about, who asks, the hash")

    empty_text = gettext_lazy("Nothing was asked for yet. What needs a second person is asked for on its own page, and waits here.")

    def load_rows(self, rows: list[Any]) -> None:
        load_subjects(rows)

    def headline(self, request: HttpRequest, obj: Any) -> Headline:
        load_subjects([obj])
        facts = [
            Fact(_("About"), target_link(obj.target)),
            Fact(_("Money"), obj.subject.money or NOTHING),
            Fact(_("Asked by"), obj.requested_by, time_html(obj.requested_at)),
            Fact(_("Reason"), obj.reason),
            Fact(_("Decided by"), obj.decided_by or NOTHING, time_html(obj.decided_at) if obj.decided_at else ""),
            Fact(_("Reason of the decision"), obj.decision_reason or NOTHING),
            Fact(
                _("Hash of what was asked"),
                format_html('<span title="{}">{}…</span>', obj.payload_hash, obj.payload_hash[:16]),
                hash_verdict(obj),
            ),
            Fact(_("Action"), obj.action),
        ]
        return Headline(aloud(obj.summary), how_it_stands(obj), facts=facts, warnings=[waits_for(obj, request.user)])

    def panels(self, request: HttpRequest, obj: Any) -> list[Any]:
        told = in_words(obj)
        words = [FactSheet(_("In words"), list(told.facts))] if told.facts else []
        return [*words, *told.panels, *approval_panels(obj, obj.subject.currency)]


def waits_for(approval: Approval, user: Any) -> str:
    """Why the reader sees no button, where there is none."""
    if is_pending(approval) and not may_decide(approval, user):
        return _("This waits for a second person who has the right to decide it.")
    return ""


def hash_verdict(approval: Approval) -> SafeString:
    """Whether the request is still what was asked."""
    is_unchanged = payload_hash(approval.action, approval.target, approval.payload) == approval.payload_hash
    return badge(_("unchanged"), "success") if is_unchanged else badge(_("changed since"), "danger")
