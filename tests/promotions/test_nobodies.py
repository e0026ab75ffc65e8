"""Values that identify nobody are listed by staff, and are then nobody's to rules, orders and everybody else."""

import pytest

from backoffice.lib.errors import InvalidInput, StaleState
from promotions.models import NobodyValue
from promotions.services import nobody
from promotions.services.nobody import (
    forget_nobodies,
    known_device,
    known_network,
    known_person,
    known_phone,
    known_recipient,
    list_nobody,
    set_listed,
)
from promotions.states import Identity, NobodyKind, RefusalReason
from tests.promotions.factories import NOON, a_claim, the_asker
from tests.promotions.ruling import an_entry_with_rule

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _read_anew():
    forget_nobodies()
    yield
    forget_nobodies()


def listed(kind, value):
    row = list_nobody(kind=kind, value=value, note="test", by=the_asker(), at=NOON)
    forget_nobodies()  # a commit does it; a test has none
    return row


@pytest.mark.parametrize(
    "value",
    [
        "unknown", "Unknown ", "NULL", "(null)", "nil", "NaN", "none", "undefined", "n/a", "NA", "android", "test",
        "FF:FF:FF:FF:FF:FF", "ffffffffffff", "02:00:00:00:00:00", "02-00-00-00-00-00", "020000000000",
        "9774d56d682e549c", "9774D56D682E549C", "012345678912345", "123456789012345",
        "emulator-5554", "google_sdk", "52:54:00:12:34:56", "00:90:4C:C5:12:38", "0090.4cc5.1238",
    ],
)  # fmt: skip
def test_a_device_id_that_strangers_are_known_to_share_identifies_nobody(value):
    assert known_device(value) == ""


@pytest.mark.parametrize("value", ["unknown-7", "02:00:00:00:00:01", "testphone", "my emulator", "52:54:00:12:34:58"])
def test_what_only_resembles_a_listed_value_still_identifies(value):
    assert known_device(value) == value


@pytest.mark.parametrize("address", ["192.168.1.5", "10.0.0.1", "172.31.255.1", "fd12:3456::1", "::ffff:10.1.2.3"])
def test_a_private_address_identifies_nobody(address):
    assert known_network(address) == ""


@pytest.mark.parametrize(
    ("address", "kept"), [("203.0.113.7", "203.0.113.7"), ("2001:db8::1", "2001:db8::/64"), ("172.32.0.1", "172.32.0.1")]
)
def test_an_address_of_the_internet_identifies(address, kept):
    assert known_network(address) == kept


def test_a_person_or_a_recipient_called_nothing_is_nobody():
    assert (known_person("null"), known_recipient("undefined")) == ("", ("", ""))
    assert known_person("id-1") != "" != known_recipient("Player_One")[0]


def test_a_listed_device_is_missing_to_a_rule_and_identifies_again_once_it_is_taken_off():
    entry = an_entry_with_rule(identity=Identity.DEVICE)
    row = listed(NobodyKind.DEVICE, "Demo-Phone*")
    claim = a_claim(entry=entry, device="demo phone 7")
    assert (claim.reason, claim.device) == (RefusalReason.IDENTITY_MISSING, "")
    set_listed(row, is_listed=False, by=the_asker(), reason="sold", at=NOON)
    forget_nobodies()
    assert a_claim(entry=entry, device="demo phone 7").reason == ""


def test_a_listed_phone_is_nobodys_in_every_spelling_and_stored_as_a_hash():
    row = listed(NobodyKind.PHONE, "+86 139 0000 4321")
    assert known_phone("13900004321") is None
    assert known_phone("13900004322") is not None
    assert "13900004321" not in row.value + row.shown
    assert str(row) == "139••••4321"


def test_a_listed_network_covers_its_addresses():
    listed(NobodyKind.ADDRESS, "203.0.113.9/28")
    assert (known_network("203.0.113.3"), known_network("203.0.113.16")) == ("", "203.0.113.16")


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (NobodyKind.DEVICE, "*"),
        (NobodyKind.DEVICE, " - * - "),
        (NobodyKind.TEXT, "000"),
        (NobodyKind.TEXT, ""),
        (NobodyKind.PHONE, "not a phone"),
        (NobodyKind.ADDRESS, "somewhere"),
        (NobodyKind.DEVICE, "unlisted\x00"),
    ],
)
def test_what_would_be_everybody_or_is_no_such_value_is_not_listed(kind, value):
    before = NobodyValue.objects.count()
    with pytest.raises(InvalidInput):
        list_nobody(kind=kind, value=value, note="test", by=the_asker(), at=NOON)
    assert NobodyValue.objects.count() == before


def test_a_value_is_listed_once_and_taken_off_once():
    row = listed(NobodyKind.DEVICE, "demo-phone")
    with pytest.raises(InvalidInput):
        list_nobody(kind=NobodyKind.DEVICE, value="DEMO PHONE", note="test", by=the_asker(), at=NOON)
    set_listed(row, is_listed=False, by=the_asker(), reason="sold", at=NOON)
    with pytest.raises(StaleState):
        set_listed(row, is_listed=False, by=the_asker(), reason="sold", at=NOON)


def test_the_list_is_read_once_for_many_claims_and_anew_when_it_is_old(django_assert_num_queries, monkeypatch):
    with django_assert_num_queries(1):
        for number in range(20):
            known_device(f"d{number}")
            known_network("203.0.113.7")
    monkeypatch.setattr(nobody, "REFRESHED_EVERY", -1.0)
    with django_assert_num_queries(1):
        known_device("d1")


def test_listing_forgets_what_this_process_knew(django_capture_on_commit_callbacks):
    assert known_device("demo-phone") == "demo-phone"
    with django_capture_on_commit_callbacks(execute=True):
        list_nobody(kind=NobodyKind.DEVICE, value="demo-phone", note="test", by=the_asker(), at=NOON)
    assert known_device("demo-phone") == ""
