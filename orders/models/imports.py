"""Orders that come from a file: the file, its rows as they were read, and what became of each of its invoices."""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.audit import tracked
from backoffice.lib.guards import NEVER_IGNORED
from backoffice.lib.states import guard_moves
from orders.querysets import InvoiceQuerySet
from orders.states import IMPORT_MOVES, ImportResult, ImportStatus, InvoiceKind

ROWS_ARE_CLOSED = """
    IF EXISTS (
        SELECT 1 FROM (SELECT DISTINCT import_id AS id FROM {rows}) r
        JOIN orders_orderimport i ON i.id = r.id WHERE i.status NOT IN ({open})
    ) THEN
        RAISE EXCEPTION 'what is loaded is what was checked: the rows of this import are closed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'import_rows_are_closed';
    END IF;
    RETURN NULL;
"""


def closed_once_loading(operation: pgtrigger.Operation, name: str, rows: str, *, may: str) -> pgtrigger.Trigger:
    """Statement level: thousands of rows are written at once. `may` are the states in which they may be."""
    tables = {"new": "some_rows"} if rows == "new" else {"old": "some_rows"}
    return pgtrigger.Trigger(
        name=name,
        declare=NEVER_IGNORED,
        when=pgtrigger.After,
        operation=operation,
        level=pgtrigger.Statement,
        referencing=pgtrigger.Referencing(**tables),
        func=ROWS_ARE_CLOSED.format(rows="some_rows", open=may),
    )


@tracked()
class ImportMapping(models.Model):
    """How files of one kind are read, under a name, to be chosen again for the next."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    settings = models.JSONField(_("settings"))

    class Meta:
        verbose_name = _("mapping of columns")
        verbose_name_plural = _("mappings of columns")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


@tracked(exclude=["preview"])
class OrderImport(models.Model):
    """A file of orders from elsewhere: read, mapped, checked, looked at, and then loaded in whole by a job. History, not business.

    `settings` is how it is read (`orders.import_settings`), `preview` what the check counted.
    """

    name = models.CharField(_("file"), max_length=100)
    sha256 = models.CharField(_("hash of the file"), max_length=64, editable=False)
    encoding = models.CharField(_("encoding"), max_length=12)
    columns = ArrayField(models.CharField(max_length=70), verbose_name=_("columns"))
    rows_count = models.PositiveIntegerField(_("rows"))
    source = models.CharField(_("source"), max_length=32, blank=True)
    settings = models.JSONField(default=dict, editable=False)
    preview = models.JSONField(default=dict, editable=False)
    status = models.CharField(_("status"), max_length=10, choices=ImportStatus, default=ImportStatus.READ)
    made_by = models.ForeignKey("auth.User", models.PROTECT, related_name="+", verbose_name=_("made by"))
    made_at = models.DateTimeField(_("made at"))
    check_job = models.OneToOneField("lib.Job", models.PROTECT, related_name="+", null=True, verbose_name=_("check"))
    job = models.OneToOneField("lib.Job", models.PROTECT, related_name="+", null=True, verbose_name=_("job"))

    class Meta:
        verbose_name = _("import of orders")
        verbose_name_plural = _("imports of orders")
        permissions = [("load_orderimport", _("Can check, load or discard an import of orders"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["read", "discarded"]) | (Q(check_job__isnull=False) & ~Q(source="")),
                name="order_import_checked_has_a_source",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["loading", "loaded", "cancelled"]) | Q(job__isnull=False),
                name="order_import_loaded_has_a_job",
            ),
        ]
        triggers = [
            guard_moves("order_import_moves", IMPORT_MOVES),
            pgtrigger.Protect(
                name="order_import_stays_what_was_checked",
                operation=pgtrigger.UpdateOf("source", "settings", "rows_count", "sha256"),
                condition=pgtrigger.Condition("OLD.status IN ('loading', 'loaded', 'cancelled')"),
            ),
        ]

    def __str__(self) -> str:
        return f"{_('import')} #{self.pk}"


class ImportRow(models.Model):
    """One row of the file: its cells, and what the check read in them. `problem` says in a word why it cannot be read.

    `number` is the line it begins in. The price has as many places as the file gives it; `amount` is rounded to the cent.
    """

    id = models.BigAutoField(primary_key=True)
    order_import = models.ForeignKey(
        "orders.OrderImport", models.PROTECT, related_name="rows", db_index=False, db_column="import_id", verbose_name=_("import")
    )
    number = models.PositiveIntegerField(_("line"))
    cells = ArrayField(models.TextField(), verbose_name=_("cells"))
    problem = models.CharField(_("problem"), max_length=20, blank=True)
    ref = models.CharField(_("order"), max_length=64, null=True)
    placed_at = models.DateTimeField(_("placed at"), null=True)
    customer_ref = models.CharField(_("customer"), max_length=64, blank=True)
    sku = models.CharField(_("SKU"), max_length=64, blank=True)
    description = models.CharField(_("description"), max_length=200, blank=True)
    product_category = models.CharField(_("product category"), max_length=64, blank=True)
    quantity = models.IntegerField(_("quantity"), null=True)
    unit_price = models.DecimalField(_("price of one"), max_digits=18, decimal_places=6, null=True)
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2, null=True)

    class Meta:
        verbose_name = _("row of an import")
        verbose_name_plural = _("rows of imports")
        constraints = [models.UniqueConstraint(fields=["order_import", "number"], name="import_row_once_per_line")]
        indexes = [
            models.Index(fields=["order_import", "ref"], name="import_row_by_order"),
            models.Index(fields=["order_import", "number"], name="import_row_wrong", condition=~Q(problem="")),
        ]
        triggers = [
            closed_once_loading(pgtrigger.Insert, "import_rows_come_with_the_file", "new", may="'read'"),
            closed_once_loading(pgtrigger.Update, "import_rows_are_closed", "new", may="'checking'"),
            closed_once_loading(pgtrigger.Delete, "import_rows_are_kept", "old", may="'discarded'"),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.ref}"


class ImportedInvoice(models.Model):
    """One number of the file, with its sum, and what became of it: loaded + skipped + failed = invoices at the end.

    `amount` is signed, in `currency`: the sum over what is loaded is the source's net. A sale has its order; a cancellation, an
    adjustment and what is worth nothing name no order in the file, so they are kept as they are, and their rows with them.
    `fingerprint` is the SHA-256 over all that its rows say: the same number with another one is another invoice.
    """

    id = models.BigAutoField(primary_key=True)
    order_import = models.ForeignKey(
        "orders.OrderImport",
        models.PROTECT,
        related_name="invoices",
        db_index=False,
        db_column="import_id",
        verbose_name=_("import"),
    )
    number = models.PositiveIntegerField(_("line"), help_text=_("The first line of the file that names it."))
    source = models.CharField(_("source"), max_length=32)
    ref = models.CharField(_("invoice"), max_length=64)
    kind = models.CharField(_("kind"), max_length=12, choices=InvoiceKind)
    customer_ref = models.CharField(_("customer"), max_length=64, blank=True)
    placed_at = models.DateTimeField(_("placed at"))
    currency = models.CharField(_("currency"), max_length=3)
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2)
    lines_count = models.PositiveIntegerField(_("lines"))
    fingerprint = models.CharField(max_length=64, editable=False)
    result = models.CharField(_("result"), max_length=8, choices=ImportResult, default=ImportResult.PENDING)
    detail = models.CharField(_("why"), max_length=200, blank=True)
    order = models.OneToOneField("orders.Order", models.PROTECT, related_name="+", null=True, verbose_name=_("order"))

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        verbose_name = _("imported invoice")
        verbose_name_plural = _("imported invoices")
        constraints = [
            models.UniqueConstraint(fields=["order_import", "number"], name="imported_invoice_once_per_line"),
            models.UniqueConstraint(fields=["source", "ref"], condition=Q(result="loaded"), name="imported_invoice_loaded_once"),
            models.CheckConstraint(
                condition=~Q(result="loaded") | Q(kind="sale", order__isnull=False) | (~Q(kind="sale") & Q(order=None)),
                name="imported_sale_has_its_order",
            ),
            models.CheckConstraint(
                condition=Q(kind="sale", amount__gt=0)
                | Q(kind="cancellation", amount__lt=0)
                | Q(kind="nothing", amount=0)
                | Q(kind="adjustment"),
                name="imported_invoice_is_of_its_kind",
            ),
        ]
        indexes = [
            models.Index(fields=["order_import", "result", "number"], name="imported_invoice_by_result"),
            models.Index(fields=["customer_ref", "kind"], name="imported_invoice_by_customer", condition=Q(result="loaded")),
        ]
        triggers = [
            pgtrigger.Protect(
                name="imported_invoice_result_comes_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.result <> 'pending'"),
            ),
            pgtrigger.ReadOnly(name="imported_invoice_stays_what_it_was", exclude=["result", "detail", "order"]),
            closed_once_loading(pgtrigger.Insert, "imported_invoices_are_closed", "new", may="'checking'"),
            closed_once_loading(pgtrigger.Delete, "imported_invoices_are_kept", "old", may="'checking', 'discarded'"),
        ]

    def __str__(self) -> str:
        return self.ref
