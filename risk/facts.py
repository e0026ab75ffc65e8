"""What is known of an order when it is assessed, as plain data. Pure: no Django, no database.

Everything is as of `at`: nothing later than that is in here, so that the same facts can be gathered again for a day that is over.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

HUB_CAP = 50
"""A value shared by more accounts than this joins nobody: carrier networks, campus nets and default device ids join strangers."""

COUNTED_UP_TO = HUB_CAP + 1
"""Distinct accounts are counted to one more than the cap: beyond it the number says nothing more."""

CROWD_WINDOW = timedelta(days=7)
"""How far back accounts on a device, a recipient or an address are counted."""

YOUNG = timedelta(hours=72)
"""An account that claims or orders so soon after it registered counts as young."""

OLD = timedelta(days=30)
"""An account older than this was not made for the occasion; it may have been bought for it."""

NEWCOMERS_FROM = 8
"""Behind one address it says nothing what fewer do alike, and it is not asked."""

MADE_WITHIN = timedelta(minutes=10)
"""Accounts that were registered so close to each other count as made together."""

IN_STEP_WITHIN = timedelta(minutes=1)
"""Two acts so close to each other count as done in step."""


@dataclass(frozen=True, slots=True)
class CouponFacts:
    """A coupon that paid for the order, and where it came from."""

    coupon_type: str
    is_restricted: bool
    can_pay_alone: bool
    """It asks for no minimum spend above its face value, so that its holder need hardly pay anything himself."""
    face_value: Decimal
    claimed_at: datetime
    has_entry: bool
    entry_is_of_its_type: bool
    is_within_entry_period: bool
    has_token: bool
    token_is_of_its_entry: bool
    token_uses_allowed: int | None
    customers_on_token: int
    """Distinct customers who got a coupon by the same token, this one included; at most COUNTED_UP_TO, 0 without a token."""
    suspended_at: datetime | None
    """When an alarm first suspended the coupon type after the claim."""
    rules_crossed: tuple[str, ...] = ()
    """By what the claim rules count that it crossed and that flag: the claim was issued all the same."""
    is_granted: bool = False
    """Nobody claimed it: staff gave it, by an approved grant. `claimed_at` is when."""
    went_public_at: datetime | None = None
    """When the code that it was claimed by went public, as staff have marked; None where nobody said so."""
    bursts: tuple[str, ...] = ()
    """In bursts of what it was claimed, as far as they were known at the time: `entry`, `network`, `segment`."""
    made_together: int = 0
    """Customers on the same token of a restricted type who were registered within MADE_WITHIN of this one, this one included."""

    @property
    def is_tempting(self) -> bool:
        """Worth its face value in anybody's hands, or meant for few: what gangs come for."""
        return self.is_restricted or self.can_pay_alone

    @property
    def came_after_public(self) -> bool:
        return self.went_public_at is not None and self.claimed_at > self.went_public_at

    @property
    def came_by_shared_token(self) -> bool:
        return self.is_restricted and self.customers_on_token > 1


@dataclass(frozen=True, slots=True)
class RecipientFacts:
    """A number or account that the order tops up, and who else does. Counts go up to COUNTED_UP_TO."""

    recipient_hash: str
    accounts: int
    """Distinct accounts that topped it up with coupons, this order's included; its owner is not counted."""
    young_accounts: int
    """Of those, how many were young when they did, and each on another device: a family shares one."""
    made_together: int = 0
    """Of the accounts, how many were made within MADE_WITHIN of this order's."""


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """An order with coupons, its customer, and who else is seen where it comes from and where its value goes."""

    at: datetime
    placed_at: datetime
    registered_at: datetime | None
    phone_segment: str
    has_earlier_delivery: bool
    """The customer had a paid order delivered before the first of these coupons was claimed."""
    coupons: tuple[CouponFacts, ...]
    virtual_amount: Decimal
    tops_up_own_number_only: bool
    """There are virtual goods, and all of them go to the customer's own phone number."""
    accounts_on_device: int | None
    """Distinct accounts that claimed or ordered from this device; None where the device is unknown or identifies nobody."""
    recipients: tuple[RecipientFacts, ...]
    """Whom the order tops up, the customer's own number left out."""
    accounts_on_address: int | None
    """Distinct accounts that ordered from this network address; None where it is unknown."""
    coupon_users_on_address: int = 0
    """Of those, how many paid with coupons that gangs come for. Not counted, and 0, for an order that `cashes_out_new` is not true
    of, and where the address is shared by few or is a hub."""
    newcomers_cashing_out_on_address: int = 0
    """Of those again, how many did the same, each on another device."""
    accounts_on_payment_account: int | None = None
    """Distinct accounts whose orders with coupons were paid from the same account; None where it is unknown."""
    accounts_on_delivery_phone: int | None = None
    """Distinct accounts whose orders with coupons went to the same number, its owner left out; None where it is unknown."""
    in_step: int = 0
    """Others, each on another device, who claimed by the same entry and ordered, both within IN_STEP_WITHIN of this one."""
    newcomers_in_step: int = 0
    """Of those in step, how many did what `cashes_out_new` says, each on another device. 0 for an order that it is not true of."""
    claimed_together: int = 0
    """Others who claimed by the same entry within IN_STEP_WITHIN, whether they ordered or not; of many the first ROWS_READ."""

    @property
    def after_public(self) -> tuple[CouponFacts, ...]:
        return tuple(coupon for coupon in self.coupons if coupon.came_after_public)

    @property
    def came_after_public(self) -> bool:
        """All that he claimed of restricted types, he claimed after its code had gone public."""
        restricted = [coupon for coupon in self.coupons if coupon.is_restricted]
        return bool(restricted) and all(coupon.came_after_public for coupon in restricted)

    @property
    def made_together(self) -> int:
        """The most accounts that were made together with this one among those on a token or a recipient of this order."""
        on_tokens = [coupon.made_together for coupon in self.coupons]
        return max([*on_tokens, *(recipient.made_together for recipient in self.recipients)], default=0)

    @property
    def first_claimed_at(self) -> datetime:
        return min(coupon.claimed_at for coupon in self.coupons)

    @property
    def has_tempting_coupon(self) -> bool:
        return any(coupon.is_tempting for coupon in self.coupons)

    @property
    def has_restricted_coupon(self) -> bool:
        return any(coupon.is_restricted for coupon in self.coupons)

    @property
    def age(self) -> timedelta | None:
        """How old the account was when it ordered; None where the storefront has not said."""
        return None if self.registered_at is None else self.placed_at - self.registered_at

    @property
    def age_at_claim(self) -> timedelta | None:
        """How old the account was when the first of these coupons was claimed."""
        return None if self.registered_at is None else self.first_claimed_at - self.registered_at

    @property
    def is_young(self) -> bool:
        return self.age_at_claim is not None and self.age_at_claim < YOUNG

    @property
    def cashes_out_new(self) -> bool:
        """An account that is not OLD turned a coupon that gangs come for into virtual goods for somebody else."""
        return self.age is not None and self.age <= OLD and self.tops_up_others and self.has_tempting_coupon

    @property
    def accounts_on_recipient(self) -> int:
        """The most of any recipient; 0 where nobody else is topped up."""
        return max((recipient.accounts for recipient in self.recipients), default=0)

    @property
    def tops_up_others(self) -> bool:
        """Virtual goods for a number or account that is not the customer's own."""
        return bool(self.virtual_amount) and not self.tops_up_own_number_only
