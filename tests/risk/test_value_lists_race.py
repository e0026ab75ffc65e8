"""Two people change one value list at the same moment. Each guard has a control without it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError

from backoffice.lib.errors import StaleState
from risk.models import RuleVersion, ValueList, ValueListItem
from risk.services import rules, value_lists
from risk.services.rules import put_in_shadow
from risk.services.value_lists import PutOn, put_many_on_value_list, put_on_value_list, retire_list
from tests.orders.rounds import trigger_off
from tests.promotions.factories import NOON, a_user
from tests.risk.rule_factories import a_draft
from tests.risk.test_rules_race import asked_while_the_other_has_not_committed
from tests.risk.value_list_factories import a_list, is_on

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]
TERMS: dict[str, Any] = {"reason": "seen", "at": NOON}


def unlocked(value_list: ValueList) -> ValueList:
    return ValueList.objects.get(pk=value_list.pk)


def puts_on(value_list: ValueList) -> Callable[[], Any]:
    person = a_user()
    return lambda: put_on_value_list(value_list, value="rack", by=person, **TERMS)


def put_on_twice() -> Any:
    devices = a_list()
    return asked_while_the_other_has_not_committed(puts_on(devices), puts_on(devices))


def test_of_two_who_put_the_same_value_on_a_list_the_second_is_told() -> None:
    assert isinstance(put_on_twice(), StaleState)
    assert ValueListItem.objects.count() == 1


def test_without_the_lock_the_constraint_still_keeps_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(value_lists, "_locked", unlocked)
    assert isinstance(put_on_twice(), IntegrityError)
    assert ValueListItem.objects.count() == 1


def test_two_who_put_on_many_with_some_in_common_have_them_once() -> None:
    devices, people = a_list(), [a_user(), a_user()]
    answer = asked_while_the_other_has_not_committed(
        lambda: put_many_on_value_list(devices, lines=[(1, "rack"), (2, "rack-2")], by=people[0], **TERMS),
        lambda: put_many_on_value_list(devices, lines=[(1, "rack-2"), (2, "rack-3")], by=people[1], **TERMS),
    )
    assert answer == PutOn(1, 1)
    assert ValueListItem.objects.count() == 3


def passes(*_names: Any) -> None:
    """Looks at nothing."""


def shadowed_while_it_is_retired() -> tuple[Any, str, bool]:
    devices, people = a_list("rack"), [a_user(), a_user()]
    draft = a_draft(tree=is_on(devices))
    answer = asked_while_the_other_has_not_committed(
        lambda: retire_list(devices, by=people[0], reason="old", at=NOON),
        lambda: put_in_shadow(draft, by=people[1], reason="watch it", at=NOON),
    )
    devices.refresh_from_db()
    return answer, RuleVersion.objects.get(pk=draft.pk).status, devices.ended_at is not None


def retired_while_it_is_put_in_shadow() -> tuple[Any, str, bool]:
    devices, people = a_list("rack"), [a_user(), a_user()]
    draft = a_draft(tree=is_on(devices))
    answer = asked_while_the_other_has_not_committed(
        lambda: put_in_shadow(draft, by=people[1], reason="watch it", at=NOON),
        lambda: retire_list(devices, by=people[0], reason="old", at=NOON),
    )
    devices.refresh_from_db()
    return answer, RuleVersion.objects.get(pk=draft.pk).status, devices.ended_at is not None


def test_a_version_does_not_begin_to_run_while_its_list_is_retired() -> None:
    answer, status, is_retired = shadowed_while_it_is_retired()
    assert isinstance(answer, StaleState)
    assert (status, is_retired) == ("draft", True)


def test_a_list_is_not_retired_while_a_version_that_names_it_begins_to_run() -> None:
    answer, status, is_retired = retired_while_it_is_put_in_shadow()
    assert isinstance(answer, StaleState)
    assert (status, is_retired) == ("shadow", False)


def test_without_the_look_at_its_lists_the_trigger_still_keeps_the_version_from_running(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "check_live", passes)
    answer, status, is_retired = shadowed_while_it_is_retired()
    assert isinstance(answer, IntegrityError)
    assert (status, is_retired) == ("draft", True)


def test_control_without_both_a_version_runs_on_a_retired_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "check_live", passes)
    with trigger_off("risk_ruleversion", "version_runs_on_live_value_lists"):
        assert shadowed_while_it_is_retired()[1:] == ("shadow", True)
