"""Nobody approves the freeze that he asked for: not by API, page, shell or SQL. Each control shows what the guard is there for."""

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from backoffice.lib import approvals
from backoffice.lib.admin.approvals import STEPS
from backoffice.lib.apikeys import Scope, make_key
from backoffice.lib.approvals import SamePerson, approve
from backoffice.lib.jobs import queue_job, run_job
from backoffice.lib.models import Approval, Job
from orders.models import Hold
from tests.bypass import drop_constraints
from tests.orders.factories import a_done_freeze, a_freeze, a_release, an_order, approved, worked
from tests.orders.rounds import sql, trigger_off
from tests.promotions.factories import NOON, the_approver, the_asker

pytestmark = pytest.mark.django_db

BY_WHO_ASKED = "UPDATE lib_approval SET status = 'approved', decided_at = now(), decided_by_id = requested_by_id WHERE id = %s"
CHECK = "never_by_the_one_who_asked"


def a_freeze_of_the_superuser():
    """Asked for by somebody who holds every right there is."""
    an_order()
    return a_freeze(by=the_approver())


def himself(freeze):
    return approve(freeze.job.approval, by=freeze.job.requested_by, reason="I know best", at=NOON)


def nothing_is_held(freeze):
    run_job(freeze.job_id, now=lambda: NOON)
    return Approval.objects.get(pk=freeze.job.approval_id).status == "pending" and not Hold.objects.exists()


# In the shell, where services are called by hand


def test_the_service_refuses_who_asked():
    freeze = a_freeze_of_the_superuser()
    with pytest.raises(SamePerson):
        himself(freeze)
    assert nothing_is_held(freeze)


def test_a_service_that_forgot_to_look_is_refused_by_the_database(monkeypatch):
    monkeypatch.setattr(approvals, "_check_approver", lambda *_, **__: None)
    freeze = a_freeze_of_the_superuser()
    with pytest.raises(IntegrityError, match=CHECK), transaction.atomic():
        himself(freeze)
    assert nothing_is_held(freeze)


def test_control_without_both_guards_he_approves_his_own(monkeypatch):
    monkeypatch.setattr(approvals, "_check_approver", lambda *_, **__: None)
    drop_constraints(Approval, CHECK)
    freeze = a_freeze_of_the_superuser()
    assert himself(freeze).status == "approved"
    assert worked(freeze).items.tally()["held"] == 1


def test_saving_the_row_in_the_shell_is_refused():
    freeze = a_freeze_of_the_superuser()
    row = freeze.job.approval
    row.status, row.decided_by, row.decided_at = "approved", row.requested_by, NOON
    with pytest.raises(IntegrityError, match=CHECK), transaction.atomic():
        row.save()
    assert nothing_is_held(freeze)


def test_letting_the_job_run_in_the_shell_without_any_approval_is_refused():
    freeze = a_freeze_of_the_superuser()
    with pytest.raises(IntegrityError, match="a second person has not approved"), transaction.atomic():
        queue_job(freeze.job)
    assert nothing_is_held(freeze)


# By SQL


def test_sql_does_not_approve_in_the_name_of_who_asked():
    freeze = a_freeze_of_the_superuser()
    with pytest.raises(IntegrityError, match=CHECK), transaction.atomic():
        sql(BY_WHO_ASKED, freeze.job.approval_id)
    assert nothing_is_held(freeze)


def test_control_without_the_check_sql_does():
    drop_constraints(Approval, CHECK)
    freeze = a_freeze_of_the_superuser()
    sql(BY_WHO_ASKED, freeze.job.approval_id)
    assert Approval.objects.get().status == "approved"


JUMPS = ["queued", "running"]


@pytest.mark.parametrize("status", JUMPS)
def test_sql_lets_no_freeze_run_that_nobody_approved(status):
    freeze = a_freeze_of_the_superuser()
    with pytest.raises(IntegrityError, match="a second person has not approved"), transaction.atomic():
        sql("UPDATE lib_job SET status = %s WHERE id = %s", status, freeze.job_id)
    assert nothing_is_held(freeze)


def test_control_without_that_guard_one_statement_holds_the_orders():
    freeze = a_freeze_of_the_superuser()
    with trigger_off("lib_job", "freeze_runs_by_approval"):
        sql("UPDATE lib_job SET status = 'queued' WHERE id = %s", freeze.job_id)
        worked(freeze)
    assert Hold.objects.count() == 1


def test_sql_lets_no_release_run_that_nobody_approved():
    an_order()
    release = a_release(a_done_freeze())
    statement = "UPDATE lib_job SET status = 'queued' WHERE id = %s"
    with pytest.raises(IntegrityError, match="a second person has not approved"), transaction.atomic():
        sql(statement, release.job_id)
    with trigger_off("lib_job", "release_runs_by_approval"):
        sql(statement, release.job_id)


def test_sql_lends_no_freeze_the_approval_of_another():
    an_order()
    other, freeze = worked(approved(a_freeze())), a_freeze_of_the_superuser()
    with trigger_off("lib_job", "freeze_runs_by_approval"):
        sql("UPDATE lib_job SET approval_id = NULL WHERE id = %s", other.job_id)
    lent = "UPDATE lib_job SET status = 'queued', approval_id = %s WHERE id = %s"
    with pytest.raises(IntegrityError, match="a second person has not approved"), transaction.atomic():
        sql(lent, other.job.approval_id, freeze.job_id)
    assert not run_job(freeze.job_id, now=lambda: NOON)
    assert not Hold.objects.filter(freeze=freeze).exists()


def test_sql_turns_no_other_job_into_a_freeze_that_runs():
    freeze = a_freeze_of_the_superuser()
    sql("UPDATE lib_job SET kind = 'harmless' WHERE id = %s", freeze.job_id)
    sql("UPDATE lib_job SET status = 'queued' WHERE id = %s", freeze.job_id)
    with pytest.raises(IntegrityError, match="a second person has not approved"), transaction.atomic():
        sql("UPDATE lib_job SET kind = 'freeze' WHERE id = %s", freeze.job_id)
    assert not Hold.objects.exists()


# In the admin


@pytest.fixture
def page_of_who_asked():
    """The address at which he would approve his own freeze, and his browser."""
    freeze = a_freeze_of_the_superuser()
    client = Client()
    client.force_login(freeze.job.requested_by, backend="django.contrib.auth.backends.ModelBackend")
    return freeze, client, reverse("admin:lib_approval_approve", args=[freeze.job.approval_id])


def test_the_page_refuses_who_asked(page_of_who_asked):
    freeze, client, url = page_of_who_asked
    assert "A second person must" in client.get(url).content.decode()
    assert "A second person must" in client.post(url, {"reason": "I know best"}).content.decode()
    assert nothing_is_held(freeze)


def test_a_page_that_forgot_to_look_is_refused_by_the_service(page_of_who_asked, monkeypatch):
    freeze, client, url = page_of_who_asked
    look_away(monkeypatch)
    assert "Who asks cannot decide" in client.post(url, {"reason": "I know best"}).content.decode()
    assert nothing_is_held(freeze)


def test_control_without_any_guard_the_page_approves(page_of_who_asked, monkeypatch):
    _freeze, client, url = page_of_who_asked
    look_away(monkeypatch)
    monkeypatch.setattr(approvals, "_check_approver", lambda *_, **__: None)
    drop_constraints(Approval, CHECK)
    client.post(url, {"reason": "I know best"})
    assert Approval.objects.get().status == "approved"


def look_away(monkeypatch):
    """The pages ask nobody whether he asked himself."""
    for step in STEPS:
        monkeypatch.setitem(vars(step), "why_not", lambda *_: "")


# By the API


def routes(resolver, prefix=""):
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, prefix + str(pattern.pattern))
        elif isinstance(pattern, URLPattern):
            yield prefix + str(pattern.pattern)


def test_the_api_has_no_way_to_approve_anything():
    addresses = [route for route in routes(get_resolver()) if route.startswith("api/")]
    assert len(addresses) > 5
    assert [route for route in addresses if any(word in route for word in ("approv", "freeze", "release", "job"))] == []


@pytest.mark.parametrize("method", ["get", "post", "put", "patch"])
def test_a_key_of_who_asked_opens_no_page_of_the_admin(method):
    freeze = a_freeze_of_the_superuser()
    _key, secret = make_key("storefront", list(Scope.values), freeze.job.requested_by)
    url = reverse("admin:lib_approval_approve", args=[freeze.job.approval_id])
    answer = getattr(Client(), method)(url, {"reason": "x"}, headers={"authorization": f"Bearer {secret}"})
    assert answer.status_code == 302
    assert "/login/" in answer.headers["Location"]
    assert nothing_is_held(freeze)


def test_who_asked_may_be_anybody_and_the_second_person_too():
    """The rule looks at persons, not at rights: turned round, the same two do it."""
    freeze = a_freeze_of_the_superuser()
    user = the_asker()
    user.is_superuser = True
    user.save()
    assert approve(freeze.job.approval, by=user, reason="seen", at=NOON).status == "approved"
    assert Job.objects.get(pk=freeze.job_id).status == "queued"
