"""What customers are called, by what evidence, and the buttons by which a person says otherwise."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lib.admin.base import ReadOnlyAdmin
from backoffice.lib.admin.columns import state_column, text_column, time_column
from backoffice.lib.admin.extensions import panels_on
from backoffice.lib.admin.filters import ChoicesFilter, MomentFilter, question_filter
from backoffice.lib.admin.page import Fact, Headline, Panel
from backoffice.lib.admin.search import ExactSearchMixin
from backoffice.lib.admin.steps import Step
from backoffice.lib.aloud import aloud
from backoffice.lib.display import NOTHING, link, state_badge, time_html
from orders.admin.links import page_of
from promotions.models import Customer
from risk.admin.links import picture_url
from risk.models import CustomerDisposition, Overrule
from risk.services.disposing import overrule_customer
from risk.states import Disposition, EvidenceKind, Strength


def calls(disposition: str) -> Callable[..., CustomerDisposition]:
    def run(row: CustomerDisposition, *, by: Any, at: datetime, reason: str) -> CustomerDisposition:
        return overrule_customer(row.customer_id, disposition=disposition, reason=reason, by=by, at=at)

    return run


def why_not(disposition: str) -> Callable[[CustomerDisposition, Any], str]:
    return lambda row, _user: _("It stands so already.") if row.disposition == disposition else ""


def tells(disposition: Disposition) -> Callable[[CustomerDisposition], str]:
    return lambda row: (
        _("Customer %(customer)s is called %(disposition)s from now on. The evidence stays beside it, and holds stay.")
        % {"customer": row.customer, "disposition": disposition.label}
    )


STEPS = (
    *(
        Step(
            name=f"call-{disposition.value.replace('_', '-')}",
            label=label,
            icon=icon,
            is_plain=True,
            permission="risk.overrule_disposition",
            run=calls(disposition),
            why_not=why_not(disposition),
            tells=tells(disposition),
            done=gettext_lazy("Said. The evidence stays beside it."),
        )
        for disposition, label, icon in (
            (Disposition.ORGANISED, gettext_lazy("Call organised"), "gpp_bad"),
            (Disposition.SWEPT_ALONG, gettext_lazy("Call swept along"), "verified_user"),
            (Disposition.UNDETERMINED, gettext_lazy("Call undetermined"), "help"),
        )
    ),
    Step(
        name="as-found",
        label=gettext_lazy("As the evidence says"),
        icon="undo",
        is_plain=True,
        permission="risk.overrule_disposition",
        run=calls(""),
        why_not=lambda row, _user: "" if row.overrule_id else _("Nobody has overruled it: it is what the evidence says."),
        tells=lambda row: (
            _("Customer %(customer)s is called %(disposition)s again, as the evidence says.")
            % {"customer": row.customer, "disposition": row.get_found_display()}
        ),
        done=gettext_lazy("Taken back."),
    ),
)

OverruledFilter = question_filter(
    gettext_lazy("overruled"),
    "overruled",
    {
        "yes": (gettext_lazy("by a person"), lambda rows: rows.filter(overrule__isnull=False)),
        "no": (gettext_lazy("as the evidence says"), lambda rows: rows.filter(overrule=None)),
    },
)


@admin.register(CustomerDisposition)
class CustomerDispositionAdmin(ExactSearchMixin, ReadOnlyAdmin):
    steps = STEPS
    list_display = (
        text_column(lambda row: row.customer.ref, "customer", gettext_lazy("customer")),
        state_column("disposition", gettext_lazy("looks")),
        state_column("found", gettext_lazy("by the evidence")),
        text_column(lambda row: row.score, "score", gettext_lazy("score"), "score"),
        text_column(lambda row: row.overrule.by if row.overrule else NOTHING, "by", gettext_lazy("overruled by")),
        time_column("disposed_at", gettext_lazy("as of")),
    )
    list_filter = (("disposition", ChoicesFilter), OverruledFilter, ("disposed_at", MomentFilter))
    search_fields = ("customer__ref", "customer__phone_last_four")
    search_help_text = gettext_lazy("Whole values: customer, phone's last four")
    ordering = ("-score", "-pk")
    fields = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[CustomerDisposition]:
        return super().get_queryset(request).for_admin_list()

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list:
        return []

    def headline(self, request: HttpRequest, obj: CustomerDisposition) -> Headline:
        overrule = obj.overrule
        facts = [
            Fact(_("Customer"), page_of(obj.customer)),
            Fact(_("By the evidence"), state_badge(obj, "found"), format_html("{} {}", _("as of"), time_html(obj.disposed_at))),
            Fact(_("Score"), obj.score, _("against less in favour")),
            Fact(_("Overruled by"), overrule.by if overrule else NOTHING, time_html(overrule.at) if overrule else ""),
            Fact(_("Links"), link(picture_url("account", obj.customer.ref), _("picture"))),
        ]
        return Headline(str(obj.customer), state_badge(obj, "disposition"), overrule.reason if overrule else "", facts=facts)

    def panels(self, request: HttpRequest, obj: CustomerDisposition) -> list[Panel]:
        return [
            told_panel(_("Against the customer"), obj.against),
            told_panel(_("For the customer"), obj.in_favour),
            words_panel(obj.customer_id),
        ]


def told_panel(title: str, told: list[dict[str, Any]]) -> Panel:
    kinds, strengths = dict(EvidenceKind.choices), dict(Strength.choices)
    rows = [
        [
            aloud(line["text"], is_ours=True),
            kinds.get(line["evidence"], line["evidence"]),
            strengths.get(line["strength"], line["strength"]),
            line["score"],
            line["order"] or _("his claims"),
        ]
        for line in told
    ]
    columns = [_("finding"), _("kind"), _("strength"), _("score"), _("found on")]
    return Panel(title, columns, rows, _("Nothing was found."))


def words_panel(customer_id: int) -> Panel:
    """Every time a person said otherwise, the newest first."""
    words = Overrule.objects.filter(customer=customer_id).select_related("by")
    rows = [
        [
            time_html(word.at),
            word.by,
            word.get_was_display(),
            word.get_disposition_display() or _("as the evidence says"),
            word.reason,
        ]
        for word in words[:20]
    ]
    return Panel(_("What people said"), [_("at"), _("by"), _("was taken for"), _("is taken for"), _("reason")], rows, _("Nobody."))


@panels_on(Customer)
def disposition_of_customer(request: HttpRequest, customer: Customer) -> list[Panel]:
    if not request.user.has_perm("risk.view_customerdisposition"):
        return []
    row = CustomerDisposition.objects.filter(customer=customer).first()
    rows = [[page_of(row, state_badge(row, "disposition")), row.score, time_html(row.disposed_at)]] if row else []
    return [
        Panel(
            _("What the customer is called"), [_("looks"), _("score"), _("as of")], rows, _("Nothing speaks against this customer.")
        )
    ]
