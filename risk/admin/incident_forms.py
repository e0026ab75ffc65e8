"""What the steps of an incident ask for beside the reason."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from backoffice.lib.admin.fields import moment_field
from backoffice.lib.admin.steps import ReasonForm
from risk.models import Incident, IncidentAnchor, IncidentMember
from risk.states import AnchorKind, Disposition, IncidentSeverity


class NoteForm(ReasonForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = _("Note")
        self.fields["reason"].help_text = _("Kept as you write it. A mistake is mended by another note.")


class OwnerForm(ReasonForm):
    owner = forms.ModelChoiceField(
        label=gettext_lazy("Who looks after it"), queryset=User.objects.none(), widget=UnfoldAdminSelectWidget
    )
    field_order = ("owner", "reason")

    def for_object(self, obj: Incident) -> None:
        field: Any = self.fields["owner"]
        field.queryset = User.objects.filter(is_staff=True, is_active=True).order_by("username")
        self.initial["owner"] = obj.owner_id


class JudgeForm(ReasonForm):
    severity = forms.ChoiceField(label=gettext_lazy("Severity"), choices=IncidentSeverity.choices, widget=UnfoldAdminSelectWidget)
    public_at = moment_field(gettext_lazy("Went public at"))
    grows = forms.BooleanField(
        label=gettext_lazy("Grows"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text=gettext_lazy("Every minute what its anchors lead to is taken in."),
    )
    field_order = ("severity", "public_at", "grows", "reason")

    def for_object(self, obj: Incident) -> None:
        self.fields["public_at"].help_text = _("When the code stood somewhere for everybody. Empty: not known.")
        self.initial.update(severity=obj.severity, public_at=obj.public_at, grows=obj.grows)


class AnchorForm(ReasonForm):
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=AnchorKind.choices, widget=UnfoldAdminSelectWidget)
    value = forms.CharField(
        label=gettext_lazy("Which"),
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("A coupon type's code; a token as batch, # and number; a device; a number or account of a top-up."),
    )
    field_order = ("kind", "value", "reason")


class DropForm(ReasonForm):
    anchor = forms.ModelChoiceField(
        label=gettext_lazy("Anchor"), queryset=IncidentAnchor.objects.none(), widget=UnfoldAdminSelectWidget
    )
    field_order = ("anchor", "reason")

    def for_object(self, obj: Incident) -> None:
        field: Any = self.fields["anchor"]
        field.queryset = obj.anchors.filter(dropped_at=None)


class BundleForm(ReasonForm):
    reference = forms.CharField(
        label=gettext_lazy("Reference of the authority"), max_length=200, required=False, widget=UnfoldAdminTextInputWidget
    )
    field_order = ("reference", "reason")


class OverruleForm(ReasonForm):
    disposition = forms.ChoiceField(
        label=gettext_lazy("Is to be taken for"), choices=Disposition.choices, widget=UnfoldAdminSelectWidget
    )
    field_order = ("disposition", "reason")

    def for_object(self, obj: IncidentMember) -> None:
        self.initial["disposition"] = obj.disposition
