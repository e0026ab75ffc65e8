"""What can be done with a value list and with what is on it, and the forms that ask for it."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from backoffice.lib.admin.fields import moment_field
from backoffice.lib.admin.steps import ReasonForm, Step
from backoffice.lib.csv_files import ENCODINGS
from backoffice.lib.display import count_text
from risk.admin.listing import holds
from risk.models import ValueList
from risk.services.value_lists import (
    PutOn,
    put_many_on_value_list,
    put_on_value_list,
    retire_list,
    take_off,
    versions_naming,
)
from risk.states import ValueSort, VersionStatus
from risk.value_files import MOST_BYTES, filed_values, pasted_values

HOW_TO_WRITE = {
    ValueSort.DEVICE: gettext_lazy("A device's id, as orders and claims carry it."),
    ValueSort.NETWORK: gettext_lazy("An address such as 192.0.2.7, or a network such as 192.0.2.0/24."),
    ValueSort.SEGMENT: gettext_lazy("The first four digits of phone numbers, such as 1700."),
    ValueSort.CUSTOMER: gettext_lazy("The storefront's reference of a customer."),
    ValueSort.RECIPIENT: gettext_lazy("The number or account that a top-up credits. Only a keyed hash of it is kept."),
    ValueSort.PAYMENT_ACCOUNT: gettext_lazy("The account that paid. Only a keyed hash of it is kept."),
    ValueSort.DELIVERY_PHONE: gettext_lazy("The phone number that parcels go to. Only a keyed hash of it is kept."),
    ValueSort.COUPON_TYPE: gettext_lazy("The code of a coupon type."),
    ValueSort.ENTRY: gettext_lazy("The code of an entry."),
    ValueSort.REGION: gettext_lazy("A region's code, as the storefront sends it."),
    ValueSort.AMOUNT: gettext_lazy("An amount such as 99 or 99.50, in the currency of the orders."),
}


class OnListForm(ReasonForm):
    """What several and one have in common."""

    expires_at = moment_field(gettext_lazy("Expires"), help_text=gettext_lazy("Empty: until somebody takes it off."))


class ValueForm(OnListForm):
    value = forms.CharField(
        label=gettext_lazy("Value"),
        max_length=200,
        widget=UnfoldAdminTextInputWidget(attrs={"autofocus": True, "autocomplete": "off"}),
    )
    field_order = ("value", "expires_at", "reason")

    def for_object(self, obj: ValueList) -> None:
        self.fields["value"].help_text = HOW_TO_WRITE[ValueSort(obj.holds)]


class ValuesForm(OnListForm):
    """Values pasted, or in a file: one of the two."""

    text = forms.CharField(
        label=gettext_lazy("Values"), required=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 8, "autofocus": True})
    )
    file = forms.FileField(
        label=gettext_lazy("Or a CSV file"),
        required=False,
        widget=UnfoldAdminFileFieldWidget,
        help_text=gettext_lazy("At most 10 MB and 50,000 lines, with a column “value”, or with one column only."),
    )
    encoding = forms.ChoiceField(
        label=gettext_lazy("Encoding of the file"),
        required=False,
        choices=list(ENCODINGS.items()),
        widget=UnfoldAdminSelectWidget,
    )
    field_order = ("text", "file", "encoding", "expires_at", "reason")

    def for_object(self, obj: ValueList) -> None:
        self.fields["text"].help_text = _("One a line. %s") % HOW_TO_WRITE[ValueSort(obj.holds)]

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file and file.size > MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than %s MB: split it.") % (MOST_BYTES // 1024**2))
        return file

    def clean(self) -> Any:
        data = super().clean() or {}
        if bool(data.get("file")) == bool(data.get("text", "").strip()) and not self.errors:
            raise forms.ValidationError(_("Paste the values or choose a file, one of the two."))
        return data


def put_many_on(
    value_list: ValueList, *, text: str, file: Any, encoding: str, expires_at: datetime | None, reason: str, by: Any, at: datetime
) -> PutOn:
    lines = filed_values(file.file, encoding=encoding) if file else pasted_values(text)
    return put_many_on_value_list(value_list, lines=lines, reason=reason, expires_at=expires_at, by=by, at=at)


def told_put_on(done: PutOn) -> str:
    text = ngettext("%(count)s value is new on the list.", "%(count)s values are new on the list.", done.new)
    text %= {"count": count_text(done.new)}
    return text if not done.known else text + " " + _("%s were on it already, or named twice.") % count_text(done.known)


def effect_on_rules(value_list: ValueList) -> str:
    """What follows at once from a change of the list."""
    users = versions_naming([value_list.name])[value_list.name]
    acting = ", ".join(str(version) for version in users if version.status == VersionStatus.PUBLISHED)
    if acting:
        return _("It counts from now on, for published rules that act on orders: %s. Nobody else is asked.") % acting
    return _("It counts from now on. No published rule refers to the list.")


def why_retired(value_list: ValueList, _user: Any) -> str:
    return _("The list is retired.") if value_list.ended_at else ""


def why_not_retire(value_list: ValueList, user: Any) -> str:
    users = versions_naming([value_list.name])[value_list.name]
    in_use = _("Rules that run refer to it: %s. Retire them first.") % ", ".join(map(str, users)) if users else ""
    return why_retired(value_list, user) or in_use


LIST_STEPS = (
    Step(
        name="put_on",
        label=gettext_lazy("Put a value on it"),
        icon="playlist_add",
        permission="risk.add_valuelistitem",
        run=put_on_value_list,
        form_class=ValueForm,
        why_not=why_retired,
        tells=effect_on_rules,
        done=lambda item: _("%s is on the list.") % item.shown,
    ),
    Step(
        name="put_many_on",
        label=gettext_lazy("Put many on it"),
        icon="upload_file",
        is_plain=True,
        permission="risk.add_valuelistitem",
        run=put_many_on,
        form_class=ValuesForm,
        why_not=why_retired,
        tells=lambda obj: _("All lines are put on the list, or none. %s") % effect_on_rules(obj),
        done=told_put_on,
    ),
    Step(
        name="retire",
        label=gettext_lazy("Retire"),
        icon="stop_circle",
        is_stop=True,
        permission="risk.retire_valuelist",
        run=retire_list,
        why_not=why_not_retire,
        tells=lambda obj: _("No new rule may refer to %s, and nothing more is put on it. What was on it stays written.") % obj,
        done=gettext_lazy("Retired."),
    ),
)
ITEM_STEPS = (
    Step(
        name="take_off",
        label=gettext_lazy("Take it off"),
        icon="playlist_remove",
        is_stop=True,
        permission="risk.end_valuelistitem",
        run=take_off,
        why_not=lambda item, _user: "" if holds(item) else _("It is not on the list any more."),
        tells=lambda item: (
            _("From now on %(value)s is not on the value list %(list)s. What rules said of it before stays.")
            % {"value": item.shown, "list": item.value_list}
        ),
        done=gettext_lazy("Taken off."),
    ),
)
