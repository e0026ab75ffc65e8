"""Orders from a file: read, checked by SQL, loaded by a job, each invoice exactly once."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Sum

from backoffice.lib.errors import InvalidInput, StaleState
from backoffice.lib.jobs import LEASE, queue_job, run_job
from backoffice.lib.models import Job, OutboxMessage
from orders.models import ImportedInvoice, ImportRow, Order, OrderImport, OrderLine
from orders.services import import_jobs
from orders.services.importing import ImportNotReady, check_import, discard_import, save_mapping, settings_of
from risk.querysets import without_assessment
from tests.orders.factories import an_order
from tests.orders.import_files import a_file, asked_to_load, checked, loaded, problems_of
from tests.promotions.factories import NOON, the_asker

pytestmark = pytest.mark.django_db

TEA = "H1,2025-01-01 10:30,u1,tea,2,5.25"
CUP = "H1,2025-01-01 10:31,u1,cup,1,0"
POT = "H2,2025-01-02,u2,pot,1,30.00"
BACK = "CH3,2025-01-03,u1,tea,-1,5.25"


def outcome(found):
    return {ref: (kind, result) for ref, kind, result in found.invoices.values_list("ref", "kind", "result")}


def test_a_sale_becomes_a_completed_order_with_its_lines():
    found = loaded(checked(a_file(TEA, CUP, POT), time_zone="Asia/Shanghai", currency="GBP"))
    order = Order.objects.get(ref="H1")
    assert (order.status, order.gross_amount, order.currency, order.imported_from) == (
        "completed",
        Decimal("10.50"),
        "GBP",
        "old-shop",
    )
    assert order.placed_at == order.completed_at == datetime(2025, 1, 1, 2, 30, tzinfo=UTC)
    lines = list(order.lines.values_list("position", "sku", "quantity", "delivered_quantity", "amount", "is_free"))
    assert lines == [(1, "tea", 2, 2, Decimal("10.50"), False), (2, "cup", 1, 1, Decimal(0), True)]
    assert (found.status, found.job.total) == ("loaded", 2)
    assert order.customer.has_ordered


def test_a_cancellation_is_kept_beside_the_orders_and_the_net_is_a_query():
    found = loaded(checked(a_file(TEA, POT, BACK, "H4,2025-01-04,u1,tea,-3,0"), cancellation_mark="C"))
    assert outcome(found) == {
        "H1": ("sale", "loaded"),
        "H2": ("sale", "loaded"),
        "CH3": ("cancellation", "loaded"),
        "H4": ("nothing", "loaded"),
    }
    assert ImportedInvoice.objects.filter(result="loaded").aggregate(net=Sum("amount"))["net"] == Decimal("35.25")
    assert set(Order.objects.values_list("ref", flat=True)) == {"H1", "H2"}


def test_loaded_twice_it_adds_nothing():
    loaded(checked(a_file(TEA, POT, BACK)))
    rows = OrderLine.objects.count()
    again = loaded(checked(a_file(TEA, POT, BACK)))
    assert again.preview["same"] == 3
    assert again.invoices.all().tally() == {"pending": 0, "loaded": 0, "skipped": 3, "failed": 0}
    assert (Order.objects.count(), OrderLine.objects.count()) == (2, rows)


def test_the_same_number_with_something_else_in_it_is_refused_and_what_is_there_stays():
    loaded(checked(a_file(TEA, POT)))
    again = loaded(checked(a_file(TEA, "H2,2025-01-02,u2,pot,1,31.00")))
    assert outcome(again) == {"H1": ("sale", "skipped"), "H2": ("sale", "failed")}
    assert "different" in again.invoices.get(ref="H2").detail
    assert Order.objects.get(ref="H2").gross_amount == Decimal("30.00")


def test_an_order_of_the_storefront_keeps_its_number():
    order = an_order(ref="H2")
    found = loaded(checked(a_file(TEA, POT)))
    assert outcome(found) == {"H1": ("sale", "loaded"), "H2": ("sale", "failed")}
    order.refresh_from_db()
    assert (order.status, order.lines.count()) == ("paid", 1)


def test_another_source_may_use_the_numbers_behind_a_prefix():
    loaded(checked(a_file(POT)))
    other = loaded(checked(a_file(POT), source="new-shop", order_prefix="new-"))
    assert outcome(other) == {"new-H2": ("sale", "loaded")}


WRONG = {
    "order": ",2025-01-01,u1,tea,1,5",
    "moment": "H9,2025-02-30,u1,tea,1,5",
    "future": "H9,2099-01-01,u1,tea,1,5",
    "nobody": "H9,2025-01-01,,tea,1,5",
    "customer": "H9,2025-01-01,u 1,tea,1,5",
    "sku": "H9,2025-01-01,u1,,1,5",
    "quantity": "H9,2025-01-01,u1,tea,1.5,5",
    "money": "H9,2025-01-01,u1,tea,1,five",
    "cells": "H9,2025-01-01,u1,tea,1",
    "below": "H9,2025-01-01,u1,tea,-1,5",
    "cancels": "C9,2025-01-01,u1,tea,1,5",
}


@pytest.mark.parametrize(("problem", "row"), WRONG.items(), ids=WRONG)
def test_a_wrong_row_is_said_by_line_and_nothing_is_loaded(problem, row):
    found = checked(a_file(TEA, row, POT), cancellation_mark="C")
    assert problems_of(found) == {3: problem}
    assert import_jobs.PROBLEMS[problem]
    with pytest.raises(ImportNotReady, match="1 rows are wrong"):
        asked_to_load(found)
    assert not Order.objects.exists()


def test_rows_of_one_order_that_name_two_customers_are_wrong():
    assert problems_of(checked(a_file(TEA, "H1,2025-01-01,u2,cup,1,1"))) == {2: "customers"}


def test_an_order_with_a_wrong_row_is_left_out_whole_where_that_was_chosen():
    found = loaded(checked(a_file(TEA, "H1,2025-02-30,u1,cup,1,5", POT), leaves_out_wrong=True))
    assert outcome(found) == {"H2": ("sale", "loaded")}
    assert set(Order.objects.values_list("ref", flat=True)) == {"H2"}


DATES = {
    "2025-01-02T03:04:05Z": ("ymd", datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)),
    "2025/1/2 03:04": ("ymd", datetime(2025, 1, 1, 19, 4, tzinfo=UTC)),
    "2025-01-02 03:04:05.123-05:30": ("ymd", datetime(2025, 1, 2, 8, 34, 5, tzinfo=UTC)),
    "02.01.2025": ("dmy", datetime(2025, 1, 1, 16, tzinfo=UTC)),
    "1/2/2025 08:00": ("mdy", datetime(2025, 1, 2, tzinfo=UTC)),
    "2024-02-29 08:00": ("ymd", datetime(2024, 2, 29, tzinfo=UTC)),
    "2023-02-29": ("ymd", None),
    "0000-00-00": ("ymd", None),
    "2025-13-01": ("ymd", None),
    "2025-01-01 24:00": ("ymd", None),
    "31/12/2025": ("mdy", None),
}


@pytest.mark.parametrize(("text", "told"), DATES.items(), ids=DATES)
def test_dates_are_read_as_chosen_or_refused(text, told):
    order, moment = told
    found = checked(a_file(f"H1,{text},u1,tea,1,5"), date_order=order)
    assert found.rows.get().placed_at == moment
    assert problems_of(found) == ({} if moment else {2: "moment"})


NUMBERS = {
    "1,234.56": (".", "1234.56"),
    "1.234,56": (",", "1234.56"),
    "0.005": (".", "0.01"),
    "1,23": (".", None),
    "1e3": (".", None),
}


@pytest.mark.parametrize(("text", "told"), NUMBERS.items(), ids=NUMBERS)
def test_numbers_are_read_as_chosen_or_refused(text, told):
    mark, amount = told
    found = checked(a_file(f'H1,2025-01-01,u1,tea,1,"{text}"'), decimal_mark=mark)
    assert found.rows.get().amount == (Decimal(amount) if amount else None)


def test_references_that_a_spreadsheet_took_for_numbers_are_whole_again():
    loaded(checked(a_file("100.0,2025-01-01,17850.0,tea,1,5")))
    assert Order.objects.get(ref="100").customer.ref == "17850"


def test_imported_orders_wake_nobody():
    before = OutboxMessage.objects.count()
    loaded(checked(a_file(TEA.replace("2025", "2019"))))
    order = Order.objects.get()
    around = {"since": order.placed_at - timedelta(days=1), "until": order.placed_at + timedelta(days=1)}
    assert not without_assessment(**around).exists()
    assert OutboxMessage.objects.count() == before
    Order.objects.update(imported_from="")
    assert without_assessment(**around).exists(), "the control: it is the source that keeps it away"


@pytest.mark.parametrize("chunk", [1, 2, 3])
def test_a_worker_that_dies_in_a_chunk_is_followed_by_another_and_each_order_is_there_once(monkeypatch, chunk):
    class Killed(BaseException):
        pass

    monkeypatch.setattr(import_jobs, "INVOICES_A_CHUNK", 2)
    found = asked_to_load(checked(a_file(*(f"H{n},2025-01-01,u{n},tea,1,5" for n in range(1, 7)))))
    do, seen = import_jobs._do, []

    def dying(statement, values):
        do(statement, values)
        if statement is import_jobs.statements.LINES:
            seen.append(1)
            if len(seen) == chunk:
                raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(import_jobs, "_do", dying)
        with pytest.raises(Killed):
            run_job(found.job_id, now=lambda: NOON)
    assert Order.objects.count() == OrderLine.objects.count() == 2 * (chunk - 1)
    assert run_job(found.job_id, now=lambda: NOON + LEASE + timedelta(seconds=1))
    assert Order.objects.count() == OrderLine.objects.count() == 6
    job = Job.objects.get(pk=found.job_id)
    assert (job.status, job.done, job.failed_items) == ("done", 6, 0)


def test_a_check_that_failed_goes_on_where_it_stopped(monkeypatch):
    found = a_file(TEA, POT)
    with monkeypatch.context() as patch:
        patch.setattr(import_jobs.statements, "COMPARE", "SELECT nonsense")
        with pytest.raises(Exception, match="nonsense"):
            checked(found)
    found.refresh_from_db()
    queue_job(found.check_job)
    run_job(found.check_job_id, now=lambda: NOON)
    found.refresh_from_db()
    assert (found.status, found.invoices.count()) == ("checked", 2)


def test_it_may_be_checked_again_otherwise_until_it_is_loaded():
    found = checked(a_file(TEA, POT), source="wrong")
    found = loaded(checked(found, source="right"))
    assert set(found.invoices.values_list("source", flat=True)) == {"right"}
    with pytest.raises(StaleState):
        check_import(found, settings=settings_of(found), by=the_asker(), at=NOON)


def test_what_is_discarded_leaves_no_row_behind():
    found = discard_import(checked(a_file(TEA)), by=the_asker(), reason="the wrong file", at=NOON)
    assert found.status == "discarded"
    assert not ImportRow.objects.exists()
    assert not ImportedInvoice.objects.exists()


def test_a_saved_mapping_is_taken_for_the_next_file_with_its_columns():
    found = checked(a_file(TEA), source="mine", currency="EUR")
    save_mapping(" my  shop ", settings_of(found), by=the_asker(), at=NOON)
    assert settings_of(a_file(POT)) == settings_of(found)
    with pytest.raises(InvalidInput, match="called"):
        save_mapping("  ", settings_of(found), by=the_asker(), at=NOON)


BAD_SETTINGS = {
    "source": "No Source",
    "currency": "pound",
    "time_zone": "Mars/Base",
    "nobody": "no body",
    "columns": {"order": "order"},
}


@pytest.mark.parametrize(("name", "value"), BAD_SETTINGS.items(), ids=BAD_SETTINGS)
def test_settings_that_read_no_file_are_refused_before_the_check(name, value):
    found = a_file(TEA)
    with pytest.raises(InvalidInput):
        checked(found, **{name: value})
    assert OrderImport.objects.get().status == "read"


def refused(name, act):
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        act()


def test_the_database_keeps_rows_and_invoices_as_they_were_checked():
    found = checked(a_file(TEA, BACK))
    refused("import_rows_come_with_the_file", lambda: ImportRow.objects.create(order_import=found, number=9, cells=[]))
    found = loaded(found)
    refused("import_rows_are_closed", lambda: found.rows.update(amount=1))
    refused("import_rows_are_kept", lambda: found.rows.all().delete())


def test_the_database_lets_no_invoice_in_twice_and_no_sale_in_without_its_order():
    found = checked(a_file(TEA, POT))
    refused("imported_sale_has_its_order", lambda: found.invoices.update(result="loaded"))
    refused("imported_invoice_is_of_its_kind", lambda: ImportedInvoice(**fields_of(found), kind="sale", amount=-1).save())
    loaded(found)
    again = checked(a_file(TEA))
    order = an_order()
    refused("imported_invoice_loaded_once", lambda: again.invoices.update(result="loaded", order=order))


def fields_of(found):
    given = {"order_import": found, "number": 99, "source": "x", "ref": "x", "placed_at": NOON, "currency": "CNY"}
    OrderImport.objects.filter(pk=found.pk).update(status="checking")
    return given | {"lines_count": 1, "fingerprint": "x"}
