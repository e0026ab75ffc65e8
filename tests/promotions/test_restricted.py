"""A restricted type has no way in that was not guarded first, by any path."""

import pytest
from django.db import IntegrityError, connection, transaction

from backoffice.lib.errors import DomainError, InvalidInput
from promotions.models import CouponType, Entry
from promotions.services import coupon_types, entries
from promotions.services.thresholds import arm_built_in
from promotions.states import (
    EntryStatus,
)
from tests.promotions.factories import (
    a_restricted_type,
    an_entry,
    approved,
    the_asker,
)
from tests.promotions.kinds import WHY, fresh, refuses

pytestmark = pytest.mark.django_db


# Restricted types


def test_an_entry_of_a_restricted_type_cannot_open_before_the_type_is_live():
    coupon_type = a_restricted_type(is_live=False)
    entry = an_entry(coupon_type=coupon_type, is_open=False)
    asked = entries.request_entry(entry, by=the_asker(), **WHY)
    with pytest.raises(DomainError, match="must be live"):
        approved(asked)
    assert (fresh(entry).status, fresh(asked).status) == ("in_review", "pending")
    approved(coupon_types.request_coupon_type(coupon_type, by=the_asker(), **WHY))
    approved(asked)
    assert fresh(entry).status == EntryStatus.OPEN


def test_an_entry_of_a_restricted_type_cannot_be_made_without_tokens():
    with pytest.raises(InvalidInput, match="tokens"):
        an_entry(coupon_type=a_restricted_type(), needs_token=False)
    assert not Entry.objects.exists()


def test_the_database_opens_no_restricted_entry_without_armed_thresholds():
    coupon_type = a_restricted_type(is_live=False)
    entry = an_entry(coupon_type=coupon_type, is_open=False)
    Entry.objects.filter(pk=entry.pk).update(status="in_review")
    open_it = ("UPDATE promotions_entry SET status = 'open' WHERE id = %s", [entry.pk])
    refuses(*open_it, match="only with tokens, and with the thresholds armed")
    arm_built_in(coupon_type)
    with connection.cursor() as cursor:
        cursor.execute(*open_it)
    assert fresh(entry).status == EntryStatus.OPEN


def test_the_database_opens_no_restricted_entry_without_tokens():
    entry = an_entry(coupon_type=a_restricted_type(), is_open=False)
    Entry.objects.filter(pk=entry.pk).update(needs_token=False)
    Entry.objects.filter(pk=entry.pk).update(status="in_review")
    refuses("UPDATE promotions_entry SET status = 'open' WHERE id = %s", [entry.pk], match="only with tokens")


def test_the_database_takes_no_tokens_away_from_an_open_restricted_entry():
    entry = an_entry(coupon_type=a_restricted_type())
    refuses("UPDATE promotions_entry SET needs_token = false WHERE id = %s", [entry.pk], match="what was approved|only with tokens")


@pytest.mark.parametrize("lack", [{"quantity": None}, {"requires_verified": False}])
def test_a_restricted_type_has_a_quantity_and_verified_customers_only(lack):
    with pytest.raises(InvalidInput):
        a_restricted_type(**lack)
    coupon_type = a_restricted_type(is_live=False)
    with pytest.raises(IntegrityError, match="restricted_is_capped_and_verified"), transaction.atomic():
        CouponType.objects.filter(pk=coupon_type.pk).update(**lack)
