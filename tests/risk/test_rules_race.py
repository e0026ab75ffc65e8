"""Two people change the versions of one rule, or name the same person, at the same moment. Each guard has a control without it."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction

from backoffice.lib.approvals import approve
from backoffice.lib.errors import DomainError, StaleState
from backoffice.lib.models import Approval
from risk.models import Allowance, ListEntry, RuleVersion, Snooze
from risk.services import allowing, listing, rules
from risk.services.allowing import allow
from risk.services.listing import put_on_list, snooze
from risk.services.rules import narrow, request_publication, retire
from tests.orders.rounds import in_threads, trigger_off
from tests.promotions.factories import NOON, a_user, the_approver, the_asker
from tests.risk.factories import DAY
from tests.risk.rule_factories import a_draft, a_rule, in_shadow, published

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]


# Of this connection alone: another worker of the tests has waits of its own in the same server.
WAITING_FOR_US = "SELECT count(*) FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))"


def asked_while_the_other_has_not_committed(first: Callable[[], Any], second: Callable[[], Any]) -> Any:
    """What the second gets, who asks while the first one's transaction is still open. Where it waits, the first commits."""
    got: list[Any] = []
    other = threading.Thread(target=lambda: got.extend(in_threads(second)))
    with transaction.atomic():
        first()
        other.start()
        wait_until_it_has_answered_or_stands_still(other)
    other.join(timeout=30)
    return got[0]


def wait_until_it_has_answered_or_stands_still(thread: threading.Thread) -> None:
    deadline = time.monotonic() + 20
    while thread.is_alive() and time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(WAITING_FOR_US)
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)


def unlocked(version: RuleVersion) -> RuleVersion:
    return RuleVersion.objects.select_related("rule").get(pk=version.pk)


def asked_to_publish(version: RuleVersion, percent: int = 100) -> Approval:
    return request_publication(version, percent=percent, by=the_asker(), reason="it is good", at=NOON)


def says_yes(approval: Approval) -> Callable[[], Any]:
    approver = the_approver()
    return lambda: approve(approval, by=approver, reason="looked at", at=NOON)


def retires(version: RuleVersion) -> Callable[[], Any]:
    person = a_user()
    return lambda: retire(version, by=person, reason="too many hits", at=NOON)


def acting(version: RuleVersion) -> list[int]:
    return list(RuleVersion.objects.filter(rule=version.rule_id, status="published").values_list("number", flat=True))


def test_of_two_who_publish_the_same_version_one_is_refused_and_one_version_acts() -> None:
    old = published()
    approval = asked_to_publish(in_shadow(old.rule))
    answers = in_threads(says_yes(approval), says_yes(approval))
    assert sum(isinstance(answer, DomainError) for answer in answers) == 1
    assert acting(old) == [2]


def test_a_version_published_while_the_old_one_is_retired_is_the_only_one_that_acts() -> None:
    old = published()
    answer = asked_while_the_other_has_not_committed(says_yes(asked_to_publish(in_shadow(old.rule))), retires(old))
    assert isinstance(answer, DomainError)
    assert acting(old) == [2]


def widened_while_it_is_retired() -> tuple[Approval, RuleVersion]:
    version = published(percent=10)
    approval = asked_to_publish(version, 50)
    asked_while_the_other_has_not_committed(retires(version), says_yes(approval))
    approval.refresh_from_db()
    version.refresh_from_db()
    return approval, version


def test_nobody_is_told_that_a_version_was_widened_that_was_retired_meanwhile() -> None:
    approval, version = widened_while_it_is_retired()
    assert (approval.status, version.status) == ("pending", "retired")


def test_control_without_the_lock_the_approval_says_what_never_happened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "_locked", unlocked)
    approval, version = widened_while_it_is_retired()
    assert (approval.status, version.status, version.percent) == ("approved", "retired", 10)


def narrowed_twice() -> int:
    """The share after one person narrowed it to 20 and another, who saw 100 still, to 80."""
    version, people = published(), [a_user(), a_user()]
    asked_while_the_other_has_not_committed(
        lambda: narrow(version, percent=20, by=people[0], reason="too many", at=NOON),
        lambda: narrow(version, percent=80, by=people[1], reason="some too many", at=NOON),
    )
    version.refresh_from_db()
    return version.percent


def test_of_two_who_narrow_a_version_the_second_does_not_widen_it_again() -> None:
    assert narrowed_twice() == 20


def test_control_without_the_lock_and_the_trigger_the_second_widens_it_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "_locked", unlocked)
    with trigger_off("risk_ruleversion", "version_is_published_as_approved"):
        assert narrowed_twice() == 80


def test_without_the_lock_the_trigger_still_keeps_the_share_narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "_locked", unlocked)
    assert narrowed_twice() == 20


def test_two_who_write_a_version_at_once_get_one_draft_and_two_numbers() -> None:
    rule = a_rule()
    the_asker()
    in_threads(lambda: a_draft(rule), lambda: a_draft(rule))
    assert sorted(rule.versions.values_list("number", "status")) == [(1, "retired"), (2, "draft")]


TERMS: dict[str, Any] = {"kind": "device", "value": "rack-07", "reason": "a rack", "at": NOON}


def named_twice(add: Callable[..., Any], **more: Any) -> Any:
    people = [a_user(), a_user()]
    calls = [lambda who=who: add(**TERMS, **more, expires_at=NOON + DAY, by=who) for who in people]
    return asked_while_the_other_has_not_committed(*calls)


@pytest.mark.parametrize("name", ["grey", "block"])
def test_the_same_device_is_put_on_a_list_once(name: str) -> None:
    assert isinstance(named_twice(put_on_list, name=name), StaleState)
    assert ListEntry.objects.count() == 1


@pytest.mark.parametrize("name", ["grey", "block"])
def test_control_without_the_lock_it_is_on_the_list_twice(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "_lock", lambda _whom: None)
    named_twice(put_on_list, name=name)
    assert ListEntry.objects.count() == 2


def test_the_same_device_is_allowed_once() -> None:
    assert isinstance(named_twice(allow), StaleState)
    assert Allowance.objects.count() == 1


def test_control_without_the_lock_it_is_allowed_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allowing, "_lock", lambda _whom: None)
    named_twice(allow)
    assert Allowance.objects.count() == 2


def test_a_rule_is_snoozed_for_a_device_once() -> None:
    assert isinstance(named_twice(snooze, rule=a_rule()), StaleState)
    assert Snooze.objects.count() == 1


def test_control_without_the_lock_it_is_snoozed_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "_lock", lambda _whom: None)
    named_twice(snooze, rule=a_rule())
    assert Snooze.objects.count() == 2
