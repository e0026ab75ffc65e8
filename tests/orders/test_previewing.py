"""Before anybody asks: what a freeze would find, counted without writing anything, and in time."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, InternalError, connection, transaction

from backoffice.lib.reading import TooSlow, read_only
from orders.admin.preview_panels import delivered_words
from orders.models import Order
from orders.scopes.fields import part
from orders.scopes.parts import ScopeParts
from orders.services.delivering import deliver_order
from orders.services.previewing import DELIVERED_SHOWN, SAMPLE, preview_freeze, preview_release
from orders.states import LOST_STATUSES
from tests.orders.factories import a_done_freeze, a_freeze, a_hold, a_line, a_plain_coupon, a_top_up, an_order, everything
from tests.orders.import_files import a_file, checked, loaded
from tests.orders.rounds import sql
from tests.promotions.factories import NOON

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def scope(*left_out):
    return ScopeParts((part("status", "paid", "delivered"),), left_out)


def test_a_preview_counts_orders_customers_and_money():
    held, free, gone = (an_order(customer_ref="one"), an_order(customer_ref="one"), an_order(customer_ref="two"))
    a_hold(held)
    deliver_order(gone.ref, at=NOON)
    preview = preview_freeze(scope(), at=NOON)
    assert (preview.fingerprint.count, preview.customers) == (3, 2)
    assert preview.would_be_held("legal") == (2, {"CNY": Decimal(200)})
    assert preview.would_be_held("manual") == (1, {"CNY": Decimal(100)})
    assert (preview.held(), preview.held("manual"), preview.held("legal")) == (1, 1, 0)
    assert (preview.count(LOST_STATUSES), preview.worth(LOST_STATUSES)) == (1, {"CNY": Decimal(100)})
    assert [order.pk for order in preview.delivered] == [gone.pk]
    assert free.pk in {order.pk for order in preview.sample}


def test_lost_is_what_coupons_took_off_orders_that_have_left():
    paid_for = an_order(coupons=(a_plain_coupon(),))
    deliver_order(paid_for.ref, at=NOON)
    an_order(coupons=(a_plain_coupon(),))  # control: it has not left, and can be saved
    for _ in range(DELIVERED_SHOWN):
        deliver_order(an_order().ref, at=NOON + MINUTE)
    preview = preview_freeze(scope(), at=NOON + MINUTE)
    assert preview.count(LOST_STATUSES) == DELIVERED_SHOWN + 1
    assert preview.lost() == (1, {"CNY": Decimal(10)})
    assert [order.pk for order in preview.delivered][:1] == [paid_for.pk], "before all that were delivered later"
    assert len(preview.delivered) == DELIVERED_SHOWN


def test_orders_from_a_file_cannot_be_frozen_and_lose_nothing():
    loaded(checked(a_file("H1,2025-01-01,u1,tea,2,5.25")))
    preview = preview_freeze(ScopeParts((part("status", "completed"),)), at=NOON)
    assert (preview.count(LOST_STATUSES), preview.worth(LOST_STATUSES)) == (1, {"CNY": Decimal("10.50")})
    assert preview.lost() == (0, {})
    assert "nothing is lost with them" in delivered_words(preview)


def test_money_is_never_added_up_over_currencies():
    an_order()
    dollar = an_order()
    Order.objects.filter(pk=dollar.pk).update(currency="USD")
    assert preview_freeze(scope(), at=NOON).would_be_held("legal") == (2, {"CNY": Decimal(100), "USD": Decimal(100)})


def test_the_hash_of_a_preview_is_the_hash_of_the_request():
    for _ in range(3):
        an_order()
    freeze = a_freeze(everything().filter(status="paid"))
    assert preview_freeze(scope(), at=NOON).fingerprint.sha256 == freeze.job.scope_hash


def test_what_is_left_out_is_counted_and_named():
    an_order(device="rack-1")
    an_order(device="rack-2")
    preview = preview_freeze(scope(part("device", "rack-2"), part("virtual", "no")), at=NOON)
    assert preview.fingerprint.count == 0
    assert [(left.words, left.orders, left.worth) for left in preview.left_out] == [
        ("device: rack-2", 1, {"CNY": Decimal(100)}),
        ("virtual goods: goods alone", 2, {"CNY": Decimal(200)}),
    ]


def test_the_sample_begins_with_what_can_still_be_saved_and_would_not_come_back():
    goods = an_order(lines=(a_line(amount=Decimal(900)),))
    small, large = (an_order(lines=(a_top_up(amount=Decimal(amount)),)) for amount in (50, 500))
    gone = an_order(lines=(a_top_up(amount=Decimal(999)),))
    deliver_order(gone.ref, at=NOON)
    preview = preview_freeze(scope(), at=NOON)
    assert [order.pk for order in preview.sample] == [large.pk, small.pk, goods.pk, gone.pk]


def test_a_sample_is_of_fifty():
    for _ in range(SAMPLE + 2):
        an_order()
    assert len(preview_freeze(scope(), at=NOON).sample) == SAMPLE


def test_a_release_is_previewed_over_its_own_open_holds():
    first, second = an_order(), an_order()
    freeze = a_done_freeze(everything().filter(pk=first.pk))
    a_done_freeze(everything().filter(pk=second.pk))
    preview = preview_release(freeze, ScopeParts(), at=NOON)
    assert (preview.fingerprint.count, [order.pk for order in preview.sample]) == (1, [first.pk])


def test_nothing_is_written_while_it_counts():
    order = an_order()
    with pytest.raises(InternalError, match="read-only transaction"), transaction.atomic(), read_only(within=MINUTE):
        sql("UPDATE orders_order SET device = 'x' WHERE id = %s", order.pk)
    sql("UPDATE orders_order SET device = 'y' WHERE id = %s", order.pk)  # control: outside it is written


def test_reading_that_takes_too_long_is_given_up_with_a_sentence():
    with pytest.raises(TooSlow, match="Narrow the scope down"), read_only(within=timedelta(milliseconds=50)):
        sql("SELECT pg_sleep(30)")
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)


def test_many_short_statements_are_too_long_together():
    def read_on():
        with read_only(within=timedelta(milliseconds=200)):
            for _ in range(1000):
                sql("SELECT pg_sleep(0.02)")

    with pytest.raises(TooSlow):
        read_on()


def test_another_error_inside_is_not_taken_for_slowness():
    with pytest.raises(DatabaseError, match="division by zero"), read_only(within=MINUTE):
        sql("SELECT 1 / 0")


@pytest.mark.django_db(transaction=True)
def test_what_is_read_together_belongs_together():
    with read_only(within=MINUTE), connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only')")
        assert cursor.fetchone() == ("repeatable read", "on")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only')")
        assert cursor.fetchone() == ("read committed", "off")
