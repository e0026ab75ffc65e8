"""What happens on a site of chaos: a freeze, how far it is, what the tables say in the end. Needs Django set up."""

from typing import Any

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import Error, connection
from django.db.models import Count

from backoffice.lib import clock
from backoffice.lib.approvals import approve
from backoffice.lib.models import Job
from backoffice.lib.schedules import seed_schedules
from benchmarks import orders as generated
from orders.models import DeliveryWait, Freeze, Hold, Order, Release
from orders.services.delivering import OrderHeld, deliver_order
from orders.services.freezing import request_freeze, request_release
from orders.states import OrderStatus

CLEAN, DISTURBED = generated.SMALL_SCOPE, generated.SCOPE


def prepare(orders: int) -> None:
    """A migrated database with so many undelivered orders in each of the two scopes."""
    migrate()
    generated.make_orders(4 * orders, small=orders)
    make_staff()


def migrate() -> None:
    call_command("migrate", verbosity=0)
    seed_schedules()


def make_staff() -> None:
    User.objects.create(username="chaos-asker")
    User.objects.create(username="chaos-approver", is_superuser=True)


def a_requested_freeze(scope: str) -> Freeze:
    return request_freeze(
        Order.objects.filter(address=scope),
        kind="legal",
        legal_reference="PSB-2026-17",
        authority="Public security bureau",
        scope_text="all of them",
        reason="property preservation",
        by=User.objects.get(username="chaos-asker"),
        at=clock.now(),
    )


def approved_freeze(scope: str) -> Freeze:
    freeze = a_requested_freeze(scope)
    approve(freeze.job.approval, by=User.objects.get(username="chaos-approver"), reason="checked", at=clock.now())
    return freeze


def progress(job_id: int) -> tuple[int, str] | None:
    """How many items are done and the job's state; None while the database is away."""
    try:
        return Job.objects.values_list("done", "status").get(pk=job_id)
    except Error:
        connection.close()
        return None


def seconds_of_work(job_id: int) -> float:
    """From the first lease on a job that is done to its end: what its worker needed to start does not count."""
    started_at, finished_at = Job.objects.values_list("started_at", "finished_at").get(pk=job_id)
    return (finished_at - started_at).total_seconds()


def outcome(freeze: Freeze) -> dict[str, Any]:
    holds = Hold.objects.filter(freeze=freeze)
    job = Job.objects.get(pk=freeze.job_id)
    events = Hold.pgh_event_model.objects.filter(freeze=freeze)
    return {
        "status": job.status,
        "total": job.total,
        "done": job.done,
        "failed": job.failed_items,
        "results": dict(freeze.items.order_by().values_list("result").annotate(n=Count("pk"))),
        "holds": holds.count(),
        "orders_held": holds.values("order").distinct().count(),
        "events": events.count(),
        "holds_with_one_event": events.values("pgh_obj").annotate(n=Count("pk")).filter(n=1).count(),
    }


def approved_release(freeze: Freeze) -> Release:
    """Of everything that the freeze holds."""
    terms = {"scope_text": "all", "reason": "settled", "legal_reference": "PSB-2026-18"}
    release = request_release(freeze, holds=None, by=User.objects.get(username="chaos-asker"), at=clock.now(), **terms)
    approve(release.job.approval, by=User.objects.get(username="chaos-approver"), reason="checked", at=clock.now())
    return release


def is_done(act: Freeze | Release) -> bool:
    return Job.objects.get(pk=act.job_id).status == "done"


def ask_for_deliveries(scope: str, count: int) -> None:
    """The storefront asks for held orders; it is told when they are free."""
    for ref in Order.objects.filter(address=scope, status=OrderStatus.PAID).order_by("pk").values_list("ref", flat=True)[:count]:
        try:
            deliver_order(ref, at=clock.now())
        except OrderHeld:
            continue
        raise AssertionError(f"{ref} was not held")


def all_told(count: int) -> bool:
    return DeliveryWait.objects.filter(settled_at=None).count() == 0 and DeliveryWait.objects.count() == count


def double_one_event() -> None:
    """As a message that is worked twice would, if anything let it."""
    event = Hold.pgh_event_model.objects.order_by("pk").first()
    event.pk = None
    event.save(force_insert=True)
