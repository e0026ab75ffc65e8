from backoffice.lib.models.api_key import ApiKey
from backoffice.lib.models.approval import Approval, ApprovalStatus
from backoffice.lib.models.check_run import CheckRun
from backoffice.lib.models.idempotency import IdempotencyRecord
from backoffice.lib.models.job import Job, JobStatus
from backoffice.lib.models.list_export import ListExport
from backoffice.lib.models.membership import GroupPermissionRow, UserGroupRow, UserPermissionRow
from backoffice.lib.models.outbox import Delivery, DeliveryStatus, OutboxMessage, WebhookEndpoint
from backoffice.lib.models.saved_view import SavedView

__all__ = [
    "ApiKey",
    "Approval",
    "ApprovalStatus",
    "CheckRun",
    "Delivery",
    "DeliveryStatus",
    "GroupPermissionRow",
    "IdempotencyRecord",
    "Job",
    "JobStatus",
    "ListExport",
    "OutboxMessage",
    "SavedView",
    "UserGroupRow",
    "UserPermissionRow",
    "WebhookEndpoint",
]
