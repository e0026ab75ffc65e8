"""What became of each customer of a grant, and of each coupon of a voided one."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lib.admin.base import ReadOnlyAdmin
from backoffice.lib.admin.columns import state_column, text_column
from backoffice.lib.admin.filters import question_filter
from backoffice.lib.admin.search import ExactSearchMixin
from backoffice.lib.display import NOTHING
from promotions.admin.links import page_of
from promotions.models import Coupon, GrantItem, GrantVoidItem
from promotions.states import GrantResult, VoidResult


def with_result(result: str) -> Callable[[QuerySet], QuerySet]:
    return lambda items: items.filter(result=result)


def result_filter(results: Any) -> Any:
    return question_filter(
        gettext_lazy("result"), "result", {value: (label, with_result(value)) for value, label in results.choices}
    )


def why(item: Any) -> str:
    return _(item.detail) if item.detail else NOTHING


@admin.register(GrantItem)
class GrantItemAdmin(ExactSearchMixin, ReadOnlyAdmin):
    list_display = (
        "number",
        text_column(
            lambda item: page_of(item.customer, item.ref) if item.customer_id else item.ref, "of", gettext_lazy("customer")
        ),
        state_column("result", gettext_lazy("result")),
        text_column(why, "why", gettext_lazy("why")),
        text_column(lambda item: page_of(item.coupon), "coupon", gettext_lazy("coupon")),
        text_column(lambda item: page_of(item.grant), "grant_link", gettext_lazy("grant")),
    )
    list_display_links = None
    list_filter = (result_filter(GrantResult),)
    list_select_related = ("grant", "customer")
    search_fields = ("customer__ref",)
    search_help_text = gettext_lazy("The customer's whole reference")
    ordering = ("grant", "number")
    fields = ("grant", "number", "ref", "result", "detail")

    def load_rows(self, rows: list[Any]) -> None:
        found = {coupon.grant_item_id: coupon for coupon in Coupon.objects.filter(grant_item__in=rows)}
        for item in rows:
            item.coupon = found.get(item.pk)


@admin.register(GrantVoidItem)
class GrantVoidItemAdmin(ExactSearchMixin, ReadOnlyAdmin):
    list_display = (
        text_column(lambda item: page_of(item.coupon), "coupon_link", gettext_lazy("coupon")),
        text_column(lambda item: page_of(item.coupon.customer), "customer", gettext_lazy("customer")),
        state_column("result", gettext_lazy("result")),
        text_column(why, "why", gettext_lazy("why")),
        text_column(lambda item: page_of(item.void), "void_link", gettext_lazy("void")),
    )
    list_display_links = None
    list_filter = (result_filter(VoidResult),)
    list_select_related = ("void", "coupon__customer")
    search_fields = ("coupon__code", "coupon__customer__ref")
    search_help_text = gettext_lazy("Whole values: coupon code, customer")
    ordering = ("void", "coupon")
    fields = ("void", "coupon", "result", "detail")
