"""A blocked identity claims nothing within the block's scope, until it expires or somebody lifts it."""

from dataclasses import replace
from datetime import timedelta
from threading import Event

import pytest

from backoffice.lib.errors import DomainError, InvalidInput, StaleState
from promotions.models import Claim, Coupon, IdentityBlock
from promotions.services import claim_statements as statements
from promotions.services import claiming
from promotions.services.blocks import block_identity, lift_block
from promotions.services.claiming import claim_coupon
from promotions.states import Identity, RefusalReason
from tests.promotions.factories import DAY, NOON, a_campaign, a_claim, a_claimant, a_coupon_type, an_entry, the_asker
from tests.promotions.racing import at_once, errors_in
from tests.promotions.ruling import somebody_at
from tests.race.waiting import somebody_waits, wait_until

WHY = {"reason": "farm", "at": NOON}


def blocked(identity, value, *, scope=None, expires_at=None):
    return block_identity(identity=identity, value=value, scope=scope, expires_at=expires_at, by=the_asker(), **WHY)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("identity", "typed", "shows"),
    [
        (Identity.CUSTOMER, " u-bad ", {"claimant": {"ref": "u-bad"}}),
        (Identity.PERSON, "ID-1", {"claimant": {"identity": "id-1"}}),
        (Identity.PHONE, "+86 138-1234-5678", {"claimant": {"phone": "13812345678"}}),
        (Identity.DEVICE, "AA-BB-CC-DD-EE-01", {"device": "aa:bb:cc:dd:ee:01"}),
        (Identity.ADDRESS, "2001:db8:1:2:3::4", {"address": "2001:db8:1:2::9"}),
        (Identity.ADDRESS, "2001:db8:1:2::/64", {"address": "2001:db8:1:2::9"}),
        (Identity.ADDRESS, "203.0.113.77", {"address": "203.0.113.77"}),
    ],
)
def test_what_staff_type_is_compared_as_claims_show_it(identity, typed, shows):
    entry = an_entry(coupon_type=a_coupon_type(per_customer=None))
    request = somebody_at(entry)
    request = replace(request, **{**shows, "claimant": replace(request.claimant, **shows.get("claimant", {}))})
    blocked(identity, typed)
    assert claim_coupon(request, at=NOON).reason == RefusalReason.IDENTITY_BLOCKED
    assert claim_coupon(somebody_at(entry), at=NOON).reason == ""


@pytest.mark.django_db
def test_of_a_blocked_phone_the_number_is_kept_nowhere():
    block = blocked(Identity.PHONE, "13812345678")
    assert block.shown == "138••••5678"
    assert "12345678" not in repr(vars(block)) + str(block)


@pytest.mark.django_db
def test_a_block_holds_within_its_scope_only():
    campaign = a_campaign()
    one, sibling, stranger = (an_entry(coupon_type=a_coupon_type(campaign=c)) for c in (campaign, campaign, a_campaign()))
    blocked(Identity.DEVICE, "d1", scope=one.coupon_type)
    blocked(Identity.DEVICE, "d2", scope=campaign)
    found = {device: [a_claim(entry=entry, device=device).reason for entry in (one, sibling, stranger)] for device in ("d1", "d2")}
    no = RefusalReason.IDENTITY_BLOCKED
    assert found == {"d1": [no, "", ""], "d2": [no, no, ""]}


@pytest.mark.django_db
def test_a_block_ends_when_it_expires_or_is_lifted_and_keeps_why():
    entry = an_entry()
    blocked(Identity.DEVICE, "d1", expires_at=NOON + timedelta(hours=1))
    lasting = blocked(Identity.DEVICE, "d2")
    assert a_claim(entry=entry, device="d1", at=NOON + timedelta(hours=1)).reason == ""
    lift_block(lasting, by=the_asker(), reason="a library", at=NOON)
    assert a_claim(entry=entry, device="d2").reason == ""
    lasting.refresh_from_db()
    assert (lasting.lifted_by, lasting.lift_reason) == (the_asker(), "a library")
    assert lasting.events.order_by("pgh_id").last().pgh_context.metadata["reason"] == "a library"
    assert not IdentityBlock.objects.in_force(NOON + DAY).exists()


@pytest.mark.django_db
def test_nobody_is_blocked_twice_nor_lifted_twice():
    block = blocked(Identity.DEVICE, "d1", expires_at=NOON + DAY)
    with pytest.raises(StaleState, match="blocked already"):
        blocked(Identity.DEVICE, " D1 ")
    lift_block(block, by=the_asker(), **WHY)
    with pytest.raises(StaleState, match="lifted"):
        lift_block(block, by=the_asker(), **WHY)
    assert blocked(Identity.DEVICE, "d1").pk != block.pk


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("identity", "value"),
    [
        (Identity.PHONE, "not a phone"),
        (Identity.DEVICE, "00:00:00:00:00:00"),
        (Identity.ADDRESS, "127.0.0.1"),
        (Identity.CUSTOMER, "  "),
        (Identity.PERSON, ""),
        (Identity.SEGMENT, "1705"),
        (Identity.TOKEN, "1"),
    ],
)
def test_who_cannot_be_told_from_others_is_not_blocked(identity, value):
    with pytest.raises(InvalidInput):
        blocked(identity, value)


@pytest.mark.django_db
def test_a_block_needs_a_reason_and_a_future_and_lifting_one_a_reason():
    with pytest.raises(InvalidInput, match="reason"):
        block_identity(identity="device", value="d1", scope=None, reason=" ", expires_at=None, by=the_asker(), at=NOON)
    with pytest.raises(InvalidInput, match="future"):
        blocked(Identity.DEVICE, "d1", expires_at=NOON)
    with pytest.raises(DomainError, match="reason"):
        lift_block(blocked(Identity.DEVICE, "d1"), by=the_asker(), reason=" ", at=NOON)


# Races


def a_claim_that_waits(monkeypatch, *, waits_in):
    """A claim that has passed the door; answers it as an act, and when it got there and may go on."""
    is_in, may_go_on = Event(), Event()
    step = getattr(claiming, waits_in)

    def waiting(*args, **kwargs):
        is_in.set()
        assert may_go_on.wait(20)
        return step(*args, **kwargs)

    monkeypatch.setattr(claiming, waits_in, waiting)
    request = somebody_at(an_entry(), device="d1")
    return lambda: claim_coupon(request, at=NOON), is_in, may_go_on


def committed_without_waiting(monkeypatch):
    """A block as a control writes it: it does not wait for the claims that are under way."""
    monkeypatch.setattr("promotions.services.blocks._lock", lambda identity, value: None)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_block_that_commits_between_the_door_and_the_take_is_seen_by_the_take(monkeypatch):
    committed_without_waiting(monkeypatch)  # else it would wait for the claim: the test below
    claim, is_in, may_go_on = a_claim_that_waits(monkeypatch, waits_in="_take")
    the_asker()

    def block():
        assert is_in.wait(20)
        blocked(Identity.DEVICE, "d1")
        may_go_on.set()

    found, _ = at_once([claim, block])
    assert found.reason == RefusalReason.IDENTITY_BLOCKED
    assert not Coupon.objects.exists()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_control_without_the_guard_in_the_take_the_claim_slips_past_the_block(monkeypatch):
    committed_without_waiting(monkeypatch)
    gate = "SELECT NOT EXISTS (" + statements.BLOCKS + ") AS is_unblocked"
    assert gate in statements.TAKE
    monkeypatch.setattr(statements, "TAKE", statements.TAKE.replace(gate, "SELECT true AS is_unblocked").replace("%(kinds)s", ""))
    claim, is_in, may_go_on = a_claim_that_waits(monkeypatch, waits_in="_take")
    the_asker()

    def block():
        assert is_in.wait(20)
        blocked(Identity.DEVICE, "d1")
        may_go_on.set()

    found, _ = at_once([claim, block])
    assert found.outcome == "issued"


def issued_after_the_block(monkeypatch):
    """A claim has taken everything and not committed; meanwhile its device is blocked. Was it issued after the block committed?"""
    claim, is_in, may_go_on = a_claim_that_waits(monkeypatch, waits_in="_keep_flags")
    the_asker()
    seen = []

    def block():
        assert is_in.wait(20)
        blocked(Identity.DEVICE, "d1")
        seen.append(Claim.objects.count())

    def let_it_go_on():
        assert is_in.wait(20)
        wait_until(lambda: seen or somebody_waits())
        may_go_on.set()

    answers = at_once([claim, block, let_it_go_on])
    assert errors_in(answers) == []
    return Claim.objects.filter(outcome="issued").count() - seen[0]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_block_waits_for_the_claim_that_has_taken_already_so_that_none_is_issued_after_it(monkeypatch):
    assert issued_after_the_block(monkeypatch) == 0


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_a_claim_is_issued_after_the_block(monkeypatch):
    committed_without_waiting(monkeypatch)
    assert issued_after_the_block(monkeypatch) == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_blocks_and_claims_of_the_same_many_identities_sacrifice_nobody():
    entry, who = an_entry(coupon_type=a_coupon_type(per_customer=None)), a_claimant(identity="id-1")
    the_asker()
    requests = [replace(somebody_at(entry, device="d1"), claimant=who) for _ in range(20)]
    claims = [lambda r=request: claim_coupon(r, at=NOON) for request in requests]
    values = {Identity.DEVICE: "d1", Identity.CUSTOMER: who.ref, Identity.PERSON: "id-1", Identity.PHONE: who.phone}
    blocks = [lambda k=kind, v=value: blocked(k, v) for kind, value in values.items()]
    assert errors_in(at_once([*claims, *blocks])) == []
    assert IdentityBlock.objects.count() == 4
    assert claim_coupon(requests[0], at=NOON).reason == RefusalReason.IDENTITY_BLOCKED
