"""The admin's shared pieces, and the pages of what the leaf owns."""

from backoffice.lib.admin import api_keys, approvals, audit, check_runs, jobs, list_exports, schedules, staff, webhooks

__all__ = ["api_keys", "approvals", "audit", "check_runs", "jobs", "list_exports", "schedules", "staff", "webhooks"]
