"""Terms of legal freezes: how they stand on pages and lists, extending them, and the days on which people are reminded."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextInputWidget

from backoffice.lib import clock
from backoffice.lib.admin.base import EditableAdmin
from backoffice.lib.admin.extensions import panels_on
from backoffice.lib.admin.fields import moment_field
from backoffice.lib.admin.filters import question_filter
from backoffice.lib.admin.page import Fact, Panel
from backoffice.lib.admin.steps import ReasonForm, Step
from backoffice.lib.admin.subjects import InWords, words_of
from backoffice.lib.display import NOTHING, badge, count_text, state_badge, time_html, time_text
from backoffice.lib.models import Approval
from orders.admin.links import page_of
from orders.admin.scope_panels import document_cell
from orders.models import Freeze, Hold, TermExtension, TermReminder
from orders.scopes.reading import scope_aloud
from orders.services.documents import keep_document
from orders.services.terms import DAY, days_left, request_extension, term_in_words
from orders.states import HoldKind

SOON = 7
WARNINGS_SHOWN = 20


class ExtendForm(ReasonForm):
    """A new paper, and its term."""

    valid_until = moment_field(gettext_lazy("Valid until"))
    legal_reference = forms.CharField(label=gettext_lazy("Legal reference"), max_length=200, widget=UnfoldAdminTextInputWidget)
    authority = forms.CharField(
        label=gettext_lazy("Authority"),
        max_length=200,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("Empty: as before."),
    )
    document = forms.FileField(
        label=gettext_lazy("Document"),
        required=False,
        widget=UnfoldAdminFileFieldWidget,
        help_text=gettext_lazy("A PDF, PNG or JPEG of at most 10 MB. It is kept with its SHA-256 and never changed."),
    )
    field_order = ("valid_until", "legal_reference", "authority", "document", "reason")

    def for_object(self, obj: Freeze) -> None:
        self.fields["valid_until"].required = True


def ask_to_extend(freeze: Freeze, *, document: Any, by: Any, at: datetime, **terms: Any) -> TermExtension:
    kept = keep_document(document.file, name=document.name, by=by, at=at) if document else None
    return request_extension(freeze, document=kept, by=by, at=at, **terms)


EXTEND = Step(
    name="extend",
    label=gettext_lazy("Extend the term"),
    icon="more_time",
    is_plain=True,
    permission="orders.request_freeze",
    run=ask_to_extend,
    form_class=ExtendForm,
    is_shown=lambda freeze: freeze.kind == HoldKind.LEGAL,
    tells=lambda freeze: (
        _("A second person decides. Until then the term stays as it is: %s.") % time_text(freeze.valid_until)
        if freeze.valid_until
        else _("A second person decides. The order names no term so far.")
    ),
    done=gettext_lazy("Sent to Approvals. The term stays until a second person approves."),
)


def term_state(freeze: Freeze) -> Any:
    """How the term stands, in a cell: nothing for a freeze without one."""
    if freeze.kind != HoldKind.LEGAL or freeze.valid_until is None:
        return NOTHING
    left = days_left(freeze.valid_until, clock.now())
    colour = "danger" if left <= 0 else "warning" if left <= SOON else "default"
    return badge(term_in_words(left), colour)


def term_warnings(freeze: Freeze) -> list[str]:
    """What stands in red on the freeze's page when its term runs out soon, or has."""
    if freeze.kind != HoldKind.LEGAL or freeze.valid_until is None:
        return []
    left = days_left(freeze.valid_until, clock.now())
    if left > SOON or not Hold.objects.open().filter(freeze=freeze).exists():
        return []
    told = {"how": term_in_words(left), "time": time_text(freeze.valid_until)}
    return [_("Its term %(how)s (%(time)s). The holds stay: release them, or have the term extended.") % told]


def running_out(freezes: QuerySet, within: int) -> QuerySet:
    return freezes.filter(kind=HoldKind.LEGAL, valid_until__lte=clock.now() + within * DAY)


TermFilter = question_filter(
    gettext_lazy("term"),
    "term",
    {
        "over": (gettext_lazy("has run out"), lambda freezes: running_out(freezes, 0)),
        "soon": (gettext_lazy("runs out within a week, or has"), lambda freezes: running_out(freezes, SOON)),
        "none": (gettext_lazy("names no term"), lambda freezes: freezes.filter(kind=HoldKind.LEGAL, valid_until=None)),
    },
)


@panels_on(Freeze)
def term_panels(request: HttpRequest, freeze: Freeze) -> list[Panel]:
    rows = [
        [
            page_of(one.approval, state_badge(one.approval)),
            time_html(one.before),
            time_html(one.valid_until),
            one.legal_reference,
            one.authority or NOTHING,
            document_cell(one.document),
        ]
        for one in freeze.extensions.select_related("approval", "document").order_by("-pk")
    ]
    columns = [_("approval"), _("term before"), _("term asked for"), _("legal reference"), _("authority"), _("document")]
    told = [
        [time_html(one.warned_at), term_in_words(one.days_left), count_text(one.open_holds)]
        for one in freeze.term_warnings.order_by("-pk")[:WARNINGS_SHOWN]
    ]
    extensions = [Panel(_("Extensions of its term"), columns, rows, name="extensions")] if rows else []
    warnings = [Panel(_("Warnings of its term"), [_("when"), _("its term"), _("open holds")], told)] if told else []
    return extensions + warnings


@words_of("orders.termextension")
def extension_in_words(approval: Approval) -> InWords:
    one = TermExtension.objects.select_related("freeze", "document").filter(approval=approval).first()
    if one is None:
        return InWords()
    facts = [
        Fact(_("Freeze"), page_of(one.freeze), scope_aloud(one.freeze.scope_text)),
        Fact(_("Term before"), time_html(one.before)),
        Fact(_("Term asked for"), time_html(one.valid_until)),
        Fact(_("Under"), one.legal_reference, one.authority),
        Fact(_("Document"), document_cell(one.document)),
        Fact(_("Holds open"), count_text(Hold.objects.open().filter(freeze=one.freeze).count())),
    ]
    return InWords(facts)


@admin.register(TermReminder)
class TermReminderAdmin(EditableAdmin):
    fields = (("days", "is_active"),)
    list_display = ("days", "is_active")
    ordering = ("-days",)
