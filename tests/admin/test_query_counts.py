"""Pages ask the database a fixed number of things, however many rows they show.

The numbers stand in `tests/query_counts.json`. Raise one only with a reason; `HOLDFAST_WRITE_COUNTS=1` writes them anew.
"""

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from orders.models import Order
from orders.services.holding import place_hold
from orders.services.placing import LineRequest
from promotions.models import Campaign, CouponType, Customer
from risk.models import Burst, Flag, Review, ValueList
from risk.services.assessing import assess_order
from tests.admin.conftest import AtRole
from tests.admin.permission_matrix import MODELS
from tests.admin.world import World, claimed, ordered

COUNTS = Path(__file__).resolve().parents[1] / "query_counts.json"
LISTS = [name for name in MODELS if name != "pghistory_events"]


def pages(world: World) -> dict[str, str]:
    """Name: address. Lists, the dashboard, the audit list, and the object pages that staff look at all day.

    The audit list is asked for one kind: of all kinds it reads each table that its fifty lines come from, and which those are is
    chance where everything happened in one transaction.
    """
    found = {f"{name} list": reverse(f"admin:{name}_changelist") for name in LISTS}
    found |= {"today": reverse("admin:index"), "audit": reverse("admin:pghistory_events_changelist") + "?model=orders.holdevent"}
    objects: dict[str, Any] = {
        "risk_incident": world.incident,
        "risk_burst": Burst.objects.get(),
        "risk_valuelist": ValueList.objects.get(),
        "risk_flag": Flag.objects.order_by("pk").first(),
        "risk_review": Review.objects.get(order__ref="SO-cat-3"),
        "orders_order": Order.objects.get(ref="SO-cat-0"),
        "orders_freeze": world.freeze,
        "promotions_campaign": Campaign.objects.get(code="GALA"),
        "promotions_coupontype": CouponType.objects.get(code="STUDIO100"),
        "promotions_customer": Customer.objects.get(ref="cat-0"),
        "promotions_grant": world.grant,
        "lib_approval": world.freeze.job.approval,
    }
    return found | {f"{name} page": reverse(f"admin:{name}_change", args=[obj.pk]) for name, obj in objects.items()}


def counted(world: World, as_role: AtRole) -> dict[str, int]:
    client = as_role("superuser")
    client.get(reverse("admin:index"))
    numbers = {}
    for name, url in pages(world).items():
        cache.clear()
        ContentType.objects.clear_cache()
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        numbers[name] = len(queries)
    return numbers


def test_pages_ask_as_often_as_the_reviewed_file_says(world: World, as_role: AtRole) -> None:
    numbers = counted(world, as_role)
    if os.environ.get("HOLDFAST_WRITE_COUNTS"):
        COUNTS.write_text(json.dumps(numbers, indent=2, sort_keys=True) + "\n")
    assert numbers == json.loads(COUNTS.read_text())


def test_more_rows_ask_no_more(world: World, as_role: AtRole) -> None:
    before = counted(world, as_role)
    more_rows(world)
    after = counted(world, as_role)
    assert {name: (before[name], number) for name, number in after.items() if number > before[name]} == {}


def more_rows(world: World) -> None:
    """Another rack of accounts, with their claims, orders, findings, flags and holds."""
    for number in range(8):
        token = world.batch.tokens.get(number=10 + number)
        coupon = claimed(world, f"rat-{number}", token=token, device="rack-01", age=timedelta(days=400))
        line = LineRequest("tea", "goods", coupon.face_value)
        order = ordered(world, coupon, line, device="rack-01")
        assess_order(order.pk, at=world.at)
        place_hold(order, kind="manual", reason="another", by=world.users["risk analyst"], at=world.at)
