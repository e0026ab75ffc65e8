"""Which accounts hang together, and what joins nobody."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotions.services.nobody import list_nobody
from risk.links import CAPS, TOKEN_CAP
from risk.links.joining import Components
from risk.links.running import link_all, link_new
from risk.models import LinkedAccount, LinkHub, LinkRun
from tests.orders.factories import an_order
from tests.promotions.factories import NOON, a_claimant, a_coupon, a_user, an_entry
from tests.risk.factories import DAY, HOUR, MINUTE, a_leaked_token, a_top_up_order, an_ordinary_order

LATER = NOON + HOUR


def linked() -> set[frozenset[int]]:
    found: dict[int, set[int]] = {}
    for account, component in LinkedAccount.objects.values_list("customer_id", "component"):
        found.setdefault(component, set()).add(account)
    assert all(min(accounts) == component for component, accounts in found.items())
    return {frozenset(accounts) for accounts in found.values()}


def both_runs(request):
    if request == "all":
        pytest.importorskip("scipy")
        return link_all
    return link_new


@pytest.fixture(params=["all", "new"])
def link(request):
    """What holds, holds of the night's run and of the minute's."""
    return both_runs(request.param)


def accounts_on(device, count, **fields):
    return [a_coupon(entry=an_entry(), device=device, **fields).customer_id for _ in range(count)]


@pytest.mark.django_db
class TestRuns:
    def test_accounts_on_one_device_hang_together(self, link):
        accounts = accounts_on("a shared phone", 3)
        accounts_on("a phone of one", 1)
        link(LATER)
        assert linked() == {frozenset(accounts)}

    def test_whoever_is_on_two_devices_joins_both(self, link):
        first, second = accounts_on("left", 2), accounts_on("right", 2)
        order = an_ordinary_order(device="left")
        claimant = a_claimant()
        bridge = [a_coupon(entry=an_entry(), device=device, claimant=claimant).customer_id for device in ("left", "right")]
        link(LATER)
        assert linked() == {frozenset([*first, *second, order.customer_id, *bridge])}

    def test_accounts_on_one_recipient_hang_together_but_not_its_owner(self, link):
        orders = [a_top_up_order(recipient="13912345678", address="") for _ in range(3)]
        a_top_up_order(recipient="13912345678", phone="13912345678", address="")
        link(LATER)
        assert linked() == {frozenset(order.customer_id for order in orders)}

    def test_a_value_that_too_many_share_joins_nobody_and_is_shown_as_a_hub(self, link):
        accounts_on("a library's computer", CAPS["device"] + 1)
        link(LATER)
        assert linked() == set()
        assert [(hub.kind, hub.value, hub.accounts) for hub in LinkHub.objects.all()] == [("device", "a library's computer", 51)]

    def test_as_many_as_the_cap_still_hang_together(self, link):
        accounts = accounts_on("a rack of phones", CAPS["device"])
        link(LATER)
        assert linked() == {frozenset(accounts)}

    def test_a_token_of_a_restricted_type_joins_few_and_not_a_crowd(self, link):
        few, crowd = a_leaked_token(), a_leaked_token()
        on_few = [a_coupon(token=few, device="").customer_id for _ in range(3)]
        for _ in range(TOKEN_CAP + 1):
            a_coupon(token=crowd, device="")
        link(LATER)
        assert linked() == {frozenset(on_few)}
        assert LinkHub.objects.get(kind="token").value == str(crowd.pk)

    def test_a_device_that_was_listed_as_nobodys_since_joins_nobody(self, link, django_capture_on_commit_callbacks):
        accounts_on("default-id-77", 3)
        with django_capture_on_commit_callbacks(execute=True):
            list_nobody(kind="device", value="default-id-77", note="a cheap phone", by=a_user(), at=LATER)
        link(LATER)
        assert linked() == set()

    def test_one_address_alone_joins_nobody(self, link):
        for step in range(4):
            claimant = a_claimant(registered_at=NOON - step * DAY)
            an_order(coupons=(a_coupon(entry=an_entry(), claimant=claimant),), address="203.0.113.9", at=NOON + step * 10 * MINUTE)
        link(LATER)
        assert linked() == set()

    def test_one_address_and_one_moment_of_ordering_join(self, link):
        orders = [an_ordinary_order(address="203.0.113.9", at=NOON + timedelta(seconds=step)) for step in range(3)]
        link(LATER)
        assert linked() == {frozenset(order.customer_id for order in orders)}

    def test_one_moment_behind_an_address_of_a_crowd_joins_nobody(self, link):
        for _ in range(CAPS["together"] + 1):
            an_ordinary_order(address="203.0.113.9", at=NOON)
        link(LATER)
        assert linked() == set()

    def test_what_came_later_is_not_seen(self, link):
        accounts_on("a shared phone", 2, at=LATER + DAY)
        link(LATER)
        assert linked() == set()


@pytest.mark.django_db
class TestIncrements:
    def test_a_newcomer_joins_what_an_earlier_run_found(self):
        accounts = accounts_on("a shared phone", 2)
        link_new(LATER)
        accounts += accounts_on("a shared phone", 1, at=LATER + MINUTE)
        link_new(LATER + 2 * MINUTE)
        assert linked() == {frozenset(accounts)}

    def test_a_claim_that_was_committed_late_is_seen_by_the_next_run(self):
        accounts = accounts_on("a shared phone", 1)
        link_new(NOON + MINUTE)
        accounts += accounts_on("a shared phone", 1, at=NOON + 30 * timedelta(seconds=1))
        link_new(NOON + 2 * MINUTE)
        assert linked() == {frozenset(accounts)}

    def test_the_night_parts_what_a_hub_had_joined(self):
        pytest.importorskip("scipy")
        accounts_on("a library's computer", 3)
        link_new(LATER)
        assert linked()
        accounts_on("a library's computer", CAPS["device"])
        link_all(LATER)
        assert linked() == set()

    def test_a_run_says_how_large_the_largest_is(self):
        accounts_on("a shared phone", 3)
        link_new(LATER)
        assert LinkRun.objects.values_list("accounts", "components", "largest", "too_large").get() == (3, 1, 3, 0)


@given(st.lists(st.lists(st.integers(0, 30), min_size=2, max_size=5), max_size=30))
def test_joining_in_any_order_finds_the_same_components(groups):
    one, other = Components(), Components()
    for group in groups:
        one.join(group)
    for group in reversed(groups):
        other.join(group[::-1])
    assert [one.of(account) for account in range(31)] == [other.of(account) for account in range(31)]


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(1, 40)), max_size=60))
def test_arrays_find_what_union_find_finds(pairs):
    np = pytest.importorskip("numpy")
    labelling = pytest.importorskip("risk.links.labelling")
    cap, by_value = 4, {}
    for value, account in pairs:
        by_value.setdefault(value, set()).add(account)
    expected = Components()
    for accounts in by_value.values():
        if 2 <= len(accounts) <= cap:
            expected.join(sorted(accounts))
    columns = np.array(pairs, np.int64).reshape(-1, 2)
    joined = labelling.join_by(columns[:, 0], columns[:, 1], cap=cap, most_hubs=10)
    accounts, components = labelling.label([joined])
    assert dict(zip(accounts.tolist(), components.tolist(), strict=True)) == {
        account: expected.of(account) for account in expected.known()
    }
    assert {value for value, _count, _one in joined.hubs} == {value for value, on in by_value.items() if len(on) > cap}
