from risk.models.allowing import Allowance
from risk.models.appeals import Appeal
from risk.models.assessments import Assessment, Finding
from risk.models.bulk_reviews import BulkReview, BulkReviewItem, BulkReviewJob
from risk.models.flags import Flag
from risk.models.queue import Review, ReviewAct, ReviewedOrder, ReviewSkip, UrgencyChoices

__all__ = [
    "Allowance",
    "Appeal",
    "Assessment",
    "BulkReview",
    "BulkReviewItem",
    "BulkReviewJob",
    "Finding",
    "Flag",
    "Review",
    "ReviewAct",
    "ReviewSkip",
    "ReviewedOrder",
    "UrgencyChoices",
]
