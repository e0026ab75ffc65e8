"""Appeals over the storefront's API."""

import json

import pytest

from risk.models import Appeal
from risk.services.appealing import decide_appeal
from tests.api.storefront import is_problem, wrong_fields
from tests.orders.factories import a_done_freeze, a_hold, an_order
from tests.promotions.factories import NOON
from tests.risk.queue_factories import a_reviewer, an_appeal

pytestmark = pytest.mark.django_db
BODY = {"text": "It is my mother's number.", "contact": "chat-77"}


def a_held_order():
    order = an_order()
    a_hold(order, kind="risk")
    return order


def decided(appeal, outcome="granted"):
    return decide_appeal(appeal, outcome=outcome, reason="seen", words="It is on its way.", by=a_reviewer(), at=NOON)


def test_filing_an_appeal(storefront):
    order = a_held_order()
    response = storefront.post(f"orders/{order.ref}/appeals/", BODY)
    assert response.status_code == 201
    assert response.json() == {
        "appeal": Appeal.objects.get().pk,
        "order": order.ref,
        "status": "open",
        "filed_at": NOON.isoformat().replace("+00:00", "Z"),
        "due_at": (Appeal.objects.get().due_at).isoformat().replace("+00:00", "Z"),
        "decided_at": None,
        "words": "",
        "is_held": True,
    }
    assert (Appeal.objects.get().text, Appeal.objects.get().contact) == (BODY["text"], "chat-77")


def test_the_same_key_files_it_once(storefront):
    order = a_held_order()
    first = storefront.post(f"orders/{order.ref}/appeals/", BODY, key="one")
    again = storefront.post(f"orders/{order.ref}/appeals/", BODY, key="one")
    assert (first.content, Appeal.objects.count()) == (again.content, 1)


def test_a_second_appeal_is_refused_while_one_is_open(storefront):
    appeal = an_appeal()
    path = f"orders/{appeal.order.ref}/appeals/"
    assert is_problem(storefront.post(path, BODY), 409, "appeal_open")
    decided(appeal, "upheld")
    assert storefront.post(path, BODY).status_code == 201


def test_what_cannot_be_appealed(storefront):
    assert is_problem(storefront.post(f"orders/{an_order().ref}/appeals/", BODY), 409, "order_not_held")
    assert is_problem(storefront.post("orders/nobodys/appeals/", BODY), 404, "order_not_found")
    assert is_problem(storefront.get("orders/nobodys/appeals/"), 404, "order_not_found")
    assert is_problem(storefront.get("orders/nobodys/appeals/1/"), 404, "order_not_found")
    assert is_problem(storefront.get(f"orders/{an_order().ref}/appeals/1/"), 404, "appeal_not_found")


def test_wrong_input(storefront):
    path = f"orders/{a_held_order().ref}/appeals/"
    assert wrong_fields(storefront.post(path, {})) == {"#/text": "required"}
    assert wrong_fields(storefront.post(path, {**BODY, "more": 1})) == {"#/more": "unknown_field"}
    wrong = wrong_fields(storefront.post(path, {"text": "a" * 4001, "contact": "no blanks"}))
    assert set(wrong) == {"#/text", "#/contact"}
    assert is_problem(storefront.post(path, {"text": " "}), 422, "invalid_input")
    assert Appeal.objects.exists() is False


def test_the_outcome_can_be_read(storefront):
    appeal = an_appeal()
    decided(appeal)
    one = storefront.get(f"orders/{appeal.order.ref}/appeals/{appeal.pk}/").json()
    assert (one["status"], one["words"], one["is_held"]) == ("granted", "It is on its way.", False)
    assert storefront.get(f"orders/{appeal.order.ref}/appeals/").json()["results"] == [one]


def test_what_a_legal_hold_keeps_is_said_to_be_held_and_no_more(storefront):
    appeal = an_appeal()
    a_done_freeze(type(appeal.order).objects.filter(pk=appeal.order_id))
    decided(appeal)
    body = storefront.get(f"orders/{appeal.order.ref}/appeals/{appeal.pk}/").json()
    assert (body["status"], body["is_held"]) == ("granted", True)
    assert "legal" not in json.dumps(body)


def test_another_orders_appeal_is_not_shown(storefront):
    appeal, other = an_appeal(), a_held_order()
    assert is_problem(storefront.get(f"orders/{other.ref}/appeals/{appeal.pk}/"), 404, "appeal_not_found")
    assert storefront.get(f"orders/{other.ref}/appeals/").json()["results"] == []
