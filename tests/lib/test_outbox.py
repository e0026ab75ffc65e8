"""What is told is written down with what caused it, arrives at least once, and always under the same key."""

import json
from datetime import timedelta

import pytest
from django.core import mail
from django.db import transaction
from standardwebhooks import Webhook, WebhookVerificationError

from backoffice.lib import clock, outbox, sending
from backoffice.lib.automation import tell_nobody
from backoffice.lib.errors import DomainError, NotFound
from backoffice.lib.models import Delivery, DeliveryStatus, OutboxMessage, WebhookEndpoint
from backoffice.lib.outbox import BACKOFF, LEASE, Address, forget_old_messages, outbox_event, send_again, send_test, tell
from backoffice.lib.sending import deliver, send_due
from backoffice.lib.webhooks import OVERLAP, SWITCHED_OFF_AFTER, renew_secret, switch_off, switch_on
from tests.lib.telling import a_receiver, a_webhook
from tests.promotions.factories import DAY, NOON
from tests.promotions.racing import at_once

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
READER = Address("lead@example.com", "en")


@pytest.fixture(autouse=True)
def an_event_and_a_private_net(monkeypatch, settings):
    settings.HOLDFAST_WEBHOOKS_MAY_BE_PRIVATE = True
    monkeypatch.setattr(outbox, "_events", dict(outbox._events))
    outbox_event("lamp.lit", title="A lamp was lit", write_mail=lambda payload: ("Lit\n", f"The {payload['lamp']} lamp burns."))


def lit(at=NOON, addresses=()):
    return tell("lamp.lit", {"lamp": "red"}, at=at, addresses=addresses)


def the_delivery():
    return Delivery.objects.get()


# Written down


def test_nothing_is_written_where_nobody_wants_to_know():
    a_webhook("https://example.com/hook", "test")
    assert lit() is None
    assert not OutboxMessage.objects.exists()


def test_every_active_webhook_that_asks_for_it_gets_one_delivery():
    wanted, _ = a_webhook("https://example.com/1", "lamp.lit", "test")
    off, _ = a_webhook("https://example.com/2", "lamp.lit")
    a_webhook("https://example.com/3", "test")
    switch_off(off, at=NOON)
    message = lit()
    assert [delivery.endpoint for delivery in message.deliveries.all()] == [wanted]


def test_a_message_goes_with_the_transaction_that_caused_it():
    with transaction.atomic():
        assert lit(addresses=[READER]) is not None
        transaction.set_rollback(True)
    assert not OutboxMessage.objects.exists()


def test_an_address_named_twice_gets_one_mail():
    assert lit(addresses=[READER, READER]).deliveries.count() == 1


def test_an_unknown_event_is_refused():
    with pytest.raises(NotFound, match="no event"):
        tell("moon.full", {}, at=NOON, addresses=[READER])


def test_a_rehearsal_tells_nobody():
    a_webhook("https://example.com/1", "lamp.lit")
    with tell_nobody():
        assert lit(addresses=[READER]) is None
    lit(addresses=[READER])
    with tell_nobody():
        assert send_due(NOON) == 0
    assert not mail.outbox


# Signed


def test_what_arrives_is_verified_by_the_library_and_by_no_other_secret():
    with a_receiver() as receiver, clock.fixed_at(clock.now()):
        _endpoint, secret = a_webhook(receiver.url, "lamp.lit")
        at = clock.now()
        message = lit(at)
        assert deliver(message.deliveries.get().pk, at=at) is True
        headers, body = receiver.got[0]
        content = Webhook(secret).verify(body, headers)
        assert (content["type"], content["data"], headers["webhook-id"]) == ("lamp.lit", {"lamp": "red"}, message.key)
        assert receiver.paths == ["/hook?from=holdfast"]
        _other, wrong = a_webhook()
        for shown, changed in ((wrong, body), (secret, body.replace(b"red", b"green"))):
            with pytest.raises(WebhookVerificationError):
                Webhook(shown).verify(changed, headers)


def test_for_a_day_after_a_new_secret_both_sign():
    with a_receiver() as receiver:
        endpoint, old = a_webhook(receiver.url, "lamp.lit")
        at = clock.now()
        new = renew_secret(endpoint, at=at)
        for secret in (old, new):
            deliver(lit(at).deliveries.get().pk, at=at)
            Webhook(secret).verify(receiver.got[-1][1], receiver.got[-1][0])
        WebhookEndpoint.objects.update(previous_until=at - OVERLAP)
        deliver(lit(at).deliveries.get().pk, at=at)
        with pytest.raises(WebhookVerificationError):
            Webhook(old).verify(receiver.got[-1][1], receiver.got[-1][0])


def test_the_secret_is_in_no_column():
    endpoint, secret = a_webhook()
    row = json.dumps(WebhookEndpoint.objects.values().get(pk=endpoint.pk), default=str)
    assert secret.removeprefix("whsec_") not in row


# Tried again


def test_a_failure_is_tried_again_after_growing_waits_and_then_given_up():
    with a_receiver(503) as receiver:
        a_webhook(receiver.url, "lamp.lit")
        delivery, at = lit().deliveries.get(), NOON
        for wait in BACKOFF:
            assert send_due(at) == 1
            delivery.refresh_from_db()
            assert (delivery.status, delivery.next_try_at, delivery.response_status) == (DeliveryStatus.WAITING, at + wait, 503)
            assert send_due(at + wait - SECOND) == 0
            at += wait
        send_due(at)
        delivery.refresh_from_db()
        assert (delivery.status, delivery.attempts, delivery.next_try_at) == (DeliveryStatus.GIVEN_UP, len(BACKOFF) + 1, None)
        assert len({headers["webhook-id"] for headers, _body in receiver.got}) == 1
        assert len({body for _headers, body in receiver.got}) == 1


def test_a_redirect_is_a_failure_and_is_not_followed():
    with a_receiver(302) as receiver:
        a_webhook(receiver.url, "lamp.lit")
        assert deliver(lit().deliveries.get().pk, at=NOON) is False
        assert len(receiver.got) == 1


def test_a_worker_that_dies_after_sending_leaves_the_message_to_be_sent_again_with_the_same_key(monkeypatch):
    with a_receiver() as receiver:
        a_webhook(receiver.url, "lamp.lit")
        delivery_id = lit().deliveries.get().pk
        with monkeypatch.context() as patch:
            patch.setattr(sending, "note_success", lambda *_args, **_kwargs: (_ for _ in ()).throw(SystemExit))
            with pytest.raises(SystemExit):
                deliver(delivery_id, at=NOON)
        assert send_due(NOON + LEASE - SECOND) == 0
        assert send_due(NOON + LEASE) == 1
        assert the_delivery().status == DeliveryStatus.DELIVERED
        assert [headers["webhook-id"] for headers, _ in receiver.got] == [the_delivery().message.key] * 2


def test_a_message_that_no_worker_was_told_of_is_found_by_the_sweep():
    lit(addresses=[READER])
    assert send_due(NOON) == 1
    assert the_delivery().delivered_at == NOON


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_eight_workers_send_a_message_once():
    with a_receiver() as receiver:
        a_webhook(receiver.url, "lamp.lit")
        delivery_id = lit().deliveries.get().pk
        assert sorted(at_once([lambda: deliver(delivery_id, at=NOON)] * 8)) == [False] * 7 + [True]
        assert len(receiver.got) == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_lease_eight_workers_send_it_more_than_once(monkeypatch):
    monkeypatch.setattr(sending, "take", lambda pk, _at: Delivery.objects.select_related("message", "endpoint").get(pk=pk))
    with a_receiver() as receiver:
        a_webhook(receiver.url, "lamp.lit")
        delivery_id = lit().deliveries.get().pk
        at_once([lambda: deliver(delivery_id, at=NOON)] * 8)
        assert len(receiver.got) > 1


def test_a_worker_that_lost_its_lease_writes_nothing():
    with a_receiver(503, 200) as receiver:
        a_webhook(receiver.url, "lamp.lit")
        delivery_id = lit().deliveries.get().pk
        slow = outbox.take(delivery_id, NOON)
        assert deliver(delivery_id, at=NOON + LEASE) is False
        outbox.note_success(slow, response_status=200, at=NOON + LEASE)
        assert the_delivery().status == DeliveryStatus.WAITING
        assert len(receiver.got) == 1


# A receiver that is gone


def test_a_webhook_that_fails_for_a_day_is_switched_off_and_one_that_recovers_is_not():
    with a_receiver(500) as receiver:
        endpoint, _ = a_webhook(receiver.url, "lamp.lit")
        deliver(lit().deliveries.get().pk, at=NOON)
        deliver(lit(NOON + SWITCHED_OFF_AFTER - SECOND).deliveries.get().pk, at=NOON + SWITCHED_OFF_AFTER - SECOND)
        endpoint.refresh_from_db()
        assert (endpoint.is_active, endpoint.failing_since) == (True, NOON)
        send_due(NOON + SWITCHED_OFF_AFTER)
        endpoint.refresh_from_db()
        assert (endpoint.is_active, endpoint.switched_off_at) == (False, NOON + SWITCHED_OFF_AFTER)
        assert lit(NOON + 2 * DAY) is None
        switch_on(endpoint, at=NOON + 2 * DAY)
        receiver.answers[:] = [200]
        deliver(lit(NOON + 2 * DAY).deliveries.get().pk, at=NOON + 2 * DAY)
        endpoint.refresh_from_db()
        assert (endpoint.is_active, endpoint.failing_since) == (True, None)


def test_a_webhook_that_answers_gone_is_switched_off_at_once():
    with a_receiver(410) as receiver:
        endpoint, _ = a_webhook(receiver.url, "lamp.lit")
        deliver(lit().deliveries.get().pk, at=NOON)
        endpoint.refresh_from_db()
        assert endpoint.switched_off_at == NOON
        assert the_delivery().status == DeliveryStatus.GIVEN_UP


# By hand


def test_a_delivery_can_be_sent_again_with_the_same_key_unless_it_waits():
    with a_receiver() as receiver:
        a_webhook(receiver.url, "lamp.lit")
        delivery = lit().deliveries.get()
        with pytest.raises(DomainError, match="waiting"):
            send_again(delivery, at=NOON)
        deliver(delivery.pk, at=NOON)
        send_again(delivery, at=NOON + DAY)
        send_due(NOON + DAY)
        assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
        assert len(receiver.got) == 2


def test_a_test_message_goes_to_a_webhook_that_is_switched_off_too():
    with a_receiver() as receiver:
        endpoint, _ = a_webhook(receiver.url)
        switch_off(endpoint, at=NOON)
        assert deliver(send_test(endpoint, at=NOON).pk, at=NOON) is True
        assert json.loads(receiver.got[0][1])["type"] == "test"


# E-mail


def test_an_e_mail_is_written_in_the_readers_language_and_on_one_line_of_subject(monkeypatch):
    from django.utils.translation import get_language

    outbox_event("lamp.out", title="out", write_mail=lambda _payload: (f"Out\r\nBcc: x@y ({get_language()})", "Dark."))
    tell("lamp.out", {}, at=NOON, addresses=[Address("lead@example.com", "zh-hans")])
    send_due(NOON)
    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == (["lead@example.com"], "Out Bcc: x@y (zh-hans)")


def test_a_mail_server_that_is_away_delays_the_mail(monkeypatch):
    lit(addresses=[READER])
    with monkeypatch.context() as patch:
        patch.setattr(sending.EmailMessage, "send", lambda self: (_ for _ in ()).throw(ConnectionRefusedError()))
        send_due(NOON)
    assert "ConnectionRefusedError" in the_delivery().error
    send_due(NOON + BACKOFF[0])
    assert len(mail.outbox) == 1


def test_old_messages_are_forgotten_unless_they_wait():
    done, waiting = lit(addresses=[READER]), lit(addresses=[Address("b@example.com", "en")])
    deliver(done.deliveries.get().pk, at=NOON)
    assert forget_old_messages(NOON + 89 * DAY) == 0
    forget_old_messages(NOON + 91 * DAY)
    assert list(OutboxMessage.objects.all()) == [waiting]
