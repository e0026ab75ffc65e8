"""What the lists have in common that name a customer, a device or a recipient: the allow, grey and block list, and snoozes."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from backoffice.lib import clock
from backoffice.lib.admin.base import EditableAdmin, ReasonedForm
from backoffice.lib.admin.filters import question_filter
from backoffice.lib.admin.search import ExactSearchMixin


class NamedForm(ReasonedForm):
    """Staff type what they have; the service brings it to the spelling in which orders are compared."""

    value = forms.CharField(
        label=gettext_lazy("Whom"),
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy(
            "A customer's reference, a device id, or the number or account of a top-up, of which only a keyed hash is kept."
        ),
    )


class NamedAdmin(ExactSearchMixin, EditableAdmin):
    """Rows that are written once and ended once."""

    form = NamedForm
    search_fields = ("value", "shown", "customer__ref")
    search_help_text = gettext_lazy("Whole values: customer, device; of a recipient what is shown of it")
    ordering = ("-pk",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list:
        return [] if obj else list(super().get_fieldsets(request, obj))


def in_force(rows: Any) -> Any:
    return rows.in_force(clock.now())


def over(rows: Any) -> Any:
    return rows.over(clock.now())


def state_filter(value: str, label: Any) -> Any:
    """What holds now, under the value and the words by which the list calls it, and what is over."""
    return question_filter(
        gettext_lazy("state"),
        "state",
        {
            value: (label, in_force),
            "over": (gettext_lazy("over"), over),
        },
    )
