"""Drafts: made by their service, changed by a form while they are drafts, then only by steps."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from backoffice.lib.admin.base import EditableAdmin, ReasonedForm
from backoffice.lib.admin.page import Panel
from backoffice.lib.aloud import aloud
from backoffice.lib.display import state_badge, time_html
from backoffice.lib.models import Approval
from promotions.services.drafting import change_draft
from promotions.services.lifecycle import target_of

APPROVALS_SHOWN = 20


class DraftAdmin(EditableAdmin):
    """`add_fieldsets` are asked for when it is made, `fieldsets` can be changed while it is a draft, its limits included."""

    add_form: type[ReasonedForm] = ReasonedForm

    def create(self, request: HttpRequest, data: dict[str, Any]) -> Any:
        """Make the draft through its service. `data` is what the form asked."""
        raise NotImplementedError

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        how = kwargs if obj else {"form": self.add_form, **kwargs}
        return super().get_form(request, obj, change, **how)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.status == "draft")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            changed = {name: form.cleaned_data[name] for name in form.changed_data if name != "change_reason"}
            obj.__dict__.update(change_draft(obj, changed).__dict__)
        else:
            asked = {key: value for key, value in form.cleaned_data.items() if key != "change_reason"}
            obj.__dict__.update(self.create(request, asked).__dict__)


def approvals_panel(obj: Any) -> Panel:
    """Who asked for what, and who decided."""
    found = Approval.objects.filter(target=target_of(obj)).select_related("requested_by", "decided_by")[:APPROVALS_SHOWN]
    rows = [
        [
            aloud(approval.summary),
            state_badge(approval),
            approval.requested_by,
            time_html(approval.requested_at),
            approval.reason,
            approval.decided_by or "–",
            approval.decision_reason or "–",
        ]
        for approval in found
    ]
    columns = [_("asked for"), _("state"), _("by"), _("at"), _("reason"), _("decided by"), _("reason of the decision")]
    url = f"{reverse('admin:lib_approval_changelist')}?q={target_of(obj)}"
    return Panel(_("Approvals"), columns, rows, _("Nothing was asked for yet."), url)


def is_waiting(obj: Any) -> bool:
    """Whether something about the object waits for a second person."""
    return Approval.objects.filter(target=target_of(obj), status="pending").exists()


def why_not_ask(obj: Any, _user: Any) -> str:
    return _("It waits for approval already.") if is_waiting(obj) else ""
