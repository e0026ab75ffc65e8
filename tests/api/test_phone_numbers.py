"""A full phone number goes no further than the door: no table, no log, no error and no answer ever holds it."""

import os
import re
import unicodedata

import pytest
from django.db import connection

from backoffice.logging import configure_logging
from promotions.models import Coupon
from promotions.services.blocks import block_identity
from promotions.services.nobody import list_nobody
from tests.api.storefront import Storefront, a_claim_body, a_line_body, an_order_body
from tests.promotions.factories import NOON, a_coupon_type, an_entry, the_asker

pytestmark = pytest.mark.django_db
NUMBER = "13912345670"
SPELLINGS = [
    "13912345670",
    "+8613912345670",
    "+86 139 1234 5670",
    "0086-139-1234-5670",
    "(+86)139.1234.5670",
    "tel:+86-139-1234-5670",
    "１３９１２３４５６７０",
    "١٣٩١٢٣٤٥٦٧٠",
    "139\u00a01234\u30005670",
    "013912345670",
    "13912345670 ext 9",
    "13912345670x",
    "qq13912345670",
    "\u200b13912345670",
    "13912345670,13912345670",
    "1391234567013912345670",
    "++13912345670",
    "13912345670\x00",
    "13912345670" * 4,
]


def digits(text):
    return re.sub(r"\D", "", "".join(str(unicodedata.digit(c, c)) for c in unicodedata.normalize("NFKC", text)))


def tables_with_the_number():
    """Every row of every table as one text, all columns in it: arrays, JSON and bytes too."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            if any(NUMBER in digits(row) for (row,) in cursor.fetchall()):
                found.append(table)
    return found


def storm(storefront):
    """Claims, quotes and orders with the number in each spelling, wherever a number may stand. Answers what was answered."""
    entry = an_entry(coupon_type=a_coupon_type(per_customer=None))
    answers = []
    for spelling in SPELLINGS:
        who = {"phone": spelling, "identity": spelling, "phone_verified": True}
        answers.append(storefront.post("claims/", a_claim_body(entry, customer=who)))
        answers.append(storefront.post("claims/", a_claim_body(entry, customer={**who, "registered_at": "never"})))
        top_up = a_line_body(category="phone_credit", recipient=spelling)
        answers.append(storefront.post("orders/", an_order_body(lines=[top_up])))
        answers.append(storefront.post("orders/", an_order_body(lines=[{**top_up, "amount": "0"}])))
        answers.append(storefront.post("quotes/", {"customer": "u1", "coupons": [], "lines": [top_up]}))
    return answers


@pytest.fixture
def _everything_is_logged():
    configure_logging("DEBUG")
    yield
    configure_logging(os.environ.get("LOG_LEVEL", "INFO"))


@pytest.mark.usefixtures("_everything_is_logged")
def test_after_a_storm_of_spellings_the_number_is_in_no_table_no_log_and_no_answer(caplog, capfd):
    caplog.set_level("DEBUG")
    answers = storm(Storefront())
    for identity in ("phone", "person"):
        block_identity(identity=identity, value=NUMBER, scope=None, reason="farm", expires_at=None, by=the_asker(), at=NOON)
    list_nobody(kind="phone", value=NUMBER, note="the shop's own", by=the_asker(), at=NOON)
    written = caplog.text + "".join(capfd.readouterr())
    assert {answer.status_code for answer in answers} == {200, 201, 400}
    assert Coupon.objects.count() > len(SPELLINGS) / 2
    assert [answer.content for answer in answers if NUMBER in digits(answer.content.decode())] == []
    assert NUMBER not in digits(written)
    assert tables_with_the_number() == []


def test_control_a_number_in_a_field_that_is_kept_as_it_is_would_be_found():
    """A device may be called anything. What the storm above looks for is seen where it is."""
    entry = an_entry()
    assert Storefront().post("claims/", a_claim_body(entry, device="139-1234 5670")).status_code == 201
    assert "promotions_claim" in tables_with_the_number()
