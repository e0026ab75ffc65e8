"""51,689 recorded accounts as facts: what two rules find of the labelled half, and every device that several accounts share."""

import csv
import gzip
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from risk.facts import HUB_CAP, OrderFacts
from risk.links.joining import Components
from risk.rules.concentration import many_accounts_on_one_device
from tests.conftest import RECORDED_DATA
from tests.risk.factories import ordinary_coupon

pytestmark = pytest.mark.realdata
FOLDER = RECORDED_DATA / "ecommerce_accounts"
SHARED = 3
AT_ONCE = timedelta(seconds=60)


def rows(name):
    with gzip.open(FOLDER / name, "rt", encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture(scope="module")
def accounts():
    """Facts of the first purchase by account, as the rules read them, and the device."""
    recorded = rows("accounts.csv.gz")
    on_device: dict[str, int] = {}
    for row in recorded:
        on_device[row["device_id"]] = on_device.get(row["device_id"], 0) + 1
    return {int(row["user_id"]): (row["device_id"], facts_of(row, on_device[row["device_id"]])) for row in recorded}


def facts_of(row, on_device):
    registered, placed = (datetime.fromisoformat(f"{row[name]}:00+00:00") for name in ("signup_time", "purchase_time"))
    return OrderFacts(
        at=placed,
        placed_at=placed,
        registered_at=registered,
        phone_segment="",
        has_earlier_delivery=False,
        coupons=(ordinary_coupon(claimed_at=placed),),
        virtual_amount=Decimal(0),
        tops_up_own_number_only=False,
        accounts_on_device=on_device,
        recipients=(),
        accounts_on_address=None,
    )


def judged(accounts, hits):
    """Precision and recall over the labelled half, to three digits."""
    labels = {int(row["user_id"]): row["class"] == "1" for row in rows("labels_half.csv.gz")}
    assert (len(labels), sum(labels.values())) == (25_908, 2_471)
    found = [account for account in labels if hits(accounts[account][1])]
    right = sum(labels[account] for account in found)
    return round(right / len(found), 3), round(right / sum(labels.values()), 3)


def test_three_accounts_on_a_device(accounts):
    assert judged(accounts, lambda facts: many_accounts_on_one_device(facts) is not None) == (0.897, 0.491)


def test_a_purchase_within_a_minute_of_signing_up(accounts):
    assert judged(accounts, lambda facts: facts.age <= AT_ONCE) == (1.0, 0.551)


def test_every_device_that_three_accounts_share_is_found_and_no_two_are_merged(accounts):
    by_device: dict[str, list[int]] = {}
    for account, (device, _facts) in accounts.items():
        by_device.setdefault(device, []).append(account)
    components = Components()
    for sharing in by_device.values():
        if 2 <= len(sharing) <= HUB_CAP:
            components.join(sharing)
    assert groups(components.of, accounts) == {frozenset(sharing) for sharing in by_device.values() if len(sharing) >= SHARED}


def test_the_nights_arrays_find_the_same_555_devices(accounts):
    np = pytest.importorskip("numpy")
    labelling = pytest.importorskip("risk.links.labelling")
    numbers = {device: number for number, device in enumerate(sorted({device for device, _ in accounts.values()}))}
    values = np.array([numbers[device] for device, _ in accounts.values()], np.int64)
    joined = labelling.join_by(values, np.array(list(accounts), np.int64), cap=HUB_CAP, most_hubs=10)
    linked, components = labelling.label([joined])
    component_of = dict(zip(linked.tolist(), components.tolist(), strict=True))
    found = groups(lambda account: component_of.get(account, account), accounts)
    assert len(found) == 555
    assert all(len({accounts[account][0] for account in group}) == 1 for group in found)


def groups(component_of, accounts):
    found: dict[int, set[int]] = {}
    for account in accounts:
        found.setdefault(component_of(account), set()).add(account)
    return {frozenset(group) for group in found.values() if len(group) >= SHARED}
