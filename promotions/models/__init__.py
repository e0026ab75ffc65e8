from promotions.models.blocks import IdentityBlock, NobodyValue
from promotions.models.budgets import Budget, BudgetSlice
from promotions.models.campaigns import Campaign
from promotions.models.claims import Claim, Coupon, Redemption
from promotions.models.coupon_types import CouponType, CouponTypeSlice
from promotions.models.customers import Customer
from promotions.models.entries import Entry, EntrySlice
from promotions.models.rules import ClaimFlag, ClaimRule, RuleUse
from promotions.models.tokens import ClaimToken, TokenBatch, TokenExport
from promotions.models.watch import Alarm, Threshold

__all__ = [
    "Alarm",
    "Budget",
    "BudgetSlice",
    "Campaign",
    "Claim",
    "ClaimFlag",
    "ClaimRule",
    "ClaimToken",
    "Coupon",
    "CouponType",
    "CouponTypeSlice",
    "Customer",
    "Entry",
    "EntrySlice",
    "IdentityBlock",
    "NobodyValue",
    "Redemption",
    "RuleUse",
    "Threshold",
    "TokenBatch",
    "TokenExport",
]
