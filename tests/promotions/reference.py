"""What a budget should do, in a few lines without a database: the model that the real thing is compared with, step by step."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from promotions.states import CouponStatus, OverrunPolicy, RefusalReason, SlotReturn

HELD = (CouponStatus.ISSUED, CouponStatus.FROZEN)
ZERO = Decimal(0)


@dataclass
class ModelCoupon:
    kind: int
    customer: int
    face: Decimal
    valid_until: datetime
    status: str = CouponStatus.ISSUED
    spent: Decimal = ZERO


@dataclass
class ModelKind:
    """A coupon type with its entry."""

    face: Decimal
    quantity: int | None
    cap: int
    budget: Decimal | None
    per_customer: int
    valid_until: datetime
    is_live: bool = True
    issued: int = 0
    reserved: Decimal = ZERO
    spent: Decimal = ZERO
    uses: dict[int, int] = field(default_factory=dict)

    def has_money_for(self, more: Decimal) -> bool:
        return self.budget is None or self.reserved + self.spent + more <= self.budget


@dataclass
class Model:
    """One campaign. Every method answers what the service should answer, and takes note of it."""

    budget: Decimal
    slot_return: str
    overrun_policy: str
    kinds: list[ModelKind]
    is_live: bool = True
    issued: Decimal = ZERO
    coupons: dict[int, ModelCoupon] = field(default_factory=dict)

    @property
    def reserved(self) -> Decimal:
        return sum((kind.reserved for kind in self.kinds), ZERO)

    @property
    def spent(self) -> Decimal:
        return sum((kind.spent for kind in self.kinds), ZERO)

    def has_money_for(self, more: Decimal) -> bool:
        return self.reserved + self.spent + more <= self.budget

    def refuses(self, number: int, customer: int) -> str:
        """Why a claim is refused, or nothing."""
        kind = self.kinds[number]
        reasons = [
            (not kind.is_live, RefusalReason.COUPON_TYPE_NOT_LIVE),
            (not self.is_live, RefusalReason.CAMPAIGN_NOT_LIVE),
            (kind.uses.get(customer, 0) >= kind.per_customer, RefusalReason.LIMIT_REACHED),
            (kind.issued >= kind.cap, RefusalReason.ENTRY_FULL),
            (kind.quantity is not None and kind.issued >= kind.quantity, RefusalReason.ALL_GIVEN),
            (not kind.has_money_for(kind.face), RefusalReason.TYPE_BUDGET_SPENT),
            (not self.has_money_for(kind.face), RefusalReason.BUDGET_SPENT),
        ]
        return next((str(reason) for is_so, reason in reasons if is_so), "")

    def issue(self, key: int, number: int, customer: int) -> None:
        kind = self.kinds[number]
        kind.issued += 1
        kind.reserved += kind.face
        kind.uses[customer] = kind.uses.get(customer, 0) + 1
        self.issued += kind.face
        self.coupons[key] = ModelCoupon(number, customer, kind.face, kind.valid_until)

    def redeem(self, key: int, amount: Decimal) -> None:
        coupon = self.coupons[key]
        kind = self.kinds[coupon.kind]
        coupon.status, coupon.spent = CouponStatus.REDEEMED, min(amount, coupon.face)
        kind.reserved -= coupon.face
        kind.spent += coupon.spent

    def bring_back(self, key: int, cancelled_by: str, at: datetime) -> bool:
        """Whether the coupon lives again after its order was cancelled."""
        coupon = self.coupons[key]
        kind = self.kinds[coupon.kind]
        more = coupon.face - coupon.spent
        wanted = self.slot_return == SlotReturn.ALWAYS or (self.slot_return == SlotReturn.UNLESS_RISK and cancelled_by != "risk")
        has_room = kind.has_money_for(more) and self.has_money_for(more)
        fits = has_room or self.overrun_policy == OverrunPolicy.HONOUR or more == 0
        lives = wanted and coupon.valid_until > at and fits
        kind.spent -= coupon.spent
        kind.reserved += coupon.face if lives else ZERO
        coupon.status, coupon.spent = (CouponStatus.ISSUED if lives else CouponStatus.VOIDED), ZERO
        return lives

    def expire(self, at: datetime) -> int:
        due = [key for key, coupon in self.coupons.items() if coupon.status == CouponStatus.ISSUED and coupon.valid_until <= at]
        for key in due:
            self.drop(key, CouponStatus.EXPIRED)
        return len(due)

    def drop(self, key: int, status: str) -> None:
        coupon = self.coupons[key]
        if coupon.status in HELD:
            self.kinds[coupon.kind].reserved -= coupon.face
        coupon.status = status

    def can_lower_to(self, amount: Decimal) -> bool:
        return self.overrun_policy == OverrunPolicy.HONOUR or self.reserved + self.spent <= amount

    @property
    def overrun(self) -> Decimal:
        return max(self.reserved + self.spent - self.budget, ZERO)
