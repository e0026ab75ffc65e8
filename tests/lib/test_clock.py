"""What time it is, who acts by itself, and whether it acts."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User

from backoffice.lib import clock
from backoffice.lib.actors import system_user
from backoffice.lib.automation import is_observing, observe_only
from tests.promotions.factories import DAY, NOON


def elsewhere(ask):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(ask).result()


def test_now_is_the_present_time_in_utc():
    before = datetime.now(UTC)
    assert before <= clock.now() <= datetime.now(UTC)
    assert clock.now().utcoffset() == timedelta(0)


def test_a_fixed_clock_stands_still_and_nests():
    with clock.fixed_at(NOON):
        with clock.fixed_at(NOON + DAY):
            assert clock.now() == NOON + DAY
        assert clock.now() == clock.now() == NOON
    assert clock.now() > NOON or clock.now() < NOON


def test_an_error_sets_the_clock_going_again():
    with pytest.raises(RuntimeError), clock.fixed_at(NOON):
        raise RuntimeError
    assert clock.now() != NOON


def test_a_clock_that_is_fixed_here_runs_on_elsewhere():
    with clock.fixed_at(NOON):
        assert elsewhere(clock.now) != NOON


def test_automatic_actions_act_unless_somebody_only_observes():
    assert is_observing() is False
    with observe_only():
        assert is_observing() is True
        assert elsewhere(is_observing) is False
        with observe_only():
            pass
        assert is_observing() is True
    assert is_observing() is False


def test_an_error_ends_the_observing():
    with pytest.raises(RuntimeError), observe_only():
        raise RuntimeError
    assert is_observing() is False


@pytest.mark.django_db
def test_the_system_is_one_user_who_cannot_log_in():
    assert system_user() == system_user() == User.objects.get(username="system")
    assert (system_user().is_active, system_user().is_staff, system_user().is_superuser) == (False, False, False)
    assert system_user().has_usable_password() is False
    assert system_user().has_perm("promotions.approve_campaign") is False
    assert not any(system_user().check_password(word) for word in ("", "!", "system"))
