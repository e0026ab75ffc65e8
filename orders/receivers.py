"""Orders hear of promotions after their commit and only enqueue. What gets lost here is found by `hold_redeeming_orders`.

They hear of jobs, too: a freeze or a release that stops is told to people at once.
"""

from datetime import datetime
from typing import Any

import structlog
from django.dispatch import receiver
from django.utils.translation import gettext_lazy

from backoffice.lib.jobs import job_failed
from backoffice.lib.models import Job
from orders.services.failures import tell_of_failure
from orders.tasks import hold_redeeming_orders_task
from promotions.models.watch import scope_kind
from promotions.signals import redemptions_held

scope_kind("freeze", gettext_lazy("freeze"))
scope_kind("release", gettext_lazy("release"))
log = structlog.get_logger(__name__)


@receiver(redemptions_held)
def hold_what_was_placed(redemption_hold_id: int, **_: Any) -> None:
    try:
        hold_redeeming_orders_task.delay()
    except Exception:
        log.exception("orders_not_told_to_hold", redemption_hold_id=redemption_hold_id)


@receiver(job_failed)
def tell_of_failed_work(job: Job, at: datetime, **_: Any) -> None:
    tell_of_failure(job, at=at)
