"""From a file to coupons: previewed, asked for, approved, given, exported, voided."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from backoffice.lib.jobs import run_job
from promotions.models import Coupon, Grant, GrantVoid
from tests.admin.conftest import NOW, AtRole
from tests.admin.forms import page, step, text_of
from tests.admin.world import World, fresh

ADD = "/admin/promotions/grant/add/"


def loaded(client: Any, world: World, **how: Any) -> Any:
    return client.post(ADD, {"coupon_type": world.online.code, **how})


def a_file(content: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("thanks.csv", content.encode(), content_type="text/csv")


def newest() -> Grant:
    return Grant.objects.latest("pk")


def test_a_file_becomes_a_draft_that_says_what_it_would_do(world: World, as_role: AtRole) -> None:
    client = as_role("promotions operator")
    response = loaded(client, world, file=a_file("customer\nguest-0\nguest-1\nnobody-yet\n"))
    grant = newest()
    assert response.headers["Location"] == f"/admin/promotions/grant/{grant.pk}/change/"
    text = page(client, "promotions_grant", grant.pk)
    assert "the customers of the file thanks.csv" in text
    assert "At most 30.00 CNY" in text
    assert "Would get one 3 30.00 CNY" in text
    assert "never seen" in text
    assert Coupon.objects.filter(grant_item__grant=grant).exists() is False


def test_a_wrong_file_is_reported_by_line_on_the_page(world: World, as_role: AtRole) -> None:
    before = Grant.objects.count()
    response = loaded(as_role("promotions operator"), world, file=a_file("customer\nu1\nu 2\nu1\n"))
    text = text_of(response)
    assert "Nothing was loaded: 2 lines are wrong." in text
    assert "Line 3: “u 2” is no customer" in text
    assert "Line 4: u1 is named in line 2 already" in text
    assert Grant.objects.count() == before


def test_conditions_become_a_draft_with_its_scope_in_words(world: World, as_role: AtRole) -> None:
    client = as_role("promotions operator")
    loaded(client, world, is_verified="yes", has_no_coupon_of=world.online.code)
    assert newest().scope_text == f"all customers who match: verified; has no coupon of {world.online.code}"
    assert newest().scope == {"is_verified": True, "has_no_coupon_of": world.online.code}


def test_who_is_given_is_said_in_one_way(world: World, as_role: AtRole) -> None:
    client = as_role("promotions operator")
    for how in ({}, {"text": "u1", "is_verified": "yes"}, {"text": "u1", "file": a_file("customer\nu1\n")}):
        assert "in one way" in text_of(loaded(client, world, **how))


def test_from_asking_to_voiding(world: World, as_role: AtRole) -> None:
    operator, approver = as_role("promotions operator"), as_role("promotions approver")
    loaded(operator, world, text="anna\nben\nguest-9", is_in_addition="on")
    grant = newest()
    step(operator, "promotions_grant", "ask", grant.pk, reason="thank you")
    approval = fresh(grant).job.approval
    step(operator, "lib_approval", "approve", approval.pk, reason="mine")
    assert fresh(grant).status == "in_review"
    step(approver, "lib_approval", "approve", approval.pk, reason="agreed")
    run_job(fresh(grant).job_id, now=lambda: NOW)
    assert "granted 3" in page(operator, "promotions_grant", grant.pk)
    coupon = Coupon.objects.get(customer__ref="anna")
    assert f"Granted grant #{grant.pk}" in page(operator, "promotions_coupon", coupon.pk)
    step(operator, "promotions_grant", "ask_to_void", grant.pk, reason="wrong list")
    void = GrantVoid.objects.latest("pk")
    assert fresh(coupon).status == "issued"
    step(approver, "lib_approval", "approve", void.job.approval_id, reason="agreed")
    run_job(void.job_id, now=lambda: NOW)
    assert "voided 3" in page(operator, "promotions_grantvoid", void.pk)
    assert fresh(coupon).status == "voided"


def test_results_leave_as_a_table_with_codes_and_reasons(world: World, as_role: AtRole) -> None:
    client = as_role("promotions operator")
    url = reverse("admin:promotions_grant_results", args=[world.grant.pk])
    lines = b"".join(client.get(url)).decode().splitlines()
    codes = dict(Coupon.objects.filter(grant_item__grant=world.grant).values_list("customer__ref", "code"))
    assert lines[0] == "\ufeffrow,customer,result,why,coupon"
    assert lines[1] == f"1,guest-0,granted,,{codes['guest-0']}"
    assert len(lines) == 4
    assert len(b"".join(client.get(f"{url}?result=failed")).decode().splitlines()) == 1


def test_a_list_of_results_is_narrowed_by_result(world: World, as_role: AtRole) -> None:
    url = reverse("admin:promotions_grantitem_changelist")
    text = text_of(as_role("auditor").get(f"{url}?grant={world.grant.pk}&result=granted"))
    assert "guest-0" in text
    assert "guest-0" not in text_of(as_role("auditor").get(f"{url}?grant={world.grant.pk}&result=failed"))
