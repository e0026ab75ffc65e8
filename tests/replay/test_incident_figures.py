"""What an incident says of a night's money is what the replay's report says of it."""

import pytest

from backoffice.replay.figures import money_by_coupon_type
from backoffice.replay.marks import Marks
from orders.models import Order
from orders.services.cancelling import cancel_order
from orders.services.delivering import deliver_order
from orders.states import CancelledBy
from risk.services.incident_figures import amount_of, latest_figures, take_snapshot
from tests.promotions.factories import NOON, the_asker
from tests.risk.factories import HOUR
from tests.risk.incidents import LATER, a_night, an_incident

pytestmark = pytest.mark.django_db


def test_the_figures_of_an_incident_are_those_of_the_replays_report():
    token, _gang, guests = a_night(gang=5, guests=4)
    a_night(gang=2, guests=1)  # another type, that is none of it
    incident = an_incident(token)
    deliver_order(guests[0].ref, at=LATER)
    deliver_order(guests[1].ref, at=LATER)
    cancel_order(guests[2].ref, cancelled_by=CancelledBy.CUSTOMER, reason="changed my mind", at=LATER)
    take_snapshot(incident, by=the_asker(), at=LATER + HOUR)
    told, figures = report_of(token), latest_figures(incident)
    said = {name: amount_of(figure, "CNY") for name, figure in figures.items() if name != "people"}
    assert said["issued"] == told.issued == 900
    assert said["redeemed"] == told.redeemed == 800
    assert said["delivered"] == told.delivered == 200
    assert said["held"] == told.held > 0
    assert said["waiting"] == told.waiting
    assert said["recovered"] == 100
    assert Order.objects.filter(placed_at__lt=NOON - HOUR).exists() is False


def report_of(token):
    code = token.batch.entry.coupon_type.code
    return next(one.money for one in money_by_coupon_type(Marks(0, 0, 0)) if one.code == code)
