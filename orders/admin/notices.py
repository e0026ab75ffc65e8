"""What the storefront told of orders too early: what still waits, and what came of the rest."""

from django.contrib import admin
from django.utils.translation import gettext_lazy

from backoffice.lib.admin.base import ReadOnlyAdmin
from backoffice.lib.admin.columns import time_column
from backoffice.lib.admin.filters import ChoicesFilter, question_filter
from backoffice.lib.admin.search import ExactSearchMixin
from orders.models import Notice

SettledFilter = question_filter(
    gettext_lazy("settled"),
    "settled",
    {
        "waits": (gettext_lazy("still waits"), lambda notices: notices.filter(settled_at=None)),
        "refused": (gettext_lazy("refused"), lambda notices: notices.exclude(refusal="")),
        "done": (gettext_lazy("done"), lambda notices: notices.filter(settled_at__isnull=False, refusal="")),
    },
)


@admin.register(Notice)
class NoticeAdmin(ExactSearchMixin, ReadOnlyAdmin):
    list_display = (
        "order_ref",
        "kind",
        "ref",
        time_column("told_at", gettext_lazy("told at")),
        time_column("settled_at", gettext_lazy("settled at")),
        "refusal",
    )
    list_filter = (SettledFilter, ("kind", ChoicesFilter))
    search_fields = ("order_ref", "ref")
    search_help_text = gettext_lazy("Whole values: order, reference")
