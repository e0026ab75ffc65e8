"""Lists come in whole or not at all; what is wrong is said by line."""

import hashlib
from datetime import timedelta

import pytest

from backoffice.lib.errors import InvalidInput
from promotions.grant_files import PROBLEMS_SHOWN
from promotions.models import Customer, Grant, GrantItem
from promotions.services import grant_lists
from promotions.services.grant_filters import CustomerFilter
from promotions.services.grant_lists import BadList, draft_from_filter
from tests.promotions.factories import (
    DAY,
    NOON,
    a_claim,
    a_claimant,
    a_coupon,
    a_coupon_type,
    an_entry,
    cash_out,
    the_asker,
)
from tests.promotions.granting import a_draft, from_file

pytestmark = pytest.mark.django_db


def listed(grant):
    return list(grant.items.order_by("number").values_list("number", "ref"))


@pytest.mark.parametrize(
    "content",
    [
        b"customer\nu1\nu2\n",
        b"customer\r\nu1\r\nu2\r\n",
        b"customer\nu1\nu2",
        "\ufeffcustomer\nu1\nu2\n".encode(),
        b'"Customer "\n"u1"\n u2 \n',
    ],
    ids=["LF", "CRLF", "no last line end", "byte order mark", "quotes and blanks"],
)
def test_a_file_is_read_however_it_was_saved(content):
    grant = from_file(content)
    assert listed(grant) == [(2, "u1"), (3, "u2")]
    assert (grant.count, grant.status, grant.list_hash) == (2, "draft", hashlib.sha256(b"u1\nu2").hexdigest())


def test_columns_beside_are_left_alone_and_named():
    grant = from_file("name,customer,amount\nLi,u1,500\n")
    assert listed(grant) == [(2, "u1")]
    assert "columns left alone: name, amount" in grant.scope_text


def test_an_empty_line_is_no_customer():
    assert listed(from_file("customer\nu1\n\nu2\n\n")) == [(2, "u1"), (4, "u2")]


WRONG = {
    "empty file": ("", {1: "the file is empty"}),
    "no such column": ("client\nu1\n", {1: "the first line must name the column"}),
    "column twice": ("customer,customer\nu1,u2\n", {1: "the first line must name the column"}),
    "header alone": ("customer\n", {1: "no customers"}),
    "blank cell": ("name,customer\nLi,\n", {2: "no customer"}),
    "bad reference": ("customer\nu1\nu 2\n", {3: "“u 2” is no customer"}),
    "too long": ("customer\n" + "u" * 65 + "\n", {2: "is no customer"}),
    "formula": ("customer\n=1+1\n", {2: "is no customer"}),
    "too few cells": ("customer,name\nu1\n", {2: "1 cells, but the first line has 2"}),
    "too many cells": ("customer\nu1,x\n", {2: "2 cells, but the first line has 1"}),
    "open quote": ('customer\nu1\n"u2\n', {3: "the quotes do not match"}),
    "named twice": ("customer\nu1\nu2\nu1\n", {4: "u1 is named in line 2 already"}),
    "not UTF-8": (b"customer\nu1\n\xff\xfe\n", {3: "is no customer"}),
    "UTF-16": ("customer\nu1\n".encode("utf-16"), {1: "Is the file a CSV in UTF-8?"}),
    "NUL": (b"customer\nu\x001\n", {2: "is no customer"}),
    "several": ("customer\n-\nu1\nu1\n-\n", {2: "is no customer", 4: "named in line 3", 5: "is no customer"}),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_is_reported_by_line_and_loads_nothing(name):
    content, problems = WRONG[name]
    with pytest.raises(BadList) as error:
        from_file(content)
    found = {problem.line: problem.text for problem in error.value.problems}
    assert found.keys() == problems.keys()
    assert all(text in found[line] for line, text in problems.items())
    assert error.value.count == len(problems)
    assert (Grant.objects.count(), GrantItem.objects.count(), Customer.objects.count()) == (0, 0, 0)


def test_the_first_hundred_are_shown_and_all_are_counted():
    with pytest.raises(BadList) as error:
        from_file("customer\n" + "-\n" * 150)
    assert (error.value.count, len(error.value.problems)) == (150, PROBLEMS_SHOWN)
    assert "Nothing was loaded: 150 lines are wrong. These are the first 100." in str(error.value)
    with pytest.raises(BadList) as error:
        from_file("customer\n" + "u1\n" * 151)
    assert (error.value.count, len(error.value.problems)) == (150, PROBLEMS_SHOWN)


def test_a_list_has_an_end(monkeypatch):
    monkeypatch.setattr(grant_lists, "MOST_ROWS", 2)
    with pytest.raises(BadList, match="more than 2 customers: split the list"):
        from_file("customer\nu1\nu2\nu3\n")


def test_typed_customers_are_checked_alike():
    assert listed(a_draft("customer", "u1", "", "u2")) == [(2, "u1"), (4, "u2")]
    with pytest.raises(BadList, match="Line 2: “u 2” is no customer"):
        a_draft("u1", "u 2")


def test_a_type_that_has_ended_gets_no_list():
    coupon_type = a_coupon_type()
    type(coupon_type).objects.filter(pk=coupon_type.pk).update(status="ended")
    coupon_type.refresh_from_db()
    with pytest.raises(InvalidInput, match="has ended"):
        from_file("customer\nu1\n", coupon_type)


def test_a_draft_shows_what_it_would_do_and_changes_no_customer():
    coupon_type = a_coupon_type()
    a_coupon(entry=an_entry(coupon_type=coupon_type), claimant=a_claimant(ref="u1"))
    grant = from_file("customer\nu1\nu2\nu3\n", coupon_type)
    assert grant.preview == {"at": NOON.isoformat(), "new": 2, "given": 2, "has_one": 1}
    assert Customer.objects.count() == 1


# Filters


def matching(**asked):
    try:
        grant = draft_from_filter(a_coupon_type(), CustomerFilter(**asked), by=the_asker(), at=NOON)
    except InvalidInput:
        return set()
    return set(grant.items.values_list("ref", flat=True))


def test_everybody_who_matches_is_on_the_list():
    tea = a_coupon_type(code="TEA")
    old = a_claimant(ref="old", registered_at=NOON - 400 * DAY, phone="13800000001")
    new = a_claimant(ref="new", registered_at=NOON - DAY, is_verified=False, phone="17000000002")
    coupon = a_coupon(entry=an_entry(coupon_type=tea), claimant=old)
    a_claim(claimant=new, at=NOON + timedelta(hours=1))
    cash_out(coupon)
    month = NOON - 30 * DAY
    assert matching(registered_before=month) == matching(is_verified=True) == matching(has_coupon_of="TEA") == {"old"}
    assert matching(has_redeemed=True) == matching(seen_before=NOON + timedelta(minutes=1)) == {"old"}
    assert matching(registered_from=month) == matching(is_verified=False) == matching(has_no_coupon_of="TEA") == {"new"}
    assert matching(has_redeemed=False) == matching(phone_segment="170") == {"new"}
    assert matching(is_verified=True, registered_from=month) == set()


def test_who_matches_later_is_not_on_the_list():
    a_claim(claimant=a_claimant(ref="u1"))
    grant = draft_from_filter(a_coupon_type(), CustomerFilter(is_verified=True), by=the_asker(), at=NOON)
    a_claim(claimant=a_claimant(ref="u2"))
    assert listed(grant) == [(1, "u1")]
    assert (grant.scope, grant.scope_text) == ({"is_verified": True}, "all customers who match: verified")


def test_a_filter_asks_something_of_what_exists():
    a_claim()
    with pytest.raises(InvalidInput, match="at least one condition"):
        draft_from_filter(a_coupon_type(), CustomerFilter(), by=the_asker(), at=NOON)
    with pytest.raises(InvalidInput, match="no coupon type NOPE"):
        draft_from_filter(a_coupon_type(), CustomerFilter(has_coupon_of="NOPE"), by=the_asker(), at=NOON)
