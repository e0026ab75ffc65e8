"""The editors of scope and opening hours: one line each, added to a draft and taken away from it."""

from typing import Any

from django import forms
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy
from unfold.admin import TabularInline
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from promotions.models import CouponType, Entry, OpeningHours, ScopeLine
from promotions.services.conditions import add_hours, add_scope_line, remove_condition
from promotions.states import Weekday


class ConditionInline(TabularInline):
    """Seen by whoever sees the owner; added and removed by whoever may change it, while it is a draft. Never edited in place."""

    extra = 0

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_change(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_change(request, obj)


class ScopeInline(ConditionInline):
    model = ScopeLine
    fields = ("side", "by", "value")
    verbose_name = gettext_lazy("line of the scope")
    verbose_name_plural = gettext_lazy("Scope: what counts for minimum spend and discount. Empty: everything does.")


class HoursForm(forms.ModelForm):
    weekdays = forms.TypedMultipleChoiceField(
        label=gettext_lazy("on"), coerce=int, choices=Weekday.choices, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )


class HoursInline(ConditionInline):
    model = OpeningHours
    form = HoursForm
    fields = ("weekdays", "opens", "closes")
    verbose_name = gettext_lazy("opening hours")
    verbose_name_plural = gettext_lazy("Opening hours, in the campaign's time zone. Empty: round the clock.")


def may_change(request: HttpRequest, owner: Any) -> bool:
    """Whether the reader may change this draft."""
    if owner is None or owner.status != "draft":
        return False
    return bool(request.user.has_perm(f"promotions.change_{owner._meta.model_name}"))


def save_conditions(owner: CouponType | Entry, formset: Any) -> None:
    """What the reader added and took away, through the services."""
    for row in formset.save(commit=False):
        _add(owner, row)
    for row in formset.deleted_objects:
        remove_condition(row)


def is_of_conditions(formset: Any) -> bool:
    return formset.model in (ScopeLine, OpeningHours)


def _add(owner: CouponType | Entry, row: Model) -> None:
    if isinstance(row, ScopeLine) and isinstance(owner, CouponType):
        add_scope_line(owner, side=row.side, by=row.by, value=row.value)
    elif isinstance(row, OpeningHours):
        add_hours(owner, weekdays=row.weekdays, opens=row.opens, closes=row.closes)
