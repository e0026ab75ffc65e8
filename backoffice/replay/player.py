"""Plays each event through the service that the API or the admin would call, at the event's time.

Nothing here decides anything. What a line names that does not exist, and what a service will not even consider, is a BadLine; a
service's refusal of a claim or an order is a result.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from django.db import DataError, IntegrityError, transaction

from backoffice.lib import clock
from backoffice.lib.errors import DomainError, NotFound
from backoffice.replay import events
from backoffice.replay.faults import BadLine
from backoffice.replay.journal import Journal, Kind, Outcome
from backoffice.replay.staff import Staff
from backoffice.replay.things import KnownCodes, Tokens
from orders.services.delivering import OrderHeld, OrderIsFinal, deliver_order
from orders.services.placing import CouponRefused, LineRequest, OrderRequest, place_order
from orders.signals import hold_released
from promotions.models import Claim, CouponType, Entry
from promotions.services.claiming import Claimant, ClaimRequest, claim_coupon
from promotions.states import ClaimOutcome

NO_COUPON = "claim_not_issued"


class Player:
    """Knows what the file has named so far, and which orders wait for their last hold to be released."""

    def __init__(self, journal: Journal, staff: Staff) -> None:
        self._journal = journal
        self._coupons: dict[str, str | None] = {}  # by claim; None where it was refused
        self._orders: dict[str, int | None] = {}  # by reference; None where it was not placed
        self._waiting: dict[int, str] = {}
        self._released: set[int] = set()
        self._coupon_types = KnownCodes(CouponType, "coupon type")
        self._entries = KnownCodes(Entry, "entry")
        self._tokens = Tokens()
        self._verbs: Final[dict[type[events.Event], Callable[[Any], None]]] = {
            events.ClaimEvent: self._claim,
            events.OrderEvent: self._order,
            events.ShipEvent: self._ship,
            events.CampaignEvent: transaction.atomic(staff.start_campaign),
            events.CouponTypeEvent: transaction.atomic(staff.start_coupon_type),
            events.EntryEvent: transaction.atomic(staff.open_entry),
            events.TokensEvent: transaction.atomic(staff.make_tokens),
            events.ThresholdEvent: transaction.atomic(staff.arm_threshold),
            events.SuspendEvent: transaction.atomic(staff.suspend),
            events.ResumeEvent: transaction.atomic(staff.resume),
        }

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hear of released holds inside the block."""
        hold_released.connect(self._note_released, weak=False)
        try:
            yield
        finally:
            hold_released.disconnect(self._note_released)

    def play(self, event: events.Event) -> None:
        """Raises BadLine, and then nothing of the line has happened."""
        with clock.fixed_at(event.at):
            try:
                self._verbs[type(event)](event)
            except DomainError as refusal:
                raise BadLine(event.line, str(refusal)) from refusal
            except (IntegrityError, DataError) as refusal:
                first_line = next(iter(str(refusal).splitlines()), "")
                raise BadLine(event.line, f"the database refuses it: {first_line}") from refusal

    def ask_again(self, at: datetime) -> None:
        """The shop asks again for what waited only for the holds that were released since."""
        if not self._released:
            return
        asked, self._released = sorted(self._released & self._waiting.keys()), set()
        with clock.fixed_at(at):
            for order_id in asked:
                ref = self._waiting.pop(order_id)
                self._journal.amend(Kind.SHIP, ref, *self._ask_to_ship(ref, order_id))

    def _claim(self, event: events.ClaimEvent) -> None:
        self._refuse_second(Kind.CLAIM, event.id)
        self._coupon_types.require(event.coupon_type)
        if event.entry is not None:
            self._entries.require(event.entry)
        who = event.customer
        claim = claim_coupon(
            ClaimRequest(
                claimant=Claimant(who.ref, who.phone, who.is_verified, who.registered_at),
                coupon_type=event.coupon_type,
                channel=event.channel,
                entry=event.entry,
                token=self._tokens.text_of(event.token) if isinstance(event.token, events.TokenOfBatch) else event.token,
                device=event.device,
                address=event.address,
            ),
            at=event.at,
        )
        self._note_claim(event, claim)

    def _note_claim(self, event: events.ClaimEvent, claim: Claim) -> None:
        is_issued = claim.outcome == ClaimOutcome.ISSUED
        self._coupons[event.id] = claim.coupon.code if is_issued else None
        outcome = Outcome.ISSUED if is_issued else Outcome.REFUSED
        self._journal.note(Kind.CLAIM, event.id, event.at, outcome, str(claim.reason))

    def _order(self, event: events.OrderEvent) -> None:
        self._refuse_second(Kind.ORDER, event.id)
        codes = [self._coupon_of(claim_id) for claim_id in event.claims]
        if any(code is None for code in codes):
            return self._note_order(event, None, Outcome.NOT_PLACED, NO_COUPON)
        lines = tuple(LineRequest(line.sku, line.category, line.amount, line.recipient) for line in event.lines)
        coupon_codes = tuple(code for code in codes if code is not None)
        request = OrderRequest(
            event.id,
            event.customer,
            coupon_codes,
            lines,
            event.device,
            event.address,
            payment_account=event.payment_account,
            delivery_phone=event.delivery_phone,
        )
        try:
            order = place_order(request, at=event.at)
        except CouponRefused as refusal:
            return self._note_order(event, None, Outcome.REFUSED, refusal.code)
        return self._note_order(event, order.pk, Outcome.PLACED, "")

    def _note_order(self, event: events.OrderEvent, order_id: int | None, outcome: Outcome, reason: str) -> None:
        self._orders[event.id] = order_id
        self._journal.note(Kind.ORDER, event.id, event.at, outcome, reason)

    def _ship(self, event: events.ShipEvent) -> None:
        if event.order not in self._orders:
            raise NotFound(f"There is no order {event.order} in a line above.")
        order_id = self._orders[event.order]
        if order_id is None:
            outcome, reason = Outcome.NOT_PLACED, self._journal.result(Kind.ORDER, event.order).reason
        else:
            outcome, reason = self._ask_to_ship(event.order, order_id)
        self._journal.note(Kind.SHIP, event.order, event.at, outcome, reason)

    def _ask_to_ship(self, ref: str, order_id: int) -> tuple[Outcome, str]:
        try:
            deliver_order(ref, at=clock.now())
        except OrderHeld as refusal:
            self._waiting[order_id] = ref
            return Outcome.HELD, ",".join(sorted(str(hold.kind) for hold in refusal.holds))
        except OrderIsFinal as refusal:
            return Outcome.NOT_PLACED, refusal.code
        return Outcome.SHIPPED, ""

    def _refuse_second(self, kind: Kind, thing_id: str) -> None:
        if self._journal.knows(kind, thing_id):
            raise DomainError(f"The {kind} {thing_id} stands in a line above already.")

    def _coupon_of(self, claim_id: str) -> str | None:
        if claim_id not in self._coupons:
            raise NotFound(f"There is no claim {claim_id} in a line above.")
        return self._coupons[claim_id]

    def _note_released(self, order_ids: list[int], **_: Any) -> None:
        self._released.update(order_ids)
