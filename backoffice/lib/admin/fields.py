"""Fields that forms of the admin have in common."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget


def moment_field(label: Any, *, required: bool = False, **options: Any) -> forms.DateTimeField:
    """A moment by the reader's clock, to the second: a browser would refuse a value with seconds that it was shown itself."""
    widget = UnfoldAdminTextInputWidget(attrs={"type": "datetime-local", "step": "1"})
    return forms.DateTimeField(label=label, required=required, widget=widget, **options)
