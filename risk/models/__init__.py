from risk.models.allowing import Allowance
from risk.models.appeals import Appeal
from risk.models.assessments import Assessment, Finding
from risk.models.backtests import Backtest, BacktestDay, BacktestExample
from risk.models.bulk_reviews import BulkReview, BulkReviewItem, BulkReviewJob
from risk.models.bursts import Burst, BurstLook, BurstMemory
from risk.models.dispositions import CustomerDisposition, Overrule
from risk.models.evidence import BundleDownload, BundleFile, BundlePiece, EvidenceBundle
from risk.models.flags import Flag
from risk.models.incident_figures import IncidentFigure, Snapshot
from risk.models.incident_scope import IncidentCoupon, IncidentMember, IncidentOrder, Ruling
from risk.models.incidents import Incident, IncidentAnchor, IncidentNote
from risk.models.links import LinkedAccount, LinkHub, LinkRun
from risk.models.lists import ListEntry, Snooze
from risk.models.queue import Review, ReviewAct, ReviewedOrder, ReviewSkip, UrgencyChoices
from risk.models.review_terms import ReviewTerms
from risk.models.rules import Rule, RuleHit, RuleRun, RuleVersion
from risk.models.value_lists import ValueList, ValueListItem

__all__ = [
    "Allowance",
    "Appeal",
    "Assessment",
    "Backtest",
    "BacktestDay",
    "BacktestExample",
    "BulkReview",
    "BulkReviewItem",
    "BulkReviewJob",
    "BundleDownload",
    "BundleFile",
    "BundlePiece",
    "Burst",
    "BurstLook",
    "BurstMemory",
    "CustomerDisposition",
    "EvidenceBundle",
    "Finding",
    "Flag",
    "Incident",
    "IncidentAnchor",
    "IncidentCoupon",
    "IncidentFigure",
    "IncidentMember",
    "IncidentNote",
    "IncidentOrder",
    "LinkHub",
    "LinkRun",
    "LinkedAccount",
    "ListEntry",
    "Overrule",
    "Review",
    "ReviewAct",
    "ReviewSkip",
    "ReviewTerms",
    "ReviewedOrder",
    "Rule",
    "RuleHit",
    "RuleRun",
    "RuleVersion",
    "Ruling",
    "Snapshot",
    "Snooze",
    "UrgencyChoices",
    "ValueList",
    "ValueListItem",
]
