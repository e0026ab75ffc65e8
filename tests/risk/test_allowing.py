"""The allow list: who is on it is left out of freezes, until a time, until somebody lifts it, and never silently."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from backoffice.lib.errors import InvalidInput, StaleState
from orders.scopes.fields import matching, part, with_defaults
from orders.scopes.parts import ScopeParts
from orders.services.previewing import preview_freeze
from risk.models import Allowance, Flag
from risk.services.allowing import allow, lift_allowance
from risk.states import Disposition
from tests.orders.factories import HOUR, a_top_up, an_order
from tests.orders.rounds import sql
from tests.orders.test_constraints import refused
from tests.promotions.factories import NOON, the_asker

pytestmark = pytest.mark.django_db


def allowed(kind, value, **changes):
    return allow(
        **{"kind": kind, "value": value, "reason": "we know them", "expires_at": None, "by": the_asker(), "at": NOON, **changes}
    )


def frozen(at=NOON):
    scope = with_defaults(ScopeParts((part("status", "paid"),)))
    return {order.ref for order in matching(scope, at)}


def test_orders_of_whoever_is_allowed_are_left_out_and_counted():
    customer, device, recipient = (
        an_order(customer_ref="honest"),
        an_order(device="front-desk"),
        an_order(lines=(a_top_up(recipient="13900139000"),)),
    )
    rest = an_order()
    allowed("customer", "honest")
    allowed("device", " FRONT-DESK ")
    allowed("recipient", "139 0013 9000")
    assert frozen() == {rest.ref}
    (left,) = preview_freeze(with_defaults(ScopeParts((part("status", "paid"),))), at=NOON).left_out
    assert left.orders == 3
    assert "allow list" in left.words
    assert {customer.ref, device.ref, recipient.ref, rest.ref} == {
        order.ref for order in matching(ScopeParts((part("status", "paid"),)), NOON)
    }


def test_an_allowance_that_expired_or_was_lifted_leaves_nobody_out():
    order = an_order(customer_ref="honest")
    allowance = allowed("customer", "honest", expires_at=NOON + HOUR)
    assert frozen() == set()
    assert frozen(NOON + HOUR) == {order.ref}
    lift_allowance(allowance, by=the_asker(), reason="a mistake", at=NOON)
    assert frozen() == {order.ref}
    with pytest.raises(StaleState):
        lift_allowance(allowance, by=the_asker(), reason="again", at=NOON)


def test_nobody_is_allowed_twice_and_nothing_that_names_nobody():
    an_order(customer_ref="honest")
    allowed("customer", "honest")
    with pytest.raises(StaleState, match="on the allow list already"):
        allowed("customer", "honest")
    for kind, value in (("customer", "nobody"), ("device", "00000"), ("recipient", ""), ("campaign", "x")):
        with pytest.raises(InvalidInput):
            allowed(kind, value)
    for wrong in ({"reason": " "}, {"expires_at": NOON}):
        with pytest.raises(InvalidInput):
            allowed("device", "desk-2", **wrong)


def test_an_allowance_stays_as_it_was_written_but_for_being_lifted_once():
    allowance = allowed("device", "desk-1")
    for statement in ("UPDATE risk_allowance SET value = 'desk-2'", "DELETE FROM risk_allowance"):
        with pytest.raises(DatabaseError, match="pgtrigger: Cannot"), transaction.atomic():
            sql(statement)
    refused("allowance_lifted_by_whom_when_and_why", lambda: Allowance.objects.update(lifted_at=NOON))
    values = {"shown": "x", "reason": "x", "created_by": the_asker(), "created_at": NOON}
    refused("allowance_names_one_in_one_way", lambda: Allowance.objects.create(kind="device", value="", **values))
    refused("allowance_names_one_in_one_way", lambda: Allowance.objects.create(kind="customer", value="x", **values))
    refused("allowance_has_a_reason", lambda: Allowance.objects.create(kind="device", value="x", **(values | {"reason": ""})))
    refused(
        "allowance_expires_after_it_begins",
        lambda: Allowance.objects.create(kind="device", value="x", expires_at=NOON - timedelta(1), **values),
    )
    assert allowance.events.count() == 1


def test_flagged_orders_are_chosen_by_decision_and_by_how_they_look():
    organised, swept, plain = an_order(), an_order(), an_order()
    for order, looks in ((organised, Disposition.ORGANISED), (swept, Disposition.SWEPT_ALONG)):
        Flag.objects.create(order=order, score=50, disposition=looks, flagged_at=NOON, updated_at=NOON)

    def found(*parts, left_out=()):
        return {order.ref for order in matching(ScopeParts(parts, left_out), NOON)}

    assert found(part("flagged", "any")) == found(part("flagged", "waiting")) == {organised.ref, swept.ref}
    assert found(part("flagged", "cleared")) == set()
    assert found(part("disposition", "organised")) == {organised.ref}
    assert found(part("flagged", "any"), left_out=(part("disposition", "swept_along"),)) == {organised.ref}
    preview = preview_freeze(ScopeParts((part("status", "paid"),), (part("disposition", "swept_along"),)), at=NOON)
    (panel,) = preview.panels
    assert [[str(cell) for cell in row[2:]] for row in panel.rows] == [["1", panel.rows[0][3]], ["1", panel.rows[1][3]]]
    assert "organised" in str(panel.rows[0][0])
    assert str(panel.rows[1][0]) == "not flagged"
    assert plain.ref in {order.ref for order in preview.sample}
