"""A new grant: coupon type and customers, by a file, typed in, or by a filter. What comes of it is a draft with its preview."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from backoffice.lib import clock
from backoffice.lib.admin.fields import moment_field
from backoffice.lib.errors import DomainError
from promotions.grant_files import MOST_BYTES
from promotions.models import CouponType, Grant
from promotions.services.grant_filters import CustomerFilter
from promotions.services.grant_lists import draft_from_file, draft_from_filter, draft_from_text
from promotions.states import CouponTypeStatus

YES_OR_NO = [("", gettext_lazy("does not matter")), ("yes", gettext_lazy("yes")), ("no", gettext_lazy("no"))]
FILTER_FIELDS = tuple(CustomerFilter.__dataclass_fields__)


def _yes_or_no(label: Any) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label,
        required=False,
        choices=YES_OR_NO,
        coerce=lambda answer: answer == "yes",
        empty_value=None,
        widget=UnfoldAdminSelectWidget,
    )


def _type_choice(label: Any, **options: Any) -> forms.ModelChoiceField:
    return forms.ModelChoiceField(
        CouponType.objects.none(), label=label, to_field_name="code", widget=UnfoldAdminSelectWidget, **options
    )


class NewGrantForm(forms.Form):
    """Exactly one of file, text and filter says who is given a coupon."""

    coupon_type = _type_choice(gettext_lazy("Coupon type"), help_text=gettext_lazy("Only live types can be given."))
    is_in_addition = forms.BooleanField(
        label=gettext_lazy("In addition"),
        required=False,
        widget=UnfoldBooleanWidget,
        help_text=gettext_lazy("Also to customers who have as many coupons of this type as they may claim."),
    )
    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        required=False,
        widget=UnfoldAdminFileFieldWidget,
        help_text=gettext_lazy("UTF-8, at most 50 MB. The first line names the columns; only “customer” is read."),
    )
    text = forms.CharField(
        label=gettext_lazy("Customers"),
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 6}),
        help_text=gettext_lazy("The storefront's references, one a line."),
    )
    registered_from = moment_field(gettext_lazy("Registered from"))
    registered_before = moment_field(gettext_lazy("Registered before"))
    seen_from = moment_field(gettext_lazy("First seen from"))
    seen_before = moment_field(gettext_lazy("First seen before"))
    is_verified = _yes_or_no(gettext_lazy("Verified"))
    has_redeemed = _yes_or_no(gettext_lazy("Has redeemed a coupon"))
    has_coupon_of = _type_choice(gettext_lazy("Has a coupon of"), required=False)
    has_no_coupon_of = _type_choice(gettext_lazy("Has no coupon of"), required=False)
    phone_segment = forms.RegexField(
        r"^[0-9]{1,4}$",
        label=gettext_lazy("Phone begins with"),
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("Up to four digits."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        newest = CouponType.objects.order_by("-pk")
        offered: Any = self.fields
        offered["coupon_type"].queryset = newest.filter(status=CouponTypeStatus.LIVE)
        for name in ("has_coupon_of", "has_no_coupon_of"):
            offered[name].queryset = newest.exclude(status=CouponTypeStatus.DRAFT)

    @property
    def sections(self) -> Iterator[tuple[Any, Any, list[Any]]]:
        """Title, hint and fields of each part of the page."""
        yield _("What is given"), "", [self["coupon_type"], self["is_in_addition"]]
        yield _("To the customers of a file"), "", [self["file"]]
        yield _("Or to customers typed in"), "", [self["text"]]
        hint = _("Who matches now is fixed with the draft; every condition that is filled in must hold.")
        yield _("Or to all customers who match"), hint, [self[name] for name in FILTER_FIELDS]

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file and file.size > MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than 50 MB: split it."))
        return file

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        asked = {name: data[name] for name in FILTER_FIELDS if data.get(name) not in (None, "")}
        for name in ("has_coupon_of", "has_no_coupon_of"):
            if name in asked:
                asked[name] = asked[name].code
        data["filter"] = CustomerFilter.of(asked)
        ways = [bool(data.get("file")), bool((data.get("text") or "").strip()), bool(asked)]
        if sum(ways) != 1 and not self.errors:
            raise forms.ValidationError(_("Say who is given a coupon, in one way: a file, typed in, or by conditions."))
        return data

    def draft(self, *, by: Any) -> Grant:
        """Raises DomainError, and then nothing was loaded."""
        data: dict[str, Any] = {"coupon_type": self.cleaned_data["coupon_type"]}
        data |= {"is_in_addition": self.cleaned_data["is_in_addition"], "by": by, "at": clock.now()}
        file = self.cleaned_data.get("file")
        if file:
            return draft_from_file(stream=file.file, name=file.name[:100], **data)
        if self.cleaned_data["text"].strip():
            return draft_from_text(text=self.cleaned_data["text"], **data)
        return draft_from_filter(asked=self.cleaned_data["filter"], **data)


def new_grant_view(model_admin: Any, request: HttpRequest) -> HttpResponse:
    """The page; once its form is sent and the list was loaded, on to the draft."""
    if not model_admin.has_add_permission(request):
        raise PermissionDenied
    form = NewGrantForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        grant = _drafted(form, by=request.user)
        if grant is not None:
            messages.success(request, _("Loaded as a draft. Look at what it would do, then ask for it."))
            return HttpResponseRedirect(reverse("admin:promotions_grant_change", args=[grant.pk]))
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("New grant"),
        "opts": model_admin.opts,
        "form": form,
        "list_url": reverse("admin:promotions_grant_changelist"),
    }
    return TemplateResponse(request, "admin/holdfast/new_grant.html", context)


def _drafted(form: NewGrantForm, *, by: Any) -> Grant | None:
    """A refusal becomes a sentence on the form, or one a line of the file."""
    try:
        return form.draft(by=by)
    except DomainError as error:
        form.add_error(None, forms.ValidationError(str(error).splitlines()))
        return None
