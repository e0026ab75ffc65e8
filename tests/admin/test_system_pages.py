"""API keys, schedules, jobs, the dashboard, the side bar and the search box."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from django_celery_beat.models import PeriodicTask

from backoffice.lib.admin.jobs import progress_of
from backoffice.lib.apikeys import find_key
from backoffice.lib.approvals import approve
from backoffice.lib.models import ApiKey, CheckRun, Job, JobStatus
from promotions.models import Alarm, Claim
from promotions.services.alarms import acknowledge_alarm
from promotions.services.tokens import token_text
from promotions.states import AlarmCause
from risk.services.growing import grow_incidents
from risk.services.honest import honest_held
from tests.admin.conftest import NOW, AtRole
from tests.admin.forms import step, text_of
from tests.admin.world import World, fresh


def test_a_new_key_is_shown_once_and_never_again(world: World, as_role: AtRole) -> None:
    client = as_role("superuser")
    fields = {"name": "till", "scopes": ["orders:read"], "change_reason": "new shop"}
    response = client.post("/admin/lib/apikey/add/", fields)
    text = response.context["key_text"]
    key = ApiKey.objects.get(name="till")
    assert find_key(text) == key
    assert response.headers["Cache-Control"].startswith("no-store")
    secret = text.partition("_")[2]
    for url in (f"/admin/lib/apikey/{key.pk}/change/", f"/admin/lib/apikey/{key.pk}/history/", "/admin/lib/apikey/"):
        assert secret not in client.get(url).content.decode()


def test_a_key_is_revoked_for_good(world: World, as_role: AtRole) -> None:
    client = as_role("superuser")
    step(client, "lib_apikey", "revoke", world.key.pk, reason="shop closed")
    assert fresh(world.key).revoked_at is not None
    assert "It is revoked already." in text_of(step(client, "lib_apikey", "revoke", world.key.pk, reason="again"))


def test_a_check_is_retimed_and_the_reason_kept(world: World, as_role: AtRole) -> None:
    task = PeriodicTask.objects.get(name="check_thresholds")
    fields = {"enabled": "on", "every": "20", "period": "seconds", "change_reason": "quiet season"}
    assert as_role("risk lead").post(f"/admin/django_celery_beat/periodictask/{task.pk}/change/", fields).status_code == 302
    task.refresh_from_db()
    assert (task.interval.every, task.interval.period) == (20, "seconds")
    history = text_of(as_role("auditor").get(f"/admin/django_celery_beat/periodictask/{task.pk}/history/"))
    assert "quiet season" in history
    assert "risk.lead" in history


def test_schedules_show_their_last_run(world: World, as_role: AtRole) -> None:
    text = text_of(as_role("auditor").get("/admin/django_celery_beat/periodictask/"))
    assert "Check thresholds" in text
    assert "10 s" in text
    assert "2026-01-20 20:00:00" in text
    assert "never ran" in text


def test_run_now_sends_the_check_to_a_worker(world: World, as_role: AtRole, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = []
    monkeypatch.setattr("celery.app.base.Celery.send_task", lambda self, name, **how: sent.append((name, how["kwargs"])))
    task = PeriodicTask.objects.get(name="check_thresholds")
    step(as_role("risk lead"), "django_celery_beat_periodictask", "run_now", task.pk, reason="want to see it")
    assert sent == [(task.task, {"name": "check_thresholds"})]


def test_the_bar_of_a_moving_job_fetches_itself_and_that_of_a_done_one_rests(world: World, as_role: AtRole) -> None:
    client, job = as_role("risk analyst"), world.freeze.job
    url = f"/admin/lib/job/{job.pk}/progress/"
    assert "hx-trigger" not in client.get(url).content.decode()
    approve(world.waiting_freeze.job.approval, by=world.users["risk lead"], reason="seen", at=world.at)
    Job.objects.filter(pk=world.waiting_freeze.job_id).update(total=1000, done=250, started_at=world.at - timedelta(seconds=10))
    response = client.get(f"/admin/lib/job/{world.waiting_freeze.job_id}/progress/")
    assert 'hx-trigger="every 2s"' in response.content.decode()
    assert "25% · 250 of 1,000 · 25 a second · 30 s left" in text_of(response)


@pytest.mark.parametrize(
    ("done", "words"),
    [(1, "1 of 14 · 0.3 a second · 39 s left"), (6, "6 of 14 · 2 a second · 4 s left"), (14, "14 of 14 · 5 a second")],
)
def test_a_slow_job_is_not_said_to_stand_still_and_one_with_all_results_to_have_time_left(done: int, words: str) -> None:
    job = Job(total=14, done=done, status=JobStatus.RUNNING, started_at=NOW - timedelta(seconds=3))
    assert progress_of(job, NOW).words == words


def test_a_failed_job_is_tried_again(world: World, as_role: AtRole) -> None:
    approve(world.waiting_freeze.job.approval, by=world.users["risk lead"], reason="seen", at=world.at)
    for status in (JobStatus.RUNNING, JobStatus.FAILED):
        Job.objects.filter(pk=world.waiting_freeze.job_id).update(status=status)
    step(as_role("risk lead"), "lib_job", "go_on", world.waiting_freeze.job_id, reason="the disk has room again")
    assert fresh(world.waiting_freeze.job).status == JobStatus.QUEUED


def test_one_token_is_revoked(world: World, as_role: AtRole) -> None:
    token = world.batch.tokens.get(number=5)
    step(as_role("risk lead"), "promotions_claimtoken", "revoke", token.pk, reason="photographed")
    assert fresh(token).revoked_at is not None
    assert fresh(world.batch).revoked_at is None


def dashboard(client: Client) -> str:
    return text_of(client.get("/admin/"))


def test_today_answers_whether_anything_is_wrong(world: World, as_role: AtRole) -> None:
    seen = Alarm.objects.get(cause=AlarmCause.EMERGENCY_STARTED)
    acknowledge_alarm(seen, by=world.users["risk lead"], note="it is confirmed", at=world.at)
    text = dashboard(as_role("risk lead"))
    for words in (
        "Alarms open 2",
        "Orders to review 5",
        "Scheduled checks running",
        "Coupons issued today 8",
        "Claims refused today 1",
        "Redeemed today 800.00 CNY",
        "Honest customers held per 1,000",
        "Waiting for me",
        "Reference: PSB-3",
    ):
        assert words in text, words


def test_an_honest_order_that_was_held_counts(world: World, as_role: AtRole) -> None:
    from risk.models import Flag

    flag, before = Flag.objects.get(order__customer__ref="cat-4"), honest_held(world.at)
    step(as_role("risk analyst"), "risk_flag", "clear", flag.pk, reason="known customer")
    grow_incidents(world.at)
    after = honest_held(world.at)
    assert (after.held, after.customers) == (before.held + 1, before.customers)
    shown = f"Honest customers held per 1,000 {after.per_thousand:.2f} {after.held} of {after.customers} customers"
    assert shown in dashboard(as_role("risk lead"))


def test_today_shows_only_what_the_reader_may_see(world: World, as_role: AtRole) -> None:
    support = dashboard(as_role("support"))
    assert "Coupons issued today" in support
    assert "Flagged orders waiting" not in support
    assert "Waiting for me" not in support
    assert "Nobody has put you into a group yet" in dashboard(as_role("no rights"))


def test_beat_that_stands_still_is_seen(world: World, as_role: AtRole) -> None:
    from backoffice.lib import clock

    client = as_role("risk lead")
    with clock.fixed_at(world.at + timedelta(hours=1)):
        assert "Scheduled checks standing still" in dashboard(client)


def test_the_chart_counts_claims_by_minute(world: World, as_role: AtRole) -> None:
    chart = json.loads(as_role("risk lead").get("/admin/").context["claims_chart"].value)
    issued, refused, alarms = (series["data"] for series in chart["datasets"])
    assert sum(issued) == Claim.objects.issued().count()
    assert sum(refused) == 1
    assert len([mark for mark in alarms if mark]) == 2


def titles(client: Client) -> list[str]:
    groups = client.get("/admin/").context["sidebar_navigation"]
    return [str(item["title"]) for group in groups for item in group["items"]]


def test_the_side_bar_has_what_the_reader_may_see(world: World, as_role: AtRole) -> None:
    assert titles(as_role("support")) == [
        "Today", "Campaigns", "Coupon types", "Entries", "Customers", "Coupons", "Claims", "All orders", "Holds", "Notices",
    ]  # fmt: skip
    assert "Flagged orders" in titles(as_role("risk analyst"))
    assert "Flagged orders" not in titles(as_role("promotions operator"))
    assert titles(as_role("no rights")) == ["Today"]


def found(client: Client, term: str) -> list[str]:
    response = client.get("/admin/search/", {"s": term, "extended": "1"})
    return [str(result.link) for result in response.context["results"]] if response.content else []


def test_one_box_finds_everything(world: World, as_role: AtRole) -> None:
    client, order = as_role("superuser"), world.orders[-1]
    coupon = order.discounts.get().coupon
    assert f"/admin/orders/order/{order.pk}/change/" in found(client, order.ref)
    assert f"/admin/promotions/coupon/{coupon.pk}/change/" in found(client, coupon.code.lower())
    assert f"/admin/promotions/customer/{order.customer_id}/change/" in found(client, order.customer.phone_last_four)
    assert "/admin/orders/order/?q=rack-01" in found(client, "RACK-01")
    assert f"/admin/promotions/coupontype/{world.restricted.pk}/change/" in found(client, "studio100")
    token = world.batch.tokens.get(number=3)
    assert f"/admin/promotions/claimtoken/{token.pk}/change/" in found(client, token_text(token))
    assert "No token of ours" in text_of(client.get("/admin/search/", {"s": "HF1.x.y.z", "extended": "1"}))


def test_the_box_finds_only_what_the_reader_may_see(world: World, as_role: AtRole) -> None:
    assert found(as_role("promotions operator"), world.orders[-1].ref) == []
    assert found(as_role("no rights"), "GALA") == []


def test_groups_are_called_by_their_names_in_the_readers_language(world: World, as_role: AtRole) -> None:
    client, lead = as_role("superuser"), world.users["risk lead"]
    for url in ("/admin/auth/user/", f"/admin/auth/user/{lead.pk}/change/"):
        text = text_of(client.get(url, headers={"accept-language": "zh-hans"}))
        assert "promotions operator" not in text
        assert "促销运营" in text
    group = lead.groups.get()
    shown = client.get(f"/admin/auth/user/?group={group.pk}").context["cl"].result_list
    assert [user.username for user in shown] == [lead.username]


def test_a_run_is_called_by_what_it_did(world: World, as_role: AtRole) -> None:
    client, run = as_role("auditor"), CheckRun.objects.get(check_name="check_thresholds")
    assert "Check thresholds" in text_of(client.get("/admin/lib/checkrun/"))
    text = text_of(client.get(f"/admin/lib/checkrun/{run.pk}/change/"))
    assert "Check thresholds done" in text
    assert "2026-01-20 20:00:00" in text


def test_a_check_that_failed_comes_first_on_today(world: World, as_role: AtRole) -> None:
    CheckRun.objects.filter(check_name="release_cooled_off").update(failed=True)
    rows = as_role("risk lead").get("/admin/").context["schedules"].rows
    assert "Release cooling-off holds" in rows[0][0]
    assert "failed" in rows[0][3]
