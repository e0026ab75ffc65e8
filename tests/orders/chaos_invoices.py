"""An import on a site of chaos: its file, its steps, what the tables say in the end. Needs Django set up."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from io import BytesIO
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count, F, Sum

from backoffice.lib import clock
from backoffice.lib.models import Job
from orders.models import Order, OrderImport, OrderLine
from orders.services.importing import check_import, load_import, read_file, settings_of

HEAD = "order,date,customer,sku,quantity,price\n"
SOURCE = "old-shop"
LINES_AN_INVOICE = 4
CUSTOMERS = 5_000
CANCELLED = 20  # every so many invoices one is a cancellation


def rows(lines: int) -> Iterator[tuple[str, str, int, Decimal]]:
    """Invoice, SKU, quantity and price of each line."""
    for n in range(lines):
        invoice = n // LINES_AN_INVOICE
        is_back = invoice % CANCELLED == CANCELLED - 1
        price = Decimal(n % 9_973 + 1) / 100
        yield f"{'C' if is_back else ''}{invoice}", f"sku-{n % 997}", -1 if is_back else n % 7 + 1, price


def expected(lines: int) -> dict[str, Any]:
    """What the file says, added up without the database."""
    sales, backs, sold_lines, sold, net = set(), set(), 0, Decimal(0), Decimal(0)
    for invoice, _sku, quantity, price in rows(lines):
        net += quantity * price
        if invoice.startswith("C"):
            backs.add(invoice)
        else:
            sales.add(invoice)
            sold_lines += 1
            sold += quantity * price
    return {
        "rows": lines,
        "invoices": len(sales) + len(backs),
        "orders": len(sales),
        "order_lines": sold_lines,
        "sold": str(sold),
        "net": str(net),
    }


def a_read_file(lines: int) -> OrderImport:
    stream = BytesIO((HEAD + "".join(_line(*row) for row in rows(lines))).encode())
    return read_file(stream, name="old-shop.csv", by=_asker(), at=clock.now())


def _line(invoice: str, sku: str, pieces: int, price: Decimal) -> str:
    number = int(invoice.removeprefix("C"))
    return f"{invoice},2025-01-{number % 28 + 1:02} 10:00,u{number % CUSTOMERS},{sku},{pieces},{price}\n"


def begin_check(found: OrderImport) -> int:
    """Answers the id of the job."""
    settings = replace(settings_of(found), source=SOURCE, cancellation_mark="C")
    return int(check_import(found, settings=settings, by=_asker(), at=clock.now()).check_job_id)


def begin_load(found: OrderImport) -> int:
    found = OrderImport.objects.get(pk=found.pk)
    return int(load_import(found, by=_asker(), reason="history", at=clock.now()).job_id)


def outcome(found: OrderImport) -> dict[str, Any]:
    """Counted from the tables, so that what is missing shows, and what is there twice."""
    found = OrderImport.objects.get(pk=found.pk)
    orders = Order.objects.filter(imported_from=SOURCE)
    lines = OrderLine.objects.filter(order__in=orders)
    loaded = found.invoices.filter(result="loaded")
    whole = loaded.filter(order__in=orders).annotate(lines=Count("order__lines")).filter(lines=F("lines_count"))
    return {
        "status": found.status,
        "check": _told(found.check_job_id),
        "load": _told(found.job_id),
        "rows": found.rows.count(),
        "invoices": found.invoices.count(),
        "results": dict(found.invoices.order_by().values_list("result").annotate(n=Count("pk"))),
        "net": str(loaded.aggregate(sum=Sum("amount"))["sum"]),
        "orders": orders.count(),
        "orders_with_their_lines": whole.count(),
        "order_lines": lines.count(),
        "sold": str(lines.aggregate(sum=Sum("amount"))["sum"]),
    }


def _told(job_id: int) -> list[Any]:
    """The job's state, how many items it had, did and failed at."""
    return list(Job.objects.values_list("status", "total", "done", "failed_items").get(pk=job_id))


def _asker() -> User:
    return User.objects.get(username="chaos-asker")
