"""Claim rules on the pages of campaigns and coupon types: written into drafts, asked for afterwards."""

from datetime import datetime
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import TabularInline
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from backoffice.lib.admin.page import Panel
from backoffice.lib.admin.steps import ReasonForm, Step
from backoffice.lib.display import state_badge
from backoffice.lib.models import Approval
from promotions.admin.links import page_of
from promotions.models import ClaimRule, CouponType
from promotions.models.rules import MOST_COUNTED
from promotions.services.rules import DRAFTED, OVER, add_rule, remove_rule, request_rule, request_rule_end, rule_text, rules_of
from promotions.states import Identity, RuleAction

WINDOW_HELP = gettext_lazy("For example 00:10:00, or 1 00:00:00 for a day. Empty for ever.")


class ClaimRuleInline(TabularInline):
    """Rules come and go while their owner is a draft; the service checks it. What a rule says is never changed."""

    model = ClaimRule
    extra = 0
    fields = ("identity", "limit", "window", "action")
    verbose_name_plural = gettext_lazy("Claim rules: at most so many coupons for each of these")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ClaimRule]:
        return super().get_queryset(request).in_force().order_by("pk")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_add_permission(request, obj) and getattr(obj, "status", "") == "draft"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_add_permission(request, obj)


def save_rules(owner: Any, formset: Any) -> None:
    """What the form took out and wrote down, each by its service."""
    added = formset.save(commit=False)
    for rule in formset.deleted_objects:
        remove_rule(rule)
    for rule in added:
        add_rule(owner, identity=rule.identity, window=rule.window, limit=rule.limit, action=rule.action)


class RuleForm(ReasonForm):
    """A rule for what is no longer a draft."""

    identity = forms.ChoiceField(label=gettext_lazy("Counted by"), choices=Identity, widget=UnfoldAdminSelectWidget)
    limit = forms.IntegerField(
        label=gettext_lazy("Limit"),
        min_value=1,
        max_value=MOST_COUNTED,
        initial=1,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=gettext_lazy("So many coupons for each of them."),
    )
    window = forms.DurationField(
        label=gettext_lazy("Within"), required=False, help_text=WINDOW_HELP, widget=UnfoldAdminTextInputWidget
    )
    action = forms.ChoiceField(label=gettext_lazy("Then"), choices=RuleAction, widget=UnfoldAdminSelectWidget)


class EndRuleForm(ReasonForm):
    """Which of the owner's rules ends."""

    rule = forms.ChoiceField(label=gettext_lazy("Rule"), widget=UnfoldAdminSelectWidget)

    def for_object(self, obj: Any) -> None:
        field: Any = self.fields["rule"]
        field.choices = [(str(rule.pk), rule_text(rule)) for rule in obj.rules.in_force().order_by("pk")]


def end_rule(owner: Any, *, rule: str, by: Any, reason: str, at: datetime) -> Approval:
    return request_rule_end(owner.rules.select_related("campaign", "coupon_type").get(pk=rule), by=by, reason=reason, at=at)


def is_running(owner: Any) -> bool:
    return owner.status not in (*DRAFTED, OVER)


def rule_steps(permission: str) -> tuple[Step, ...]:
    """The two steps by which rules of what is no longer a draft change. `permission` is what who asks must hold."""
    return (
        Step(
            name="ask-for-a-rule",
            label=gettext_lazy("Ask for a claim rule"),
            icon="rule",
            permission=permission,
            run=request_rule,
            is_shown=is_running,
            form_class=RuleForm,
            tells=lambda owner: (
                _("This goes to Approvals. Once a second person approves, the rule counts the claims of %s that come from then on.")
                % owner
            ),
            done=gettext_lazy("Sent to Approvals. A second person decides."),
        ),
        Step(
            name="ask-to-end-a-rule",
            label=gettext_lazy("Ask to end a claim rule"),
            icon="rule_settings",
            permission=permission,
            run=end_rule,
            is_shown=lambda owner: is_running(owner) and owner.rules.in_force().exists(),
            form_class=EndRuleForm,
            tells=lambda owner: _("This goes to Approvals. Once a second person approves, the rule counts no more for %s.") % owner,
            done=gettext_lazy("Sent to Approvals. A second person decides."),
        ),
    )


def rules_panel(coupon_type: CouponType) -> Panel:
    """All rules that hold for claims of this type, in words, those of its campaign included."""
    rules = rules_of(coupon_type).select_related("campaign").order_by("pk")
    rows = [[rule_text(rule), state_badge(rule, "action"), page_of(rule.campaign)] for rule in rules]
    columns = [_("rule"), _("then"), _("from the campaign")]
    return Panel(_("Claim rules in force"), columns, rows, _("Whoever can claim may claim as often as he likes."))
