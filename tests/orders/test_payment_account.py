"""Of the account that pays and the phone that parcels go to, a keyed hash and four characters are kept, and never more."""

import pytest
from django.db import connection

from backoffice.lib.errors import InvalidInput
from orders.models import Order
from promotions.identities import payment_account_of, recipient_of
from promotions.services.nobody import list_nobody
from promotions.states import NobodyKind
from tests.orders.factories import an_order
from tests.promotions.factories import NOON, the_asker

pytestmark = pytest.mark.django_db

PURSE = "2088002244668800"
PHONE = "13911112222"


def everything_stored():
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(o::text, ' ') FROM orders_order o")
        return cursor.fetchone()[0]


def test_they_are_hashed_and_only_the_last_four_are_kept():
    order = Order.objects.get(pk=an_order(payment_account=PURSE, delivery_phone=PHONE).pk)
    assert (len(order.payment_account_hash), order.payment_account_last_four) == (64, "8800")
    assert (len(order.delivery_phone_hash), order.delivery_phone_last_four) == (64, "2222")
    stored = everything_stored()
    assert PURSE not in stored
    assert PHONE not in stored


def test_one_that_nobody_told_of_is_empty():
    order = Order.objects.get(pk=an_order().pk)
    assert {order.payment_account_hash, order.payment_account_last_four} == {""}
    assert {order.delivery_phone_hash, order.delivery_phone_last_four} == {""}


def test_one_account_compares_equal_however_it_is_spelt():
    assert an_order(payment_account="Buyer@Example.com").payment_account_hash == (
        an_order(payment_account=" buyer@example.com ").payment_account_hash
    )
    assert an_order(delivery_phone="+86 139 1111 2222").delivery_phone_hash == an_order(delivery_phone=PHONE).delivery_phone_hash


def test_a_payment_account_that_looks_like_a_phone_is_nobodys_phone():
    key = b"key"
    assert payment_account_of(PHONE, key=key)[0] != recipient_of(PHONE, key=key)[0]


@pytest.mark.parametrize("text", ["139****2222", "2088••••8800", "0000000000", "   ", "unknown"])
def test_what_identifies_nobody_is_not_kept(text):
    order = an_order(payment_account=text, delivery_phone=text)
    assert (order.payment_account_hash, order.delivery_phone_hash) == ("", "")


def test_what_staff_list_as_nobodys_is_not_kept_from_then_on(django_capture_on_commit_callbacks):
    assert an_order(payment_account="cash on delivery").payment_account_hash
    with django_capture_on_commit_callbacks(execute=True):
        list_nobody(kind=NobodyKind.TEXT, value="cash on delivery", note="no account", by=the_asker(), at=NOON)
    assert an_order(payment_account="Cash on delivery").payment_account_hash == ""


def test_of_a_short_account_the_last_four_would_be_most_of_it_and_are_not_kept():
    order = an_order(payment_account="amy77")
    assert (bool(order.payment_account_hash), order.payment_account_last_four) == (True, "")


def test_one_that_is_too_long_is_refused_and_nothing_is_stored():
    with pytest.raises(InvalidInput, match="payment account is longer"):
        an_order(payment_account="x" * 201)
    assert not Order.objects.exists()
