"""An answer given to an idempotency key is given again, and nothing happens twice."""

import json
import time
from datetime import timedelta

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from backoffice.lib.idempotency import forget_old_answers
from backoffice.lib.models import IdempotencyRecord
from orders.models import Order
from promotions.models import Claim, Coupon
from promotions.services.claiming import claim_coupon
from tests.api.storefront import Storefront, a_claim_body, an_order_body, is_problem, wrong_fields
from tests.orders.factories import an_order
from tests.promotions.factories import NOON, a_coupon_type, an_entry

pytestmark = pytest.mark.django_db


def same(first, second):
    return (first.status_code, first.content, first.headers["Content-Type"]) == (
        second.status_code,
        second.content,
        second.headers["Content-Type"],
    )


def test_the_same_request_again_gets_the_same_answer_and_no_second_coupon(storefront):
    body = a_claim_body(an_entry(coupon_type=a_coupon_type(per_customer=5)))
    first, second = (storefront.post("claims/", body, key="once") for _ in range(2))
    assert first.status_code == 201
    assert same(first, second)
    assert Coupon.objects.count() == 1
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"


def test_a_refusal_is_given_again_and_stored_once(storefront):
    body = a_claim_body(an_entry(), entry="NO-SUCH-ENTRY")
    first, second = (storefront.post("claims/", body, key="once") for _ in range(2))
    assert is_problem(first, 409, "claim_refused")
    assert same(first, second)
    assert Claim.objects.count() == 1


def test_an_error_in_the_input_is_given_again(storefront):
    first, second = (storefront.post("claims/", {}, key="once") for _ in range(2))
    assert first.status_code == 400
    assert same(first, second)


def test_another_body_under_the_same_key_is_refused(storefront):
    entry = an_entry()
    storefront.post("claims/", a_claim_body(entry), key="once")
    assert is_problem(storefront.post("claims/", a_claim_body(entry), key="once"), 422, "idempotency_key_reused")
    assert Claim.objects.count() == 1


def test_another_route_under_the_same_key_is_refused(storefront):
    order = an_order()
    storefront.post(f"orders/{order.ref}/delivery/", key="once")
    assert is_problem(storefront.post(f"orders/{order.ref}/cancellation/", key="once"), 422, "idempotency_key_reused")


@pytest.mark.parametrize("key", ["", "a key", "clé", "k" * 256, "k\x00"])
@pytest.mark.parametrize("path", ["claims/", "quotes/", "orders/", "orders/o1/delivery/", "orders/o1/cancellation/"])
def test_a_post_needs_a_key(storefront, path, key):
    response = storefront.post(path, {}, **({"Idempotency-Key": key} if key else {}), key="")
    assert is_problem(response, 400, "idempotency_key_missing")
    assert IdempotencyRecord.objects.exists() is False


def test_a_key_belongs_to_its_caller(storefront):
    other = Storefront()
    body = an_order_body()
    assert storefront.post("orders/", body, key="once").status_code == 201
    assert is_problem(other.post("orders/", body, key="once"), 409, "duplicate_order")


def test_an_unexpected_error_rolls_back_is_not_kept_and_tells_nothing(storefront, monkeypatch):
    def claims_and_breaks(request, *, at):
        claim_coupon(request, at=at)
        raise RuntimeError("secret detail")

    body = a_claim_body(an_entry())
    monkeypatch.setattr("promotions.api.claims.claim_coupon", claims_and_breaks)
    response = storefront.post("claims/", body, key="once")
    assert is_problem(response, 500, "internal_error")
    assert b"secret" not in response.content
    assert Claim.objects.exists() is False
    assert IdempotencyRecord.objects.exists() is False
    monkeypatch.undo()
    assert storefront.post("claims/", body, key="once").status_code == 201


class Deadlock(Exception):
    sqlstate = "40P01"


def a_deadlock():
    error = OperationalError("deadlock detected")
    error.__cause__ = Deadlock()
    return error


def test_the_victim_of_a_deadlock_is_tried_again(storefront, monkeypatch):
    fates = [a_deadlock(), a_deadlock(), None]

    def unlucky(request, *, at):
        claim = claim_coupon(request, at=at)
        if fate := fates.pop(0):
            raise fate
        return claim

    monkeypatch.setattr("promotions.api.claims.claim_coupon", unlucky)
    assert storefront.post("claims/", a_claim_body(an_entry())).status_code == 201
    assert Claim.objects.count() == 1


def test_a_database_that_is_away_can_be_asked_again(storefront, monkeypatch):
    def away(request, *, at):
        raise OperationalError("server closed the connection")

    monkeypatch.setattr("promotions.api.claims.claim_coupon", away)
    response = storefront.post("claims/", a_claim_body(an_entry()))
    assert is_problem(response, 503, "unavailable")
    assert response.headers["Retry-After"] == "1"
    assert IdempotencyRecord.objects.exists() is False


@pytest.mark.django_db(transaction=True)
def test_while_the_first_request_runs_the_second_is_told_so(monkeypatch):
    storefront, answers = Storefront(), []
    body = a_claim_body(an_entry())

    def asked_again_meanwhile(request, *, at):
        claim = claim_coupon(request, at=at)
        answers.append(in_another_connection(lambda: storefront.post("claims/", body, key="once")))
        return claim

    monkeypatch.setattr("promotions.api.claims.claim_coupon", asked_again_meanwhile)
    assert storefront.post("claims/", body, key="once").status_code == 201
    assert is_problem(answers[0], 409, "idempotency_key_in_use")
    assert Coupon.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_first_request_that_died_blocks_nobody(monkeypatch):
    """Its process is gone in the middle of its work; the database rolls back, and the key is free at once."""
    storefront = Storefront()
    body = a_claim_body(an_entry())

    def dies(request, *, at):
        claim_coupon(request, at=at)
        connection.connection.pgconn.finish()

    monkeypatch.setattr("promotions.api.claims.claim_coupon", dies)
    assert storefront.post("claims/", body, key="once").status_code >= 500
    assert Claim.objects.exists() is False
    monkeypatch.undo()
    assert storefront.post("claims/", body, key="once").status_code == 201


@pytest.mark.django_db(transaction=True)
def test_a_first_request_that_hangs_loses_its_lease_and_can_no_longer_commit(monkeypatch):
    storefront, answers = Storefront(), []
    body = a_claim_body(an_entry())
    monkeypatch.setattr("backoffice.lib.idempotency.LEASE", timedelta(seconds=1))

    def hangs(request, *, at):
        claim = claim_coupon(request, at=at)
        monkeypatch.setattr("promotions.api.claims.claim_coupon", claim_coupon)
        for _ in range(100):
            answers.append(in_another_connection(lambda: storefront.post("claims/", body, key="once")))
            if answers[-1].status_code == 201:
                break
            time.sleep(0.1)
        return claim

    monkeypatch.setattr("promotions.api.claims.claim_coupon", hangs)
    late = storefront.post("claims/", body, key="once")
    assert answers[-1].status_code == 201
    assert is_problem(late, 503, "unavailable")
    assert Coupon.objects.count() == 1
    again = storefront.post("claims/", body, key="once")
    assert same(again, answers[-1])


def test_answers_are_forgotten_after_two_days(storefront):
    storefront.post("quotes/", {}, key="once")
    assert forget_old_answers(NOON + timedelta(hours=48)) == 0
    assert forget_old_answers(NOON + timedelta(hours=48, seconds=1)) == 1
    assert IdempotencyRecord.objects.exists() is False


def test_an_order_is_not_placed_again_after_its_answer_was_forgotten(storefront):
    body = an_order_body()
    storefront.post("orders/", body, key="once")
    IdempotencyRecord.objects.all().delete()
    assert is_problem(storefront.post("orders/", body, key="once"), 409, "duplicate_order")
    assert Order.objects.count() == 1


def test_the_database_keeps_one_answer_a_key_and_no_server_error(storefront):
    storefront.post("quotes/", {}, key="once")
    kept = IdempotencyRecord.objects.get()
    for change in ({"pk": None}, {"pk": None, "key": "other", "status": 500}):
        for field, value in change.items():
            setattr(kept, field, value)
        with pytest.raises(IntegrityError), transaction.atomic():
            kept.save(force_insert=True)


def test_the_order_of_fields_is_part_of_the_body(storefront):
    body = a_claim_body(an_entry())
    storefront.post("claims/", body, key="once")
    turned = json.dumps(dict(reversed(body.items()))).encode()
    assert is_problem(storefront.post("claims/", raw=turned, key="once"), 422, "idempotency_key_reused")


def test_the_input_is_read_only_under_a_good_key(storefront):
    assert wrong_fields(storefront.post("quotes/", {})) == {f"#/{name}": "required" for name in ("customer", "coupons", "lines")}


def in_another_connection(act):
    """What `act` answers in a thread, and so on a connection, of its own."""
    from concurrent.futures import ThreadPoolExecutor

    from backoffice.lib import clock

    def run():
        try:
            with clock.fixed_at(NOON):
                return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result()
