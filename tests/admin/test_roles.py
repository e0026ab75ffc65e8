"""The six groups, made by code."""

import pytest
from django.contrib.auth.models import Group, Permission

from backoffice.roles import ROLES, seed_roles

pytestmark = pytest.mark.django_db


def rights_of(name: str) -> set[str]:
    rows = Group.objects.get(name=name).permissions.values_list("content_type__app_label", "codename")
    return {f"{app}.{codename}" for app, codename in rows}


def test_each_group_has_exactly_the_rights_of_the_code() -> None:
    seed_roles()
    assert {name: rights_of(name) for name in ROLES} == {name: set(rights) for name, rights in ROLES.items()}


def test_seeding_again_changes_nothing() -> None:
    assert seed_roles() == len(ROLES)
    assert seed_roles() == 0


def test_what_was_added_by_hand_is_taken_away() -> None:
    seed_roles()
    Group.objects.get(name="support").permissions.add(Permission.objects.get(codename="approve_freeze"))
    assert seed_roles() == 1
    assert "orders.approve_freeze" not in rights_of("support")


def test_the_auditor_only_looks() -> None:
    assert {right for right in ROLES["auditor"] if not right.partition(".")[2].startswith("view_")} == set()


@pytest.mark.parametrize("role", ["promotions operator", "promotions approver"])
def test_who_asks_for_promotions_does_not_approve_them(role: str) -> None:
    verbs = {right.partition(".")[2].partition("_")[0] for right in ROLES[role]}
    assert not {"request", "approve"} <= verbs


def test_everybody_who_watches_may_stop() -> None:
    watching = {name for name, rights in ROLES.items() if "promotions.acknowledge_alarm" in rights}
    assert watching == {"promotions operator", "promotions approver", "risk analyst", "risk lead"}
    assert all("promotions.stop_campaign" in ROLES[name] and "promotions.suspend_coupontype" in ROLES[name] for name in watching)


def test_a_right_that_no_model_has_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backoffice.roles.ROLES", {"support": frozenset({"orders.do_magic"})})
    with pytest.raises(LookupError, match=r"orders\.do_magic"):
        seed_roles()
