"""The forms of asking: one condition more, and the terms under which something is held or released."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from backoffice.lib.admin.fields import moment_field
from backoffice.lib.admin.steps import ReasonForm
from orders.order_files import MOST_BYTES
from orders.scopes.fields import AskedAs, ScopeField
from orders.scopes.parts import BadScope, Part
from orders.services.order_lists import list_from_file, list_from_text
from orders.states import HoldKind

SIDES = [("in", gettext_lazy("are meant")), ("out", gettext_lazy("are left out on purpose"))]


class ConditionForm(forms.Form):
    """One condition on `field`. The values are asked for as the field says."""

    side = forms.ChoiceField(label=gettext_lazy("Orders like this"), choices=SIDES, initial="in", widget=UnfoldAdminSelectWidget)

    def __init__(self, field: ScopeField, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.field = field
        self.fields |= value_fields(field)
        first = next(name for name in self.fields if name != "side")
        self.fields[first].widget.attrs["autofocus"] = True
        self.order_fields([name for name in self.fields if name != "side"])

    @property
    def is_left_out(self) -> bool:
        return bool(self.cleaned_data["side"] == "out")

    def part(self, *, by: Any, at: datetime) -> Part:
        """The condition; a list is loaded for it. Raises DomainError."""
        data = self.cleaned_data
        if self.field.asked_as == AskedAs.PERIOD:
            return self.field.part(*(value.isoformat() if value else "" for value in (data["since"], data["until"])))
        if self.field.asked_as == AskedAs.LIST:
            return self.field.part(self._loaded(by=by, at=at).pk)
        if self.field.asked_as == AskedAs.LINES:
            return self.field.part(*self.field.typed([line.strip() for line in data["lines"].splitlines() if line.strip()]))
        return self.field.part(*data["values"])

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file and file.size > MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than %s MB: split it.") % (MOST_BYTES // 1024**2))
        return file

    def _loaded(self, *, by: Any, at: datetime) -> Any:
        data = self.cleaned_data
        if bool(data["file"]) == bool(data["numbers"].strip()):
            raise BadScope(_("Paste the numbers or choose a file, one of the two."))
        terms = {"leaves_out_unknown": data["leaves_out_unknown"], "by": by, "at": at}
        if data["file"]:
            return list_from_file(data["file"].file, name=data["file"].name, **terms)
        return list_from_text(data["numbers"], **terms)


def value_fields(field: ScopeField) -> dict[str, forms.Field]:
    """What is asked for the values of a field."""
    label = str(field.label).capitalize()
    if field.asked_as == AskedAs.CHOICES:
        widget: Any = UnfoldAdminCheckboxSelectMultipleWidget()
        return {"values": forms.MultipleChoiceField(label=label, choices=field.choices, widget=widget, help_text=field.hint)}
    if field.asked_as == AskedAs.ROWS:
        widget = UnfoldAdminSelectMultipleWidget(attrs={"size": 8})
        hint = gettext_lazy("One or several: any of them.")
        return {"values": forms.MultipleChoiceField(label=label, choices=field.choices, widget=widget, help_text=hint)}
    if field.asked_as == AskedAs.PERIOD:
        return {
            "since": moment_field(gettext_lazy("From")),
            "until": moment_field(gettext_lazy("Until"), help_text=field.hint),
        }
    if field.asked_as == AskedAs.LIST:
        return list_fields(field)
    widget = UnfoldAdminTextareaWidget(attrs={"rows": 4, "spellcheck": "false"})
    return {"lines": forms.CharField(label=label, max_length=20_000, widget=widget, help_text=field.hint)}


def list_fields(field: ScopeField) -> dict[str, forms.Field]:
    text = UnfoldAdminTextareaWidget(attrs={"rows": 6, "spellcheck": "false"})
    return {
        "numbers": forms.CharField(label=gettext_lazy("Order numbers"), required=False, widget=text, help_text=field.hint),
        "file": forms.FileField(label=gettext_lazy("Or a file of them"), required=False, widget=UnfoldAdminFileFieldWidget),
        "leaves_out_unknown": forms.BooleanField(
            label=gettext_lazy("Leave out numbers of no order"),
            required=False,
            widget=UnfoldBooleanWidget,
            help_text=gettext_lazy("Otherwise one unknown number refuses the whole list, and you are told which lines."),
        ),
    }


class TermsForm(ReasonForm):
    """What a freeze and a release have in common. Remembers what was looked at, and when."""

    looked_at = forms.DateTimeField(widget=forms.HiddenInput, required=False)
    previewed = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)
    legal_reference = forms.CharField(
        label=gettext_lazy("Legal reference"),
        max_length=200,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("The number of the order or request. Needed for a legal hold and for its release."),
    )
    document = forms.FileField(
        label=gettext_lazy("Document"),
        required=False,
        widget=UnfoldAdminFileFieldWidget,
        help_text=gettext_lazy("A PDF, PNG or JPEG of at most 10 MB. It is kept with its SHA-256 and never changed."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=1000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=gettext_lazy("The second person decides by it, and it is kept in the history."),
    )
    field_order: tuple[str, ...] = ("legal_reference", "document", "reason")

    def terms(self) -> dict[str, Any]:
        """What the service is told, but for the document."""
        return {"legal_reference": self.cleaned_data["legal_reference"], "reason": self.cleaned_data["reason"]}


ALONE_FOR = {"": 0, "1": 1, "4": 4, "12": 12, "24": 24}
ALONE_CHOICES = [
    ("", gettext_lazy("no: nothing is held before a second person approves")),
    ("1", gettext_lazy("EMERGENCY: at once, falls after an hour unless confirmed")),
    ("4", gettext_lazy("EMERGENCY: at once, falls after 4 hours unless confirmed")),
    ("12", gettext_lazy("EMERGENCY: at once, falls after 12 hours unless confirmed")),
    ("24", gettext_lazy("EMERGENCY: at once, falls after 24 hours unless confirmed")),
]


def alone_field() -> forms.ChoiceField:
    """For who may start a freeze without a second person."""
    return forms.ChoiceField(
        label=gettext_lazy("Start alone"),
        choices=ALONE_CHOICES,
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text=gettext_lazy("Everybody who is told of urgent alarms is told of it. What it placed is released where it falls."),
    )


class FreezeForm(TermsForm):
    """The terms of a freeze. A legal one needs its reference, and says when its term ends or that none is named."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Kind of hold"),
        choices=[
            (HoldKind.LEGAL.value, gettext_lazy("legal: under an order of an authority")),
            (HoldKind.MANUAL.value, gettext_lazy("manual: our own decision")),
        ],
        widget=UnfoldAdminSelectWidget,
    )
    authority = forms.CharField(label=gettext_lazy("Authority"), max_length=200, required=False, widget=UnfoldAdminTextInputWidget)
    valid_until = moment_field(
        gettext_lazy("Valid until"),
        help_text=gettext_lazy("When the term of the order runs out. Nothing is released by it; you are warned before."),
    )
    names_no_term = forms.BooleanField(label=gettext_lazy("The order names no term"), required=False, widget=UnfoldBooleanWidget)
    field_order = ("kind", "legal_reference", "authority", "valid_until", "names_no_term", "document", "reason")

    def clean(self) -> dict[str, Any] | None:
        data = super().clean() or {}
        if data.get("kind") == HoldKind.LEGAL:
            if not data.get("legal_reference"):
                self.add_error("legal_reference", _("A legal hold needs the reference it stands on."))
            if not data.get("valid_until") and not data.get("names_no_term") and "valid_until" not in self.errors:
                self.add_error("valid_until", _("Say until when the order is valid, or that it names no term."))
        if data.get("valid_until") and data.get("names_no_term"):
            self.add_error("names_no_term", _("You gave a term: it cannot be that none is named."))
        return data

    def terms(self) -> dict[str, Any]:
        own = {name: self.cleaned_data[name] for name in ("kind", "authority", "valid_until")}
        alone = ALONE_FOR[self.cleaned_data.get("alone_for", "")]
        return super().terms() | own | ({"lasts": timedelta(hours=alone)} if alone else {})
