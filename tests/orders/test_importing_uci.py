"""A real shop's year of invoices (UCI Online Retail), loaded through the services, comes out at its own figures."""

import resource
from decimal import Decimal

import pytest
from django.db.models import Count, Sum

from orders.models import ImportedInvoice, Order, OrderLine
from orders.services.importing import read_file, settings_of
from tests.conftest import RECORDED_DATA
from tests.orders.import_files import checked, loaded
from tests.promotions.factories import NOON, the_asker

pytestmark = [pytest.mark.django_db, pytest.mark.realdata, pytest.mark.slow]

FILE = RECORDED_DATA / "uci_online_retail" / "online_retail.csv.gz"
SETTINGS = {"source": "uci", "currency": "GBP", "time_zone": "Europe/London", "nobody": "nobody"}


def imported():
    with FILE.open("rb") as stream:
        found = read_file(stream, name=FILE.name, by=the_asker(), at=NOON)
    assert (found.rows_count, settings_of(found).cancellation_mark, settings_of(found).adjustment_mark) == (541_909, "C", "A")
    return loaded(checked(found, **SETTINGS))


def test_the_year_comes_out_at_its_own_figures_and_imported_twice_adds_nothing():
    found = imported()
    invoices = ImportedInvoice.objects.filter(result="loaded")
    assert invoices.aggregate(Count("pk"), Sum("amount")) == {"pk__count": 25_900, "amount__sum": Decimal("9747747.93")}
    cancelled = invoices.filter(kind="cancellation").aggregate(Sum("amount"), Sum("lines_count"))
    assert cancelled == {"amount__sum": Decimal("-896812.49"), "lines_count__sum": 9_288}
    sales = invoices.filter(kind="sale").aggregate(Sum("amount"))["amount__sum"]
    assert Order.objects.aggregate(Sum("gross_amount"))["gross_amount__sum"] == sales
    assert OrderLine.objects.aggregate(Sum("amount"))["amount__sum"] == sales
    assert found.preview["of_nobody"] == 135_080
    said = found.rows.filter(cells__2__regex='[,"]')
    assert said.count() == 6_035, "descriptions with a comma or a quote, each still one cell"
    counts = (Order.objects.count(), OrderLine.objects.count())
    assert imported().invoices.all().tally() == {"pending": 0, "loaded": 0, "skipped": 25_900, "failed": 0}
    assert (Order.objects.count(), OrderLine.objects.count()) == counts
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 500_000, "kilobytes, pytest and its plugins with it"
