"""The form of a coupon type: in sections, each of which answers one question of the clerk who drafts it."""

from typing import Any

from django import forms
from django.contrib.postgres.forms import SimpleArrayField
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from backoffice.lib.admin.base import ReasonedForm

TAKES_OFF: Any = (
    _("What it takes off"),
    {
        "fields": (("face_value", "percentage"), "minimum_spend"),
        "description": _(
            "An amount alone is taken off as it is. With a percentage, the amount is the most it takes off. Minimum spend and"
            " discount look at what the scope covers, and at nothing else; the scope is written line by line on the draft's page."
        ),
    },
)
LASTS: Any = (
    _("When it is claimed, how long it lasts"),
    {
        "fields": (("claim_from", "claim_until"), ("valid_until", "valid_days")),
        "description": _("A coupon needs a last day, or a number of days from its claim, or both: then whichever comes first."),
    },
)
COMBINED: Any = (
    _("Together with other coupons"),
    {
        "fields": (("stacks", "stacks_with"), "stacking_group", "first_order_only"),
        "description": _("Two coupons pay for one order together only if each accepts the other."),
    },
)
HOW_MANY = _(
    "A restricted type is for guests of an event: it needs a quantity, verified customers, a cap on the uses of a token, and a"
    " limit for one customer."
)
WHO = (("requires_verified", "requires_verified_phone", "new_customers_only"), ("minimum_account_age", "regions"))
ADD_SECTIONS: Any = (
    (_("What it is"), {"fields": ("campaign", ("code", "name"), "audience")}),
    TAKES_OFF,
    (
        _("Who may have it, and how many"),
        {"fields": (("quantity", "per_customer"), "budget_amount", *WHO, "uses_per_token"), "description": HOW_MANY},
    ),
    LASTS,
    COMBINED,
)
SECTIONS: Any = (
    (_("What it is"), {"fields": (("code", "name"),)}),
    TAKES_OFF,
    (
        _("Who may have it, and how many"),
        {"fields": (("quantity", "budget_amount"), *WHO, ("uses_per_token", "cooling")), "description": HOW_MANY},
    ),
    LASTS,
    COMBINED,
)


class CouponTypeForm(ReasonedForm):
    stacks_with = SimpleArrayField(
        forms.CharField(max_length=40),
        label=_("listed"),
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Codes of coupon types, or names of groups, with commas between them."),
    )

    def clean_stacks_with(self) -> list[str]:
        return [name.strip() for name in self.cleaned_data["stacks_with"] or [] if name.strip()]


class NewCouponTypeForm(CouponTypeForm):
    """The limit per customer becomes the first claim rule."""

    per_customer = forms.IntegerField(
        label=_("Coupons per customer"),
        min_value=1,
        required=False,
        initial=1,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("Empty for no limit."),
    )
