from promotions.models.alarm_routes import AlarmRecipient, EscalationStep
from promotions.models.blocks import IdentityBlock, NobodyValue
from promotions.models.budgets import Budget, BudgetSlice
from promotions.models.campaigns import Campaign
from promotions.models.claims import Claim, Coupon, Redemption
from promotions.models.coupon_types import CouponType, CouponTypeSlice
from promotions.models.customers import Customer
from promotions.models.entries import Entry, EntrySlice
from promotions.models.reconciling import Drift
from promotions.models.redemption_holds import RedemptionHold
from promotions.models.rules import ClaimFlag, ClaimRule, RuleUse
from promotions.models.tokens import ClaimToken, TokenBatch, TokenExport
from promotions.models.watch import Alarm, Threshold, ThresholdMemory

__all__ = [
    "Alarm",
    "AlarmRecipient",
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
    "Drift",
    "Entry",
    "EntrySlice",
    "EscalationStep",
    "IdentityBlock",
    "NobodyValue",
    "Redemption",
    "RedemptionHold",
    "RuleUse",
    "Threshold",
    "ThresholdMemory",
    "TokenBatch",
    "TokenExport",
]
