"""The page on which a lead sets by when orders are looked at."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminRadioSelectWidget

from backoffice.lib.admin.base import EditableAdmin, ReasonedForm
from backoffice.lib.admin.columns import text_column
from backoffice.lib.admin.page import Fact, Headline
from backoffice.lib.display import duration_text
from backoffice.lib.errors import InvalidInput
from risk.models import ReviewTerms
from risk.models.review_terms import TERMS
from risk.services.review_terms import change_terms, check_terms

KEEP, RE_DATE = "keep", "re_date"
HOW_TO_WRITE = gettext_lazy("For example 00:30:00, or 1 12:00:00 for a day and a half.")


class ReviewTermsForm(ReasonedForm):
    waiting = forms.ChoiceField(
        label=gettext_lazy("Orders that wait already"),
        choices=[(KEEP, gettext_lazy("keep their due times")), (RE_DATE, gettext_lazy("get new due times"))],
        initial=KEEP,
        widget=UnfoldAdminRadioSelectWidget,
        help_text=gettext_lazy("Appeals keep the due times with which they were filed."),
    )

    class Meta:
        help_texts = {"top_up_organised": HOW_TO_WRITE, "top_up_others": HOW_TO_WRITE}

    def clean(self) -> Any:
        super().clean()
        data = self.cleaned_data
        if all(data.get(name) is not None for name in TERMS):
            try:
                check_terms(ReviewTerms(**{name: data[name] for name in TERMS}))
            except InvalidInput as error:
                raise forms.ValidationError(str(error)) from error
        return data


@admin.register(ReviewTerms)
class ReviewTermsAdmin(EditableAdmin):
    form = ReviewTermsForm
    fields = (
        ("top_up_organised", "top_up_others"),
        ("goods_organised", "goods_others"),
        ("nothing_organised", "nothing_others"),
        "appeal",
        "waiting",
    )
    list_display = (
        "__str__",
        text_column(lambda row: duration_text(row.top_up_organised), "top_up", gettext_lazy("undelivered top-up, organised")),
        text_column(lambda row: duration_text(row.goods_organised), "goods", gettext_lazy("undelivered goods, organised")),
        text_column(lambda row: duration_text(row.appeal), "of_appeals", gettext_lazy("appeal")),
    )
    ordering = ("pk",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: ReviewTerms, form: Any, change: bool) -> None:
        asked = form.cleaned_data
        terms = {name: asked[name] for name in TERMS}
        change_terms(terms=terms, re_dates=asked["waiting"] == RE_DATE, reason=asked["change_reason"])

    def headline(self, request: HttpRequest, obj: ReviewTerms) -> Headline:
        in_force = ReviewTerms.objects.get(pk=obj.pk)  # `obj` may hold what a refused form says
        fields: list[Any] = [obj._meta.get_field(name) for name in TERMS]
        facts = [Fact(field.verbose_name, duration_text(field.value_from_object(in_force))) for field in fields]
        words = _("From an order's flag, and from an appeal's filing, until somebody is to have decided.")
        return Headline(str(obj), "", sentence=words, facts=facts)
