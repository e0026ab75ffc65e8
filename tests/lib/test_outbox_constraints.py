"""What the database promises of the outbox, tried round the services."""

import pytest
from django.apps import apps

from backoffice.lib.models import Delivery, DeliveryStatus
from backoffice.lib.outbox import Address, send_test, tell
from tests.lib.telling import a_webhook
from tests.promotions.factories import NOON
from tests.promotions.rawsql import copy_of, refused, set_in

pytestmark = pytest.mark.django_db


def a_post():
    return send_test(a_webhook()[0], at=NOON)


def a_mail():
    tell("test", {}, at=NOON, addresses=[Address("a@example.com", "en")])
    return Delivery.objects.get()


CHECKS = {
    "webhook_has_a_salt": (lambda: a_webhook()[0], "salt = 'secret'"),
    "webhook_address_is_http": (lambda: a_webhook()[0], "url = 'file:///etc/passwd'"),
    "webhook_switched_off_is_not_active": (lambda: a_webhook()[0], "switched_off_at = now()"),
    "delivery_to_a_webhook_or_an_address": (a_post, "address = 'a@example.com'"),
    "delivery_to_a_webhook_or_an_address ": (a_mail, "address = ''"),
    "delivery_is_tried_while_it_waits": (a_post, "next_try_at = NULL"),
    "delivery_is_tried_while_it_waits ": (a_post, "status = 'given_up'"),
    "delivery_says_when": (a_post, "delivered_at = now()"),
    "delivery_says_when ": (a_post, "status = 'delivered', next_try_at = NULL"),
}
UNIQUES = {"delivery_once_per_webhook": a_post, "delivery_once_per_address": a_mail}


@pytest.mark.parametrize("name", CHECKS)
def test_a_row_that_breaks_a_check_is_refused(name):
    make, assignment = CHECKS[name]
    refused(name.strip(), set_in(make(), assignment))


@pytest.mark.parametrize("name", UNIQUES)
def test_nobody_is_told_the_same_thing_twice_at_once(name):
    refused(name, copy_of(UNIQUES[name]()))


def test_no_constraint_of_the_outbox_is_without_its_test():
    models = [apps.get_model("lib", name) for name in ("WebhookEndpoint", "OutboxMessage", "Delivery")]
    declared = {constraint.name for model in models for constraint in model._meta.constraints}
    assert declared <= {name.strip() for name in CHECKS} | set(UNIQUES)


def test_a_message_has_a_key_of_its_own():
    delivery = a_post()
    refused("lib_outboxmessage_key", copy_of(delivery.message))
    assert delivery.status == DeliveryStatus.WAITING
