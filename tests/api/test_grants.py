"""A program asks for grants; people approve them."""

import json

import pytest
from django.contrib.auth.models import Permission

from backoffice.lib.apikeys import make_key
from backoffice.lib.models.api_key import Scope
from promotions.api import grants as api
from promotions.models import Coupon, Customer, Grant
from tests.api.storefront import Storefront, is_problem, wrong_fields
from tests.promotions.factories import a_coupon_type, a_user, approved
from tests.promotions.granting import worked

pytestmark = pytest.mark.django_db


@pytest.fixture
def person():
    user = a_user("li")
    user.user_permissions.add(Permission.objects.get(codename="request_grant"))
    return user


@pytest.fixture
def program(person):
    """A program with a key that somebody made who may ask for grants."""
    storefront = Storefront()
    storefront.key, storefront.secret = make_key("crm", Scope.values, person)
    return storefront


def body(coupon_type, *customers, **fields):
    return {"coupon_type": coupon_type.code, "customers": list(customers) or ["u1", "u2"], "reason": "late parcels", **fields}


def test_a_grant_waits_for_a_person_other_than_who_made_the_key(program, person):
    coupon_type = a_coupon_type(code="SORRY")
    response = program.post("grants/", body(coupon_type))
    assert response.status_code == 201
    found = json.loads(response.content)
    assert {name: found[name] for name in ("coupon_type", "status", "customers", "amount", "currency", "in_addition")} == {
        "coupon_type": "SORRY",
        "status": "in_review",
        "customers": 2,
        "amount": "20.00",
        "currency": "CNY",
        "in_addition": False,
    }
    assert found["results"] == {"pending": 2, "granted": 0, "skipped": 0, "failed": 0}
    approval = Grant.objects.get().job.approval
    assert (approval.requested_by, approval.reason, Coupon.objects.count()) == (person, "late parcels", 0)
    approved(approval)
    worked(Grant.objects.get())
    assert json.loads(program.get(f"grants/{found['id']}/").content)["results"]["granted"] == 2


def test_results_are_paged_in_the_order_of_the_list(program, monkeypatch):
    monkeypatch.setattr(api.InOrder, "page_size", 2)
    response = program.post("grants/", body(a_coupon_type(quantity=2), "u3", "u1", "u2"))
    grant = Grant.objects.get(pk=json.loads(response.content)["id"])
    approved(grant.job.approval)
    worked(grant)
    first = json.loads(program.get(f"grants/{grant.pk}/results/").content)
    second = json.loads(program.get(first["next"].removeprefix("http://testserver")).content)
    rows = [*first["results"], *second["results"]]
    assert [(row["row"], row["customer"], row["result"], row["detail"]) for row in rows] == [
        (1, "u3", "granted", ""),
        (2, "u1", "granted", ""),
        (3, "u2", "failed", "the quantity is given away"),
    ]
    assert [row["coupon"] for row in rows] == [*Coupon.objects.order_by("pk").values_list("code", flat=True), ""]
    assert second["next"] is None
    assert is_problem(program.get(f"grants/{grant.pk}/results/?cursor=cD1hYmM="), 404, "not_found")


def test_the_same_key_asks_once(program):
    asked = body(a_coupon_type())
    answers = [program.post("grants/", asked, key="one") for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert Grant.objects.count() == 1


@pytest.mark.parametrize("maker", ["nobody", "no right", "left"])
def test_a_key_behind_which_nobody_stands_asks_in_vain(program, person, maker):
    if maker == "no right":
        person.user_permissions.clear()
    elif maker == "left":
        type(person).objects.filter(pk=person.pk).update(is_active=False)
    else:
        type(program.key).objects.filter(pk=program.key.pk).update(created_by=None)
    assert is_problem(program.post("grants/", body(a_coupon_type())), 409, "key_without_person")
    assert Grant.objects.exists() is False


def test_wrong_input_is_named_and_loads_nothing(program):
    coupon_type = a_coupon_type()
    assert "#/customers" in wrong_fields(program.post("grants/", body(coupon_type, customers=[])))
    assert "#/customers" in wrong_fields(program.post("grants/", body(coupon_type, "u1", "u1")))
    assert "#/customers/1" in wrong_fields(program.post("grants/", body(coupon_type, "u1", "u 2")))
    assert "#/reason" in wrong_fields(program.post("grants/", body(coupon_type, reason="")))
    assert "#/surprise" in wrong_fields(program.post("grants/", body(coupon_type, surprise=1)))
    too_many = [f"u{n}" for n in range(10_001)]
    assert "#/customers" in wrong_fields(program.post("grants/", body(coupon_type, *too_many)))
    unknown = body(coupon_type) | {"coupon_type": "NOPE"}
    assert is_problem(program.post("grants/", unknown), 422, "invalid_input")
    assert (Grant.objects.count(), Customer.objects.count()) == (0, 0)


def test_a_type_that_is_not_live_refuses_and_leaves_no_draft(program):
    assert program.post("grants/", body(a_coupon_type(is_live=False))).status_code == 409
    assert Grant.objects.exists() is False


def test_what_is_not_there_is_not_found(program):
    for path in ("grants/1/", "grants/1/results/", f"grants/{10**30}/"):
        assert program.get(path).status_code == 404
