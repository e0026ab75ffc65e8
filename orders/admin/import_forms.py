"""The forms of an import: the file, and how it is read."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from backoffice.lib.csv_files import ENCODINGS, MOST_BYTES
from orders.import_settings import DATE_ORDERS, DECIMAL_MARKS, FIELDS, ImportSettings
from orders.models import ImportMapping, OrderImport
from orders.services.importing import LONGEST_NAME

NOT_THERE = [("", gettext_lazy("(not in the file)"))]
OF_FIELD = "column_"
ROWS_LOOKED_AT, EXAMPLE = 20, 40
TEXTS = {
    "source": (
        gettext_lazy("Source"),
        gettext_lazy("Where the orders come from. The same number of one source is the same order."),
    ),
    "currency": (gettext_lazy("Currency"), gettext_lazy("Three letters, of every amount in the file.")),
    "time_zone": (gettext_lazy("Time zone"), gettext_lazy("Of times that name none, for example Asia/Shanghai.")),
    "order_prefix": (
        gettext_lazy("Before order numbers"),
        gettext_lazy("Put before each, where another source uses the same numbers."),
    ),
    "customer_prefix": (
        gettext_lazy("Before customers"),
        gettext_lazy("Put before each, where it is not the storefront's reference."),
    ),
    "cancellation_mark": (
        gettext_lazy("Cancellations begin with"),
        gettext_lazy("Empty: whatever is below zero is a cancellation."),
    ),
    "adjustment_mark": (gettext_lazy("Adjustments begin with"), gettext_lazy("Entries of the books that are no sale.")),
    "nobody": (gettext_lazy("Rows without a customer belong to"), gettext_lazy("Empty: such a row is wrong.")),
}
MAY_BE_EMPTY = ("order_prefix", "customer_prefix", "cancellation_mark", "adjustment_mark", "nobody")


class UploadForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        widget=UnfoldAdminFileFieldWidget,
        help_text=gettext_lazy("Also gzipped, at most 50 MB. The first line names the columns."),
    )
    encoding = forms.ChoiceField(
        label=gettext_lazy("Encoding"), required=False, choices=list(ENCODINGS.items()), widget=UnfoldAdminSelectWidget
    )

    @property
    def sections(self) -> Iterator[tuple[Any, Any, list[Any]]]:
        hint = _("Every row is kept as it is. Nothing is loaded before you have seen what would come of it.")
        yield _("The file"), hint, [self["file"], self["encoding"]]

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than 50 MB: split it, or send it gzipped."))
        return file


def _text(name: str) -> forms.CharField:
    label, hint = TEXTS[name]
    is_needed = name not in MAY_BE_EMPTY
    return forms.CharField(label=label, help_text=hint, required=is_needed, max_length=64, widget=UnfoldAdminTextInputWidget)


def _choice(label: Any, choices: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=list(choices), required=False, widget=UnfoldAdminSelectWidget)


def _columns(order_import: OrderImport) -> list[tuple[str, str]]:
    """Each column with the first that stands in it, so that one sees what it holds."""
    first = list(order_import.rows.order_by("number").values_list("cells", flat=True)[:ROWS_LOOKED_AT])
    found = []
    for place, name in enumerate(order_import.columns):
        example = next((cells[place].strip() for cells in first if place < len(cells) and cells[place].strip()), "")
        found.append((name, f"{name} · {Truncator(example).chars(EXAMPLE)}" if example else name))
    return found


class MappingForm(forms.Form):
    """Which column is what, and what its cells mean. `use` takes a saved mapping's settings instead of what the form says."""

    date_order = _choice(gettext_lazy("Dates are written"), DATE_ORDERS.items())
    decimal_mark = _choice(gettext_lazy("Decimals are written with a"), DECIMAL_MARKS.items())
    leaves_out_wrong = forms.BooleanField(
        label=gettext_lazy("Leave out orders with a wrong row"),
        required=False,
        widget=UnfoldBooleanWidget,
        help_text=gettext_lazy("Otherwise nothing is loaded while a row is wrong."),
    )
    use = _choice(gettext_lazy("Use the mapping"), ())
    save_as = forms.CharField(
        label=gettext_lazy("Save this mapping as"), required=False, max_length=LONGEST_NAME, widget=UnfoldAdminTextInputWidget
    )

    def __init__(self, data: Any, *, order_import: OrderImport) -> None:
        settings = ImportSettings.of(order_import.settings).fitted(order_import.columns)
        columns = {OF_FIELD + key: name for key, name in settings.columns.items()}
        super().__init__(data, initial=settings.data() | columns)
        offered: Any = self.fields
        for key, label in FIELDS.items():
            offered[OF_FIELD + key] = _choice(capfirst(str(label)), [*NOT_THERE, *_columns(order_import)])
        for name in TEXTS:
            offered[name] = _text(name)
        offered["use"].choices = [("", _("as it stands here")), *((str(one.pk), one.name) for one in ImportMapping.objects.all())]
        self.names = order_import.columns

    @property
    def sections(self) -> Iterator[tuple[Any, Any, list[Any]]]:
        """Title, hint and fields of each part of the page."""
        hint = _("Give the price of one or the amount of the line, not both.")
        yield _("Which column is what"), hint, [self[OF_FIELD + key] for key in FIELDS]
        yield (
            _("What the cells mean"),
            "",
            [self[name] for name in ("source", "currency", "time_zone", "date_order", "decimal_mark")],
        )
        yield _("What the numbers mean"), "", [self[name] for name in ("cancellation_mark", "adjustment_mark", "order_prefix")]
        yield _("Customers"), "", [self["customer_prefix"], self["nobody"]]
        yield _("What is wrong"), "", [self["leaves_out_wrong"]]
        yield _("Saved mappings"), "", [self["use"], self["save_as"]]

    @property
    def settings(self) -> ImportSettings:
        """What was asked for, checked by the service."""
        data = self.cleaned_data
        if data["use"]:
            return ImportSettings.of(ImportMapping.objects.get(pk=data["use"]).settings).fitted(self.names)
        columns = {key: data[OF_FIELD + key] for key in FIELDS if data[OF_FIELD + key]}
        return ImportSettings.of(
            {name: data[name] for name in ImportSettings.__dataclass_fields__ if name in data} | {"columns": columns}
        )
