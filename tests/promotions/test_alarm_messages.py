"""An alarm reaches whoever must know, in his language, and reaches others where he does not answer."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import translation

from backoffice.lib.models import Delivery, OutboxMessage, WebhookEndpoint
from backoffice.lib.sending import send_due
from promotions.models import Alarm, AlarmRecipient
from promotions.services.alarm_messages import escalate_alarms, write_mail
from promotions.services.alarms import acknowledge_alarm, raise_alarm
from promotions.services.seeding import seed_watch
from promotions.services.self_watch import watch_webhooks
from promotions.services.thresholds import check_thresholds
from promotions.states import AlarmCause, Severity, ThresholdAction
from tests.lib.telling import a_webhook
from tests.promotions.factories import DAY, NOON, a_claimant, a_coupon, a_line, an_entry, the_asker
from tests.promotions.racing import at_once
from tests.promotions.rows import a_recipient

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def an_alarm_of(severity=Severity.WATCH, **fields):
    return raise_alarm(AlarmCause.BUDGET_DRIFT, scope="platform", at=NOON, severity=severity, **fields)


def mailed():
    return sorted(Delivery.objects.exclude(address="").values_list("address", flat=True))


def test_recipients_get_what_is_as_severe_as_they_asked_for():
    a_recipient(address="all@example.com")
    a_recipient(address="urgent@example.com", severity=Severity.URGENT)
    a_recipient(address="later@example.com", step=1)
    a_recipient(address="off@example.com", is_active=False)
    an_alarm_of()
    assert mailed() == ["all@example.com"]
    an_alarm_of(Severity.URGENT)
    assert mailed() == ["all@example.com", "all@example.com", "urgent@example.com"]


def test_a_crossed_line_is_mailed_and_posted_in_the_transaction_that_crosses_it():
    a_recipient()
    a_webhook("https://example.com/hook", "alarm.raised")
    entry = an_entry()
    a_line(entry.coupon_type, action=ThresholdAction.SUSPEND)
    a_coupon(entry=entry)
    (alarm,) = check_thresholds(NOON)
    message = OutboxMessage.objects.get()
    assert (message.payload["id"], message.payload["action"], message.deliveries.count()) == (alarm.pk, "suspend", 2)
    assert message.payload["severity"] == Severity.URGENT


def test_what_is_told_names_no_customer():
    a_recipient()
    entry, claimant = an_entry(), a_claimant(phone="13812345678")
    a_line(entry.coupon_type)
    a_coupon(entry=entry, claimant=claimant)
    check_thresholds(NOON)
    send_due(NOON)
    (sent,) = mail.outbox
    told = str(OutboxMessage.objects.get().payload) + sent.subject + sent.body
    assert entry.coupon_type.code in told
    assert not any(word in told for word in (claimant.ref, "13812345678", "5678"))


def test_a_mail_says_what_where_when_and_where_to_look():
    alarm = an_alarm_of(Severity.URGENT)
    a_recipient(language="en")
    an_alarm_of(Severity.URGENT, key="again")
    send_due(NOON)
    (sent,) = mail.outbox
    assert "platform" in sent.subject
    assert "/alarm/" in sent.body
    assert alarm.pk != Alarm.objects.first().pk


def test_a_mail_can_be_written_in_every_language_of_ours():
    a_webhook("https://example.com/hook", "alarm.raised")
    an_alarm_of()
    for language in ("en", "zh-hans"):
        with translation.override(language):
            subject, text = write_mail(OutboxMessage.objects.get().payload)
        assert subject
        assert text


# Nobody answers


def test_an_alarm_that_nobody_acknowledges_goes_to_the_next_list_once_a_step():
    seed_watch()
    a_recipient(address="first@example.com", step=1)
    a_recipient(address="second@example.com", step=2)
    a_webhook("https://example.com/hook", "alarm.escalated")
    alarm = an_alarm_of(Severity.URGENT)
    assert escalate_alarms(NOON + 14 * MINUTE) == 0
    assert escalate_alarms(NOON + 15 * MINUTE) == 1
    assert escalate_alarms(NOON + 16 * MINUTE) == 0
    assert mailed() == ["first@example.com"]
    assert escalate_alarms(NOON + 60 * MINUTE) == 1
    assert mailed() == ["first@example.com", "second@example.com"]
    alarm.refresh_from_db()
    assert (alarm.escalation, alarm.escalated_at) == (2, NOON + 60 * MINUTE)
    assert Delivery.objects.exclude(endpoint=None).count() == 2


def test_what_is_acknowledged_does_not_escalate_and_programs_are_told():
    seed_watch()
    a_webhook("https://example.com/hook", "alarm.acknowledged")
    alarm = an_alarm_of(Severity.URGENT)
    acknowledge_alarm(alarm, by=the_asker(), note="called the owner", at=NOON + MINUTE)
    assert escalate_alarms(NOON + DAY) == 0
    assert OutboxMessage.objects.get().event == "alarm.acknowledged"


def test_a_step_for_urgent_alarms_leaves_the_others_alone():
    seed_watch()
    an_alarm_of(Severity.WATCH)
    assert escalate_alarms(NOON + 30 * MINUTE) == 0
    assert escalate_alarms(NOON + 60 * MINUTE) == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_eight_checks_at_once_escalate_once():
    seed_watch()
    AlarmRecipient.objects.create(name="x", address="first@example.com", step=1)
    an_alarm_of(Severity.URGENT)
    assert sum(at_once([lambda: escalate_alarms(NOON + 20 * MINUTE)] * 8)) == 1
    assert mailed() == ["first@example.com"]


def test_a_webhook_that_was_switched_off_is_one_alarm():
    endpoint, _ = a_webhook()
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(is_active=False, switched_off_at=NOON)
    (alarm,) = watch_webhooks(NOON)
    assert alarm.cause == AlarmCause.WEBHOOK_GIVEN_UP
    acknowledge_alarm(alarm, by=the_asker(), note="their server is gone", at=NOON)
    assert watch_webhooks(NOON + MINUTE) == []
