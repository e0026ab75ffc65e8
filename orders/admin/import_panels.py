"""What stands on the page of an import: the first rows, what would be loaded, what is wrong, and what became of it."""

from decimal import Decimal
from typing import Any

from django.db.models import Count, Sum
from django.urls import reverse
from django.utils.translation import gettext as _

from backoffice.lib.admin.extensions import panels_on
from backoffice.lib.admin.jobs import cancel_facts
from backoffice.lib.admin.page import Fact, Panel
from backoffice.lib.display import NOTHING, amount_html, amount_text, count_text, link, state_badge, time_html
from orders.admin.links import page_of
from orders.models import ImportedInvoice, OrderImport
from orders.services.import_jobs import PROBLEMS
from orders.services.importing import settings_of
from orders.states import ImportResult, ImportStatus, InvoiceKind
from promotions.models import Customer

ROWS_SHOWN = 20
SHORT = 60


def list_of(model: str, **conditions: Any) -> str:
    query = "&".join(f"{name}={value}" for name, value in conditions.items())
    return f"{reverse(f'admin:orders_{model}_changelist')}?{query}"


def import_facts(found: OrderImport) -> list[Fact]:
    """What file it is, how it was read, and what the check found."""
    preview = found.preview
    facts = [
        Fact(_("Rows"), count_text(found.rows_count), found.encoding, url=list_of("importrow", order_import=found.pk)),
        Fact(_("Source"), found.source or NOTHING),
        Fact(_("Read by"), found.made_by, time_html(found.made_at)),
        Fact(_("Hash of the file"), f"{found.sha256[:16]}…"),
    ]
    if "kinds" in preview:
        amount = sum((Decimal(kind["amount"]) for kind in preview["kinds"].values()), Decimal(0))
        invoices = sum(kind["invoices"] for kind in preview["kinds"].values())
        facts += [
            Fact(_("Invoices"), count_text(invoices), url=list_of("importedinvoice", order_import=found.pk)),
            Fact(_("Worth, net"), amount_text(amount, settings_of(found).currency)),
            Fact(_("Customers"), count_text(preview["customers"]), _("%s rows name none") % count_text(preview["of_nobody"])),
            Fact(_("Wrong rows"), count_text(preview["wrong"]), _("of %s orders") % count_text(preview["wrong_orders"])),
        ]
    facts += cancel_facts(found.job) if found.job else []
    jobs = {_("Check"): found.check_job, _("Job"): found.job}
    return facts + [Fact(label, page_of(job), state_badge(job)) for label, job in jobs.items() if job]


def import_panels(found: OrderImport) -> list[Panel]:
    if found.status == ImportStatus.DISCARDED:
        return []
    if found.status in (ImportStatus.READ, ImportStatus.CHECKING):
        return [first_rows(found)]
    if found.status == ImportStatus.CHECKED:
        return [kinds_panel(found), problems_panel(found), there_panel(found), sample_panel(found)]
    trouble, wrong = trouble_panel(found), found.preview.get("wrong")
    # Where rows were left out, and nothing else, "everything was loaded" would not be true.
    troubles = [*([trouble] if trouble.rows or not wrong else []), *([problems_panel(found)] if wrong else [])]
    return [results_panel(found), *troubles, kinds_panel(found), sample_panel(found)]


def first_rows(found: OrderImport) -> Panel:
    """The rows as they stand in the file."""
    rows = [[row.number, *(cell[:SHORT] or NOTHING for cell in row.cells)] for row in found.rows.order_by("number")[:ROWS_SHOWN]]
    return Panel(
        _("The first rows of the file"),
        [_("line of the file"), *found.columns],
        rows,
        url=list_of("importrow", order_import=found.pk),
    )


def kinds_panel(found: OrderImport) -> Panel:
    currency, words = settings_of(found).currency, dict(InvoiceKind.choices)
    comes_to = {
        "sale": _("orders, completed; no coupon, no assessment, no webhook"),
        "cancellation": _("kept beside the orders: the file does not say which order they cancel"),
        "adjustment": _("kept beside the orders"),
        "nothing": _("kept beside the orders: nothing was sold"),
    }
    rows = [
        [
            link(list_of("importedinvoice", order_import=found.pk, kind__exact=kind), words[kind]),
            count_text(counted["invoices"]),
            count_text(counted["lines"]),
            amount_html(Decimal(counted["amount"]), currency),
            comes_to[kind],
        ]
        for kind, counted in sorted(found.preview.get("kinds", {}).items(), key=lambda item: -item[1]["invoices"])
    ]
    columns = [_("kind"), _("invoices"), _("lines"), _("amount"), _("becomes")]
    return Panel(_("What the file holds"), columns, rows, _("Nothing that could be loaded."))


def problems_panel(found: OrderImport) -> Panel:
    """The first wrong rows, by line; the note counts them all."""
    wrong = found.rows.exclude(problem="").order_by("number")[:ROWS_SHOWN]
    rows = [[count_text(row.number), _(PROBLEMS[row.problem]), " · ".join(row.cells)[: 2 * SHORT]] for row in wrong]
    counts = [f"{count_text(each['rows'])} × {_(PROBLEMS[each['problem']])}" for each in found.preview.get("problems", [])]
    url = list_of("importrow", order_import=found.pk, wrong="yes") if rows else ""
    columns = [_("line of the file"), _("what is wrong"), _("cells")]
    return Panel(_("Wrong rows"), columns, rows, _("No row is wrong."), url, note="; ".join(counts))


def there_panel(found: OrderImport) -> Panel:
    preview = found.preview
    rows = [
        [_("there already, and the same: skipped"), count_text(preview.get("same", 0))],
        [_("there already, and different: refused, what was loaded stays"), count_text(preview.get("different", 0))],
        [_("an order of this number is there, and not from this source: refused"), count_text(preview.get("taken", 0))],
    ]
    return Panel(_("What is there already"), [_("what happens"), _("invoices")], rows)


def sample_panel(found: OrderImport) -> Panel:
    invoices = ImportedInvoice.objects.filter(order_import=found).select_related("order").order_by("number")[:ROWS_SHOWN]
    rows = [
        [
            count_text(invoice.number),
            page_of(invoice.order, invoice.ref) if invoice.order else invoice.ref,
            state_badge(invoice, "kind"),
            invoice.customer_ref,
            time_html(invoice.placed_at),
            count_text(invoice.lines_count),
            amount_html(invoice.amount, invoice.currency),
        ]
        for invoice in invoices
    ]
    columns = [_("line of the file"), _("invoice"), _("kind"), _("customer"), _("placed"), _("lines"), _("amount")]
    return Panel(_("The first invoices"), columns, rows, url=list_of("importedinvoice", order_import=found.pk))


def results_panel(found: OrderImport) -> Panel:
    """So many invoices with each result: loaded, skipped and failed add up to the file."""
    words = dict(ImportResult.choices)
    export = reverse("admin:orders_orderimport_results", args=[found.pk])
    rows: list[list[Any]] = [
        [link(list_of("importedinvoice", order_import=found.pk, result__exact=result), words[result]), count_text(number)]
        for result, number in found.invoices.all().tally().items()
        if number
    ]
    rows.append([link(export, _("every invoice with its result, as CSV")), ""])
    return Panel(_("Results"), [_("result"), _("invoices")], rows)


def trouble_panel(found: OrderImport) -> Panel:
    """The first that failed, and after them the first that were skipped."""
    invoices = [
        each
        for result in (ImportResult.FAILED, ImportResult.SKIPPED)
        for each in found.invoices.filter(result=result).order_by("number")[:ROWS_SHOWN]
    ][:ROWS_SHOWN]
    rows = [[count_text(each.number), each.ref, state_badge(each, "result"), _(each.detail)] for each in invoices]
    none = _("Everything was loaded.") if found.status == ImportStatus.LOADED else _("Nothing so far.")
    url = list_of("importedinvoice", order_import=found.pk, result__exact=invoices[0].result) if invoices else ""
    return Panel(_("Not loaded, and why"), [_("line of the file"), _("invoice"), _("result"), _("why")], rows, none, url)


@panels_on(Customer)
def imported_of_customer(_request: Any, customer: Customer) -> list[Panel]:
    """What files say of the customer beside his orders: cancellations and adjustments. Nothing where there is none."""
    found = ImportedInvoice.objects.filter(customer_ref=customer.ref, result=ImportResult.LOADED).exclude(kind=InvoiceKind.SALE)
    words = dict(InvoiceKind.choices)
    rows = [
        [words[kind], source, count_text(number), amount_html(amount, currency)]
        for kind, source, currency, number, amount in found.order_by("kind", "source")
        .values_list("kind", "source", "currency")
        .annotate(Count("pk"), Sum("amount"))
    ]
    columns = [_("kind"), _("source"), _("invoices"), _("amount")]
    return [Panel(_("Imported beside the orders"), columns, rows)] if rows else []
