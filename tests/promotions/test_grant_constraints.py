"""What the database promises about grants, tried in raw SQL round every service."""

from decimal import Decimal

import pgtrigger
import pytest
from django.db import transaction

from backoffice.lib.approvals import approve
from backoffice.lib.models import Job
from promotions.models import Coupon, Grant, GrantItem
from promotions.services.grant_voids import request_void
from promotions.services.granting import ListChanged, request_grant
from tests.bypass import without_triggers
from tests.promotions.factories import (
    NOON,
    a_claimant,
    a_coupon,
    a_coupon_type,
    an_entry,
    approved,
    the_approver,
    the_asker,
)
from tests.promotions.granting import a_draft, a_grant, a_void, an_approved_grant, asked_for
from tests.promotions.rawsql import copy_of, refused, set_in, sql

pytestmark = pytest.mark.django_db


def a_running_grant(*customers, coupon_type=None):
    """Approved, its job running, and a customer's row said to be granted: what lacks is the coupon."""
    grant = an_approved_grant(*customers, coupon_type=coupon_type)
    sql("UPDATE lib_job SET status = 'running' WHERE id = %s", grant.job_id)
    return grant


def as_granted(grant, coupon):
    """The row of the coupon's customer, as the job leaves it."""
    item = grant.items.get(ref=coupon.customer.ref)
    sql("UPDATE promotions_grantitem SET result = 'granted', customer_id = %s WHERE id = %s", coupon.customer_id, item.pk)
    return item


def of_item(coupon, item, **changes):
    """An INSERT of this coupon once more, as one that the row of a grant gave."""
    values = {"claim_id": "NULL", "grant_item_id": item.pk if item else "NULL", "code": "'NEW'", **changes}
    return copy_of(coupon, **values)


def given_to(ref="u1"):
    coupon_type = a_coupon_type(per_customer=9)
    coupon = a_coupon(entry=an_entry(coupon_type=coupon_type), claimant=a_claimant(ref=ref))
    return coupon, a_running_grant(ref, "u2", coupon_type=coupon_type)


def test_a_running_grant_that_names_the_customer_gives_one_coupon():
    coupon, grant = given_to()
    assert sql(of_item(coupon, as_granted(grant, coupon))) == 1
    refused("coupon_one_per_grant_item", of_item(coupon, grant.items.get(ref="u1"), code="'NEWER'"))


UNMADE = {
    "a grant that nobody approved": "UPDATE lib_approval SET status = 'pending', decided_by_id = NULL, decided_at = NULL",
    "another approval": "UPDATE lib_approval SET action = 'orders.freeze'",
    "an approval of another list": "UPDATE lib_approval SET payload = jsonb_set(payload, '{scope_hash}', '\"0\"')",
    "a job that does not run": "UPDATE lib_job SET status = 'queued' WHERE kind = 'grant'",
    "a grant that was stopped": "UPDATE promotions_grant SET status = 'stopped'",
}


@pytest.mark.parametrize("lack", UNMADE)
def test_coupon_only_through_an_approved_grant(lack):
    coupon, grant = given_to()
    item = as_granted(grant, coupon)
    with without_triggers():  # some of which refuse it
        sql(UNMADE[lack])
    refused("only through an approved, running grant", of_item(coupon, item))
    assert Coupon.objects.count() == 1


@pytest.mark.parametrize("lack", ["another customer", "another type", "no result", "another row"])
def test_no_coupon_comes_from_a_row_of(lack):
    coupon, grant = given_to()
    other = a_coupon()
    item = as_granted(grant, coupon) if lack != "no result" else grant.items.get(ref="u1")
    changes = {
        "another customer": {"customer_id": other.customer_id},
        "another type": {"coupon_type_id": other.coupon_type_id},
        "another row": {"grant_item_id": grant.items.get(ref="u2").pk},
        "no result": {},
    }
    refused("only through an approved, running grant", of_item(coupon, item, **changes[lack]))


def test_a_coupon_has_one_origin():
    coupon, grant = given_to()
    item = as_granted(grant, coupon)
    refused("coupon_has_one_origin", of_item(coupon, item, claim_id=coupon.claim_id))
    refused("only through an issued claim", of_item(coupon, None))


def switched_off(name):
    """As any session may say it of any trigger that pgtrigger made."""
    [(model, trigger)] = pgtrigger.registered(f"promotions.Coupon:{name}")
    sql(f"SELECT set_config('pgtrigger.ignore', '{{{trigger.get_pgid(model)}}}', true)")


def test_pgtriggers_switch_opens_neither_entry_nor_grant():
    coupon, grant = given_to()
    item = grant.items.get(ref="u1")
    switched_off("coupon_only_through_an_open_entry")
    refused("only through an issued claim", of_item(coupon, None))
    switched_off("coupon_only_through_an_approved_grant")
    refused("only through an approved, running grant", of_item(coupon, item))
    switched_off("coupon_is_never_deleted")
    refused("Cannot delete", f"DELETE FROM promotions_coupon WHERE id = {coupon.pk}")


# The list


def test_grant_list_is_closed():
    grant = Grant.objects.get(pk=asked_for("u1").payload["grant"])
    item = grant.items.get()
    refused("the list is closed", copy_of(item, number="2", ref="'thief'"))
    assert sql(copy_of(a_draft("u1").items.get(), number="2", ref="'friend'")) == 1


@pytest.mark.parametrize("change", ["grant_id = grant_id", "number = 7", "ref = 'thief'"])
def test_grant_list_keeps_its_items(change):
    item = a_draft("u1").items.get()
    refused("the list is closed", set_in(item, change))
    refused("the list is closed", "DELETE FROM promotions_grantitem")


@pytest.mark.parametrize("change", ["count = 1", "amount = 1", "is_in_addition = true", f"list_hash = '{'0' * 64}'"])
def test_grant_stays_what_was_asked(change):
    grant = Grant.objects.get(pk=asked_for("u1", "u2").payload["grant"])
    refused("Cannot update of .* rows from promotions_grant", set_in(grant, change))


def test_a_list_that_is_not_what_was_loaded_cannot_be_asked_for():
    draft = a_draft("u1")
    sql(copy_of(draft.items.get(), number="2", ref="'thief'"))  # while it is a draft the list is open
    with pytest.raises(ListChanged):
        request_grant(draft, by=the_asker(), reason="gift", at=NOON)
    assert (Grant.objects.get().status, Job.objects.exists()) == ("draft", False)


def test_what_is_not_what_was_asked_for_does_not_run():
    approval = asked_for("u1")
    with transaction.atomic(), without_triggers():
        sql("UPDATE promotions_grant SET is_in_addition = true")
    with pytest.raises(ListChanged):
        approve(approval, by=the_approver(), reason="ok", at=NOON)
    assert (Grant.objects.get().status, Job.objects.get().status) == ("in_review", "requested")


@pytest.mark.parametrize("result", ["pending", "skipped", "failed"])
def test_grant_item_result_comes_once(result):
    item = a_grant("u1").items.get()
    refused("Cannot update rows from promotions_grantitem", set_in(item, f"result = '{result}'"))


# Voids


def test_grant_void_is_closed():
    first = a_grant("u1")
    void = request_void(first, by=the_asker(), reason="mistake", at=NOON)
    a_grant("u2", coupon_type=first.coupon_type)
    other = Coupon.objects.get(customer__ref="u2")
    refused("the scope is closed", copy_of(void.items.get(), coupon_id=other.pk))


def test_grant_void_keeps_its_items():
    void = request_void(a_grant("u1"), by=the_asker(), reason="mistake", at=NOON)
    refused("the scope is closed", set_in(void.items.get(), "coupon_id = coupon_id"))
    refused("the scope is closed", "DELETE FROM promotions_grantvoiditem")


def test_grant_void_item_result_comes_once():
    refused("Cannot update rows from promotions_grantvoiditem", set_in(a_void(a_grant("u1")).items.get(), "result = 'lost'"))


# Constraints by name


def a_draft_item():
    return a_draft("u1").items.get()


def a_void_item():
    return request_void(a_grant("u1"), by=the_asker(), reason="mistake", at=NOON).items.get()


CHECKS = {
    "grant_is_to_somebody": (lambda: a_draft("u1"), "count = 0"),
    "grant_list_is_hashed": (lambda: a_draft("u1"), "list_hash = 'none'"),
    "grant_asked_for_has_a_job": (lambda: a_draft("u1"), "status = 'in_review'"),
    "grant_item_result_is_known": (a_draft_item, "result = 'lost'"),
    "grant_item_granted_to_a_customer": (a_draft_item, "result = 'granted'"),
    "grant_void_item_result_is_known": (a_void_item, "result = 'granted'"),
}
UNIQUES = {
    "grant_item_once_per_row": lambda: copy_of(a_draft_item(), ref="'u2'"),
    "grant_item_once_per_customer": lambda: copy_of(a_draft_item(), number="2"),
    "grant_void_item_once_per_coupon": lambda: copy_of(a_void_item()),
}


@pytest.mark.parametrize("name", CHECKS)
def test_a_row_that_breaks_a_check_is_refused(name):
    make, assignment = CHECKS[name]
    refused(name, set_in(make(), assignment))


@pytest.mark.parametrize("name", UNIQUES)
def test_what_is_unique_cannot_be_there_twice(name):
    refused(name, UNIQUES[name]())


# Moves


@pytest.mark.parametrize(
    ("make", "to"),
    [
        (lambda: a_draft("u1"), "giving"),
        (lambda: a_draft("u1"), "done"),
        (lambda: a_grant("u1"), "giving"),
        (lambda: a_grant("u1"), "draft"),
    ],
    ids=["draft to giving", "draft to done", "done to giving", "done to draft"],
)
def test_what_the_table_of_moves_does_not_have_is_refused(make, to):
    refused("Invalid transition", set_in(make(), f"status = '{to}'"))


# History


def test_each_step_of_a_grant_leaves_who_and_why():
    grant = a_grant("u1")
    steps = [(event.status, event.pgh_context.metadata["reason"]) for event in grant.events.order_by("pgh_id") if event.pgh_context]
    assert [status for status, _ in steps][-3:] == ["in_review", "giving", "done"]
    assert {reason for _, reason in steps} <= {"gift", "test"}


def test_measures_count_what_was_granted():
    from datetime import timedelta

    from promotions.services.measures import measure
    from tests.promotions.factories import a_line

    coupon_type = a_coupon_type()
    a_grant("u1", "u2", coupon_type=coupon_type)
    hour = timedelta(hours=1)
    found = [
        measure(a_line(scope, metric, window=window), NOON)
        for scope in ("platform", coupon_type.campaign, coupon_type)
        for metric in ("issued_count", "issued_amount")
        for window in (hour, None)
    ]
    assert found == [Decimal(2), Decimal(2), Decimal(20), Decimal(20)] * 3
    assert GrantItem.objects.filter(result="granted").count() == 2


def test_a_restricted_types_line_acts_in_the_chunk_that_crosses_it(monkeypatch):
    from backoffice.lib.errors import DomainError
    from promotions.services import granting
    from tests.promotions.factories import a_claim, a_line, a_restricted_type
    from tests.promotions.granting import worked

    monkeypatch.setattr(granting, "CHUNK", 2)
    customers = [a_claim(claimant=a_claimant()).customer.ref for _ in range(5)]
    coupon_type = a_restricted_type()
    a_line(coupon_type, "issued_count", limit=2, action="suspend")
    grant = an_approved_grant(*customers, coupon_type=coupon_type)
    with pytest.raises(DomainError, match="is not live"):
        worked(grant)
    assert grant.items.tally() == {"pending": 3, "granted": 2, "skipped": 0, "failed": 0}
    coupon_type.refresh_from_db()
    assert coupon_type.status == "suspended"


def test_approved_twice_gives_once():
    approval = asked_for("u1")
    approved(approval)
    with pytest.raises(Exception, match="already"):
        approved(approval)
