"""A legal hold never ends by itself: its term warns, complains when it has run out, and is extended by two persons."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, transaction

from backoffice.lib.approvals import AlreadyRequested, SamePerson, approve, reject
from backoffice.lib.errors import InvalidInput, StaleState
from backoffice.lib.models import Delivery, OutboxMessage
from backoffice.lib.sending import send_due
from orders.models import Freeze, Hold, TermExtension, TermReminder, TermWarning
from orders.services.holding import LegalHold, release_cooled_off, release_hold
from orders.services.terms import TERM, days_left, is_due, request_extension, term_in_words, warn_of_terms
from promotions.models import Alarm, AlarmRecipient
from promotions.services.alarms import acknowledge_alarm
from promotions.states import AlarmCause
from tests.lib.telling import a_webhook
from tests.orders.factories import HOUR, a_done_freeze, a_done_release, a_freeze, an_order, orders
from tests.orders.rounds import in_threads, sql, trigger_off
from tests.promotions.factories import NOON, the_approver, the_asker

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
END = NOON + 10 * DAY


@pytest.fixture(autouse=True)
def told():
    """What was told of terms: days left, one for each message."""
    TermReminder.objects.get_or_create(days=7)
    TermReminder.objects.get_or_create(days=1)
    a_webhook("https://example.com/hook", TERM)

    def days():
        return [message.payload["days_left"] for message in OutboxMessage.objects.filter(event=TERM).order_by("pk")]

    return days


def a_frozen_order(**fields):
    an_order()
    return a_done_freeze(**{"valid_until": END, **fields})


def extension(freeze, *, until=END + 30 * DAY, at=NOON, **fields):
    terms = {"legal_reference": "PSB-2026-40", "authority": "", "reason": "the case goes on", "by": the_asker()}
    return request_extension(freeze, valid_until=until, at=at, **{**terms, **fields})


@pytest.mark.parametrize(
    ("before_the_end", "left"),
    [(10 * DAY, 10), (7 * DAY + HOUR, 8), (DAY, 1), (HOUR, 1), (timedelta(0), 0), (-HOUR, 0), (-DAY, -1), (-5 * DAY - HOUR, -5)],
)
def test_days_that_are_left(before_the_end, left):
    assert days_left(END, END - before_the_end) == left


@pytest.mark.parametrize(("left", "due"), [(8, None), (7, 7), (3, 7), (2, 7), (1, 1), (0, 0), (-3, -3)])
def test_which_reminder_is_due(left, due):
    assert is_due(left, [1, 7]) == due


def test_people_are_told_once_for_each_reminder(told):
    a_frozen_order()
    for hours in range(0, 240, 6):
        warn_of_terms(NOON + hours * HOUR)
    assert told() == [7, 1]


def test_checks_that_stood_still_tell_of_the_nearest_reminder_alone(told):
    a_frozen_order()
    warn_of_terms(END - 2 * HOUR)
    warn_of_terms(END - HOUR)
    assert told() == [1]


def test_once_it_has_run_out_people_are_told_every_day(told):
    a_frozen_order()
    for hours in range(0, 72, 5):
        warn_of_terms(END + hours * HOUR)
    assert told() == [0, -1, -2]


def test_a_term_that_has_run_out_is_an_alarm_until_somebody_says_what_was_done():
    freeze = a_frozen_order()
    warn_of_terms(END)
    warn_of_terms(END + DAY)
    alarm = Alarm.objects.get(cause=AlarmCause.TERM_RUN_OUT)
    assert alarm.target == f"orders.freeze:{freeze.pk}"
    acknowledge_alarm(alarm, by=the_asker(), note="asked the bureau", at=END + DAY)
    warn_of_terms(END + 2 * DAY)
    assert Alarm.objects.unacknowledged().filter(cause=AlarmCause.TERM_RUN_OUT).count() == 1


def test_the_holds_outlive_their_term():
    a_frozen_order()
    warn_of_terms(END + 100 * DAY)
    release_cooled_off(END + 100 * DAY)
    assert Hold.objects.open().count() == 1


def test_staff_say_how_many_days_before(told):
    TermReminder.objects.filter(days=7).update(is_active=False)
    TermReminder.objects.create(days=3)
    a_frozen_order()
    for days in range(11):
        warn_of_terms(NOON + days * DAY)
    assert told() == [3, 1, 0]


def test_released_in_whole_nobody_is_told_any_more(told):
    freeze = a_frozen_order()
    warn_of_terms(END)
    a_done_release(freeze)
    warn_of_terms(END + DAY)
    assert told() == [0]


def test_released_in_part_it_goes_on_and_says_how_many_are_held(told):
    first, _second = orders(2)
    freeze = a_done_freeze(valid_until=END)
    a_done_release(freeze, holds=Hold.objects.filter(order=first))
    warn_of_terms(END)
    assert OutboxMessage.objects.get(event=TERM).payload["open_holds"] == 1


def test_freezes_without_a_term_or_of_our_own_are_left_alone(told):
    an_order()
    a_done_freeze(valid_until=None)
    an_order()
    a_done_freeze(kind="manual", valid_until=END)
    warn_of_terms(END + DAY)
    assert told() == []


def test_nothing_is_told_of_a_freeze_that_nobody_approved(told):
    an_order()
    a_freeze(valid_until=END)
    warn_of_terms(END + DAY)
    assert told() == []


def test_people_get_an_e_mail_that_says_how_it_stands(settings):
    settings.HOLDFAST_SITE_URL = "https://backoffice.example.com"
    AlarmRecipient.objects.create(name="Duty", address="duty@example.com", language="en", severity="watch", step=0)
    OutboxMessage.objects.all().delete()
    freeze = a_frozen_order()
    warn_of_terms(END - 6 * DAY)
    Delivery.objects.filter(endpoint__isnull=False).delete()
    send_due(END)
    (sent,) = [message for message in mail.outbox if message.to == ["duty@example.com"]]
    assert sent.subject == "[Holdfast] The term of the legal freeze PSB-2026-17 runs out within 6 days."
    assert f"/admin/orders/freeze/{freeze.pk}/change/" in sent.body


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (7, "runs out within 7 days"),
        (1, "runs out within a day"),
        (0, "has run out today"),
        (-1, "ran out a day ago"),
        (-9, "ran out 9 days ago"),
    ],
)
def test_terms_in_words(days, words):
    assert term_in_words(days) == words


# Extending


def test_a_second_person_extends_it_and_the_warnings_begin_again(told):
    freeze = a_frozen_order()
    warn_of_terms(END)
    asked = extension(freeze, at=END)
    assert Freeze.objects.get().valid_until == END
    approve(asked.approval, by=the_approver(), reason="read the paper", at=END)
    assert Freeze.objects.get().valid_until == END + 30 * DAY
    warn_of_terms(END + DAY)
    warn_of_terms(END + 29 * DAY)
    assert told() == [0, 1]


def test_who_asks_does_not_extend():
    asked = extension(a_frozen_order())
    with pytest.raises(SamePerson):
        approve(asked.approval, by=the_asker(), reason="", at=NOON)
    assert Freeze.objects.get().valid_until == END


def test_turned_down_the_term_stays():
    asked = extension(a_frozen_order())
    reject(asked.approval, by=the_approver(), reason="not signed", at=NOON)
    assert Freeze.objects.get().valid_until == END


def test_one_extension_at_a_time():
    freeze = a_frozen_order()
    extension(freeze)
    with pytest.raises(AlreadyRequested):
        extension(freeze)
    assert TermExtension.objects.count() == 1


def test_the_term_that_was_approved_is_the_term_that_was_asked_for():
    freeze = a_frozen_order()
    asked = extension(freeze)
    with trigger_off("orders_freeze", "freeze_term_moves_by_approval"):
        Freeze.objects.update(valid_until=END + DAY)
    with pytest.raises(StaleState, match="changed in the meantime"):
        approve(asked.approval, by=the_approver(), reason="", at=NOON)


@pytest.mark.parametrize(
    "fields",
    [
        {"until": END},
        {"until": END - DAY},
        {"until": END + DAY, "at": END + 2 * DAY},
        {"legal_reference": ""},
        {"legal_reference": "PSB-2026-17"},
        {"reason": " "},
    ],
)
def test_an_extension_is_longer_and_stands_on_a_new_paper(fields):
    with pytest.raises(InvalidInput):
        extension(a_frozen_order(), **fields)
    assert not TermExtension.objects.exists()


def test_only_a_legal_freeze_has_a_term():
    with pytest.raises(InvalidInput, match="Only a legal"):
        extension(a_frozen_order(kind="manual"))


# Round the services


def test_sql_does_not_move_a_term():
    a_frozen_order()
    with pytest.raises(IntegrityError, match="an approval of its own"), transaction.atomic():
        sql("UPDATE orders_freeze SET valid_until = valid_until + interval '1 day'")


def test_sql_ends_no_legal_hold():
    a_frozen_order()
    let_go = ("UPDATE orders_hold SET released_at = now(), released_by_id = %s, release_reason = 'x'", the_asker().pk)
    with pytest.raises(IntegrityError, match="ends by a release"), transaction.atomic():
        sql(*let_go)
    with trigger_off("orders_hold", "legal_hold_ends_by_a_release"):
        sql(*let_go)


def test_a_release_that_nobody_approved_ends_no_legal_hold():
    from tests.orders.factories import a_release

    freeze = a_frozen_order()
    a_release(freeze)
    with pytest.raises(IntegrityError, match="ends by a release"), transaction.atomic():
        Hold.objects.update(released_at=NOON, released_by=the_asker())


def test_nobody_releases_a_legal_hold_alone():
    a_frozen_order()
    with pytest.raises(LegalHold):
        release_hold(Hold.objects.get(), by=the_asker(), reason="x", at=NOON)


def test_a_legal_hold_knows_no_end():
    a_frozen_order()
    with pytest.raises(IntegrityError, match="hold_legal_never_ends_by_itself"), transaction.atomic():
        sql("UPDATE orders_hold SET until = now()")


@pytest.mark.parametrize("days", [0, 366])
def test_a_reminder_lies_within_a_year(days):
    with pytest.raises(IntegrityError), transaction.atomic():
        TermReminder.objects.create(days=days)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_eight_checks_at_once_tell_once(told):
    a_frozen_order()
    in_threads(*[lambda: warn_of_terms(END)] * 8)
    assert told() == [0]
    assert TermWarning.objects.count() == 1
