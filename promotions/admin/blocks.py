"""Who may not claim, and which values identify nobody."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lib import clock
from backoffice.lib.admin.base import EditableAdmin, ReasonedForm
from backoffice.lib.admin.columns import text_column, time_column
from backoffice.lib.admin.filters import ChoicesFilter, MomentFilter, question_filter
from backoffice.lib.admin.page import Fact, Headline
from backoffice.lib.admin.search import ExactSearchMixin
from backoffice.lib.admin.steps import Step
from backoffice.lib.aloud import aloud
from backoffice.lib.display import NOTHING, badge, time_html
from promotions.admin.links import page_of
from promotions.models import IdentityBlock, NobodyValue
from promotions.services.blocks import block_identity, lift_block
from promotions.services.nobody import list_nobody, set_listed

BLOCK_STEPS = (
    Step(
        name="lift",
        label=gettext_lazy("Lift"),
        icon="lock_open",
        permission="promotions.lift_identityblock",
        run=lift_block,
        why_not=lambda block, _user: _("It is over already.") if not holds(block) else "",
        tells=lambda block: (
            _("%(block)s may claim again from this moment, within %(scope)s.") % {"block": block, "scope": scope_text(block)}
        ),
        done=gettext_lazy("Lifted."),
    ),
)


def holds(block: IdentityBlock) -> bool:
    return block.lifted_at is None and (block.expires_at is None or block.expires_at > clock.now())


def block_state(block: IdentityBlock) -> Any:
    if holds(block):
        return badge(_("blocked"), "danger")
    return badge(_("lifted"), "success") if block.lifted_at else badge(_("expired"))


def scope_text(block: IdentityBlock) -> str:
    return str(block.coupon_type or block.campaign or _("all promotions"))


def scope_link(block: IdentityBlock) -> Any:
    return page_of(block.coupon_type or block.campaign) if block.coupon_type or block.campaign else _("all promotions")


class BlockForm(ReasonedForm):
    """Staff type what they have; the service brings it to the spelling in which claims are compared."""

    value = forms.CharField(
        label=gettext_lazy("Whom"),
        max_length=200,
        help_text=gettext_lazy(
            "As you have it: a phone number in any spelling, a device id, an address, a customer's reference. Of a phone number"
            " and a verified identity only a keyed hash is kept."
        ),
    )


def in_force(blocks: Any) -> Any:
    return blocks.in_force(clock.now())


def over(blocks: Any) -> Any:
    return blocks.over(clock.now())


BLOCK_FILTERS = (
    question_filter(
        gettext_lazy("state"),
        "state",
        {
            "blocked": (gettext_lazy("blocked"), in_force),
            "over": (gettext_lazy("over"), over),
        },
    ),
    ("identity", ChoicesFilter),
    ("created_at", MomentFilter),
)


@admin.register(IdentityBlock)
class IdentityBlockAdmin(ExactSearchMixin, EditableAdmin):
    form = BlockForm
    steps = BLOCK_STEPS
    list_display = (
        "__str__",
        text_column(block_state, "state", gettext_lazy("state")),
        text_column(scope_link, "scope", gettext_lazy("may not claim")),
        "reason",
        "created_by",
        time_column("created_at", gettext_lazy("blocked at")),
        time_column("expires_at", gettext_lazy("expires")),
        time_column("lifted_at", gettext_lazy("lifted at"), order=None),
    )
    list_filter = BLOCK_FILTERS
    list_select_related = ("campaign", "coupon_type", "created_by")
    search_fields = ("value", "shown")
    search_help_text = gettext_lazy("Whole values: customer, device, address; of a phone what is shown of it")
    ordering = ("-pk",)
    autocomplete_fields = ("campaign", "coupon_type")
    fields = ("identity", "value", ("campaign", "coupon_type"), "expires_at")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list:
        return [] if obj else list(super().get_fieldsets(request, obj))

    def save_model(self, request: HttpRequest, obj: IdentityBlock, form: Any, change: bool) -> None:
        asked = form.cleaned_data
        made = block_identity(
            identity=asked["identity"],
            value=asked["value"],
            scope=asked["coupon_type"] or asked["campaign"],
            reason=asked["change_reason"],
            expires_at=asked["expires_at"],
            by=request.user,
            at=clock.now(),
        )
        obj.__dict__.update(made.__dict__)

    def headline(self, request: HttpRequest, obj: IdentityBlock) -> Headline:
        facts = [
            Fact(_("May not claim"), scope_link(obj)),
            Fact(_("Blocked"), time_html(obj.created_at), obj.created_by),
            Fact(_("Expires"), time_html(obj.expires_at) if obj.expires_at else _("until somebody lifts it")),
            Fact(_("Lifted"), time_html(obj.lifted_at) if obj.lifted_at else NOTHING, obj.lifted_by or ""),
            Fact(_("Why it was lifted"), obj.lift_reason or NOTHING),
        ]
        return Headline(str(obj), block_state(obj), sentence=obj.reason, facts=facts)


def take_off(row: NobodyValue, *, by: Any, reason: str, at: datetime) -> NobodyValue:
    return set_listed(row, is_listed=False, by=by, reason=reason, at=at)


def put_back(row: NobodyValue, *, by: Any, reason: str, at: datetime) -> NobodyValue:
    return set_listed(row, is_listed=True, by=by, reason=reason, at=at)


NOBODY_STEPS = (
    Step(
        name="take-off",
        label=gettext_lazy("Take off the list"),
        icon="person_add",
        permission="promotions.unlist_nobodyvalue",
        run=take_off,
        is_shown=lambda row: row.is_listed,
        tells=lambda row: _("%s counts as one somebody again: rules count by it, and accounts that share it are joined.") % row,
        done=gettext_lazy("Taken off the list."),
    ),
    Step(
        name="put-back",
        label=gettext_lazy("Put back on the list"),
        icon="person_off",
        permission="promotions.unlist_nobodyvalue",
        run=put_back,
        is_shown=lambda row: not row.is_listed,
        tells=lambda row: _("%s identifies nobody again: a rule that counts by it refuses whoever shows nothing else.") % row,
        done=gettext_lazy("Back on the list."),
    ),
)


def listed_state(row: NobodyValue) -> Any:
    return badge(_("listed"), "warning") if row.is_listed else badge(_("not listed"))


class NobodyForm(ReasonedForm):
    value = forms.CharField(
        label=gettext_lazy("Value"),
        max_length=200,
        help_text=gettext_lazy(
            "As you have it; * stands for any text. For addresses an address or a network, such as 192.0.2.0/24."
        ),
    )


@admin.register(NobodyValue)
class NobodyValueAdmin(EditableAdmin):
    form = NobodyForm
    steps = NOBODY_STEPS
    list_display = (
        "__str__",
        "kind",
        text_column(lambda row: aloud(row.note), "note", gettext_lazy("note"), "note"),
        text_column(listed_state, "state", gettext_lazy("state")),
        "created_by",
        time_column("created_at", gettext_lazy("listed at")),
    )
    list_filter = (("kind", ChoicesFilter), "is_listed")
    list_select_related = ("created_by",)
    search_fields = ("value", "shown", "note")
    ordering = ("kind", "note", "value")
    fields = ("kind", "value", "note")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list:
        return [] if obj else list(super().get_fieldsets(request, obj))

    def save_model(self, request: HttpRequest, obj: NobodyValue, form: Any, change: bool) -> None:
        asked = {key: form.cleaned_data[key] for key in self.fields}
        obj.__dict__.update(list_nobody(**asked, by=request.user, at=clock.now()).__dict__)

    def headline(self, request: HttpRequest, obj: NobodyValue) -> Headline:
        facts = [
            Fact(_("Compared with"), obj.get_kind_display()),
            Fact(_("As it is compared"), obj.value),
            Fact(_("Listed"), time_html(obj.created_at), obj.created_by or ""),
        ]
        return Headline(str(obj), listed_state(obj), sentence=aloud(obj.note), facts=facts)
