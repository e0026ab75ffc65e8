"""Bursts as the database keeps them: found once a minute, caught up after a stop, spread to orders, evidence only once known."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import DatabaseError

from promotions.services.nobody import forget_nobodies, list_nobody
from risk.bursting import CAPS
from risk.gathering import gather_facts
from risk.models import Burst, BurstLook, BurstMemory, Finding, Flag
from risk.rules import Disposition
from risk.services import bursts
from risk.services.assessing import assess_order
from risk.services.bursts import watch_bursts
from tests.orders.factories import a_top_up, an_order
from tests.promotions.factories import NOON, a_claimant, a_coupon, a_restricted_type, a_token, a_user, an_entry
from tests.risk.factories import COLLECTOR, DAY, MINUTE

pytestmark = pytest.mark.django_db
AFTER = NOON + 2 * MINUTE
"""When the minute after noon is over and was looked at."""
NETWORK, CARRIER = "203.0.113.7", "203.0.113.8"


def claimed(count, *, at=NOON, entry=None, first=0, registered_at=NOON - 400 * DAY, **fields):
    """So many coupons of one type within the minute, each from a network and a segment of its own unless they are given."""
    entry = entry or an_entry(coupon_type=a_restricted_type())
    token = a_token(entry=entry, uses=count)
    return [
        a_coupon(token=token, at=at + timedelta(seconds=place % 50), **{**stranger(place, registered_at), **fields})
        for place in range(first, first + count)
    ]


def stranger(place, registered_at):
    phone = f"1{3 + place % 6}{place % 9}{place % 7}{place:07}"
    return {"address": f"198.51.100.{place}", "claimant": a_claimant(phone=phone, registered_at=registered_at)}


def test_a_busy_network_bursts_and_nothing_else():
    claimed(CAPS["network"], address=NETWORK)
    assert watch_bursts(AFTER) == 1
    burst = Burst.objects.get()
    assert (burst.kind, burst.shown, burst.claims) == ("network", NETWORK, CAPS["network"])
    assert (burst.began_at, burst.noticed_at, burst.ended_at) == (NOON, AFTER, None)


def test_one_claim_less_is_none():
    claimed(CAPS["network"] - 1, address=NETWORK)
    assert watch_bursts(AFTER) == 0
    assert BurstMemory.objects.filter(kind="network").count() == 1


def test_the_minute_that_runs_is_not_looked_at():
    claimed(CAPS["network"], address=NETWORK)
    assert watch_bursts(NOON + MINUTE) == 0
    assert BurstLook.objects.exists() is False


def test_looking_twice_changes_nothing():
    claimed(CAPS["network"], address=NETWORK)
    watch_bursts(AFTER)
    before = [list(model.objects.values()) for model in (Burst, BurstMemory, BurstLook)]
    assert watch_bursts(AFTER) == 0
    assert [list(model.objects.values()) for model in (Burst, BurstMemory, BurstLook)] == before


def test_a_burst_ends_when_it_is_calm_and_that_is_known_only_then():
    claimed(CAPS["network"], address=NETWORK)
    watch_bursts(AFTER)
    later = NOON + 20 * MINUTE
    watch_bursts(later)
    burst = Burst.objects.get()
    assert (burst.ended_at, burst.end_noticed_at) == (NOON + 11 * MINUTE, later)


def test_after_a_stop_the_missed_minutes_are_caught_up():
    claimed(CAPS["network"], address=NETWORK)
    assert watch_bursts(NOON + 5 * 60 * MINUTE) == 1
    burst = Burst.objects.get()
    assert (burst.began_at, burst.ended_at) == (NOON, NOON + 11 * MINUTE)


def test_a_network_that_is_listed_as_nobodys_bursts_nowhere():
    claimed(CAPS["network"], address=CARRIER)
    list_nobody(kind="address", value=CARRIER, note="a carrier's", by=a_user(), at=NOON)
    forget_nobodies()
    assert watch_bursts(AFTER) == 0


def test_what_is_remembered_is_bounded(monkeypatch):
    monkeypatch.setattr(bursts, "MOST_WATCHED", 1)
    claimed(5, address=NETWORK)
    watch_bursts(AFTER)
    assert BurstMemory.objects.count() == 1


def crowd_with_an_order():
    """A burst from one network, of which one new account topped up somebody else within the same minute."""
    entry, others = an_entry(coupon_type=a_restricted_type()), CAPS["network"] - 1
    claimed(others, entry=entry, address=NETWORK)
    (coupon,) = claimed(1, entry=entry, first=others, address=NETWORK, registered_at=NOON - 60 * MINUTE)
    line = a_top_up(recipient=COLLECTOR, amount=Decimal("100.40"))
    return an_order(coupons=(coupon,), lines=(line,), at=NOON + MINUTE)


class TestEvidence:
    def test_it_is_none_before_it_is_known_and_the_order_is_looked_at_again_when_it_is(self):
        order = crowd_with_an_order()
        assess_order(order.pk, at=NOON + MINUTE)
        assert "claimed_in_a_burst" not in Finding.objects.filter(order=order).values_list("rule", flat=True)
        watch_bursts(AFTER)
        finding = Finding.objects.get(order=order, rule="claimed_in_a_burst")
        assert (finding.score, finding.evidence, finding.values) == (5, "timing", {"where": ["network"]})

    def test_gathered_again_as_of_then_it_is_still_not_known(self):
        order = crowd_with_an_order()
        watch_bursts(AFTER)
        assert gather_facts(order, at=NOON + MINUTE).coupons[0].bursts == ()
        assert gather_facts(order, at=AFTER).coupons[0].bursts == ("network",)

    def test_an_order_is_looked_at_again_once(self):
        order = crowd_with_an_order()
        assess_order(order.pk, at=NOON + MINUTE)
        watch_bursts(AFTER)
        watch_bursts(AFTER + MINUTE)
        assert Finding.objects.get(order=order, rule="claimed_in_a_burst").found_at == AFTER

    def test_alone_it_flags_nobody(self):
        order = crowd_with_an_order()
        watch_bursts(AFTER)
        flag = assess_order(order.pk, at=AFTER)
        assert flag is None or flag.disposition != Disposition.ORGANISED
        assert Flag.objects.filter(disposition=Disposition.ORGANISED).exists() is False


def a_burst(**fields):
    entry = fields.pop("entry", None) or an_entry(coupon_type=a_restricted_type())
    values = {"kind": "segment", "value": "1709", "shown": "1709", "coupon_type": entry.coupon_type, "began_at": NOON}
    return Burst.objects.create(**{**values, "noticed_at": AFTER, "claims": 60, "usual": 1, "peak": 20, "calm": 20, **fields})


class TestTheDatabaseKeeps:
    @pytest.mark.parametrize(
        ("fields", "constraint"),
        [
            ({"value": ""}, "burst_is_somewhere"),
            ({"noticed_at": NOON}, "burst_is_noticed_after_it_began"),
            ({"ended_at": AFTER}, "burst_ends_before_that_is_noticed"),
            ({"ended_at": AFTER, "end_noticed_at": AFTER}, "burst_ends_before_that_is_noticed"),
        ],
    )
    def test_what_a_burst_is(self, fields, constraint):
        with pytest.raises(IntegrityError, match=constraint):
            a_burst(**fields)

    def test_one_open_per_key(self):
        entry = an_entry(coupon_type=a_restricted_type())
        a_burst(entry=entry, ended_at=NOON + MINUTE, end_noticed_at=AFTER)
        a_burst(entry=entry)
        with pytest.raises(IntegrityError, match="burst_one_open_per_key"):
            a_burst(entry=entry)

    @pytest.mark.parametrize("change", ["began_at = now()", "value = 'x'", "usual = 0"])
    def test_what_was_found_stays(self, change):
        burst = a_burst()
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE risk_burst SET {change} WHERE id = %s", [burst.pk])

    def test_it_ends_once_and_is_never_deleted(self):
        burst = a_burst(ended_at=NOON + MINUTE, end_noticed_at=AFTER)
        for statement in ("UPDATE risk_burst SET claims = 1 WHERE id = %s", "DELETE FROM risk_burst WHERE id = %s"):
            with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement, [burst.pk])

    def test_there_is_one_look(self):
        with pytest.raises(IntegrityError, match="burst_look_is_one"):
            BurstLook.objects.create(pk=2, until=NOON)
