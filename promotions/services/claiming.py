"""The claim: one transaction that decides whether somebody gets a coupon, and keeps the attempt either way.

Checked in this order: entry and token, type and campaign, conditions on the person and blocks; then the guarded takes
(person, token, entry, type, budget), then the coupon. The checks before the takes only find the exact reason early: what they
let pass is guarded once more by the takes. A refusal rolls everything back and is stored in a transaction of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from backoffice.lib import exchanges
from promotions.models import Claim, ClaimFlag, ClaimToken
from promotions.services import claim_statements as statements
from promotions.services.claim_door import (
    Attempt,
    ClaimRequest,
    Door,
    check_door,
    check_person,
    find_door,
    read_attempt,
    slice_seed,
)
from promotions.services.claim_rows import Values, claim_values, coupon_values, issued_claim, refused_claim
from promotions.services.customers import Claimant, mirror_customer
from promotions.services.refusals import Refused
from promotions.services.slices import gather_budget_room, gather_coupon_type_room
from promotions.services.thresholds import check_restricted_type, lock_restricted_type
from promotions.states import (
    MOVED_BY_ISSUING,
    MOVED_BY_REFUSING,
    MOVED_BY_REFUSING_A_TOKEN,
    TOKEN_REFUSALS,
    RefusalReason,
)

MOST_ROUNDS = 1_000  # each lost round is somebody else's coupon, so a real race ends long before

__all__ = ["ClaimRequest", "Claimant", "claim_coupon"]


@dataclass(frozen=True)
class Slices:
    """Which slice of each counter a claim takes from."""

    entry: int
    coupon_type: int
    budget: int


@dataclass(frozen=True)
class Taken:
    """Whether the person's rules gave, and the rows taken from; None where there was no room, or the owner no longer gives.

    `crossed` are the rules that gave and flag. Where all gave, `claim` has its coupon.
    """

    person: bool
    token: int | None
    entry: int | None
    coupon_type: int | None
    budget: int | None
    is_unblocked: bool = True
    is_welcome: bool = True
    crossed: Sequence[int] = ()
    claim: Claim | None = None


class NoRoomHere(Exception):
    """The slices that were picked gave nothing; others may."""

    def __init__(self, door: Door, taken: Taken, token: ClaimToken | None) -> None:
        super().__init__()
        self.door, self.taken, self.token = door, taken, token


def claim_coupon(request: ClaimRequest, *, at: datetime) -> Claim:
    """Decide a claim and keep it: `claim.coupon` where it is issued, `claim.reason` where it is refused.

    Never raises for a refusal. Raises InvalidInput for what no storefront can mean: an empty reference, an unknown channel,
    NUL characters.
    """
    attempt = read_attempt(request)
    with exchanges.gathered():
        return _decide(attempt, at)


def _decide(attempt: Attempt, at: datetime) -> Claim:
    slices = None
    for _ in range(MOST_ROUNDS):
        door = None
        try:
            with exchanges.undoable(NoRoomHere, Refused):
                door = find_door(attempt, at)
                return _issue(attempt, door, slices, at)
        except NoRoomHere as no_room:
            try:
                slices = _slices_with_room(no_room, attempt)
            except Refused as refusal:
                return _keep_refusal(attempt, no_room.door, refusal, at)
        except Refused as refusal:
            return _keep_refusal(attempt, door, refusal, at)
    raise RuntimeError("A claim was turned away by slices that say they have room: a flag and its owner's status disagree")


def _issue(attempt: Attempt, door: Door, slices: Slices | None, at: datetime) -> Claim:
    token = check_door(door, attempt, at)
    check_person(door, attempt, token, at)
    _mirror(attempt, at)
    if door.is_restricted:
        lock_restricted_type(door.coupon_type_id, entry_id=door.entry_id)
    taken = _take(door, attempt, token, slices or _first_slices(door, attempt), at)
    if not taken.person:
        raise Refused(_why_not_given(taken), token)
    if taken.budget is None or taken.claim is None:
        raise NoRoomHere(door, taken, token)
    _keep_flags(taken.claim, door, attempt, token, taken.crossed)
    if door.is_restricted:
        check_restricted_type(door.coupon_type_id, at, moved=MOVED_BY_ISSUING)
    return taken.claim


def _mirror(attempt: Attempt, at: datetime) -> None:
    mirror_customer(attempt.request.claimant, phone=attempt.phone, identity_hash=attempt.person, at=at)


def _why_not_given(taken: Taken) -> RefusalReason:
    """What the take found out that the door did not know yet."""
    if not taken.is_unblocked:
        return RefusalReason.IDENTITY_BLOCKED
    return RefusalReason.LIMIT_REACHED if taken.is_welcome else RefusalReason.NOT_A_NEW_CUSTOMER


def _take(door: Door, attempt: Attempt, token: ClaimToken | None, slices: Slices, at: datetime) -> Taken:
    counted = [rule for rule in door.rules if attempt.identity(rule.identity, token)]
    values = claim_values(attempt, door, token, at) | coupon_values(door)
    values |= {
        "kinds": list(attempt.blockable),
        "identities": list(attempt.blockable.values()),
        "new_customers_only": door.new_customers_only,
        "rules": [rule.id for rule in counted],
        "identities_counted": [attempt.identity(rule.identity, token) for rule in counted],
        "entry_slice": slices.entry,
        "coupon_type_slice": slices.coupon_type,
        "budget": door.budget_id,
        "budget_slice": slices.budget,
    }
    *given, customer, claim, coupon = _asked(statements.TAKE, values)
    taken = Taken(*given)
    if coupon is None:
        return taken
    slices_taken = {"entry_slice_id": taken.entry, "coupon_type_slice_id": taken.coupon_type, "budget_slice_id": taken.budget}
    return replace(taken, claim=issued_claim(values, pk=claim, customer=customer, coupon=coupon, slices=slices_taken))


def _first_slices(door: Door, attempt: Attempt) -> Slices:
    seed = slice_seed(attempt)
    counts = (door.entry_slices, door.coupon_type_slices, door.budget_slices)
    return Slices(*(seed % (count or 1) for count in counts))


def _slices_with_room(no_room: NoRoomHere, attempt: Attempt) -> Slices:
    """Other slices, that have room by now. Raises Refused where none has, so that each round either takes or ends.

    Whoever was overtaken on the last unit finds the slices full in the next round; a token, or an owner that was stopped in the
    meantime, is found by the checks that open that round.
    """
    door = no_room.door
    if door.needs_token and no_room.taken.token is None:
        return _first_slices(door, attempt)
    values = {
        "entry": door.entry_id,
        "coupon_type": door.coupon_type_id,
        "budget": door.budget_id,
        "face_value": door.face_value,
    }
    entries, coupon_types, budgets, has_coupons, type_room, budget_room = _asked(statements.ROOM, values)
    if not entries:
        raise Refused(RefusalReason.ENTRY_FULL, no_room.token)
    if not has_coupons:
        raise Refused(RefusalReason.ALL_GIVEN, no_room.token)
    if not coupon_types and type_room is not None and type_room >= door.face_value:
        coupon_types = gather_coupon_type_room(door.coupon_type_id, door.face_value)
    if not coupon_types:
        raise Refused(RefusalReason.TYPE_BUDGET_SPENT, no_room.token)
    if not budgets and budget_room >= door.face_value:
        budgets = gather_budget_room(door.budget_id, door.face_value)
    if not budgets:
        raise Refused(RefusalReason.BUDGET_SPENT, no_room.token)
    seed = slice_seed(attempt)
    return Slices(*(numbers[seed % len(numbers)] for numbers in (entries, coupon_types, budgets)))


def _keep_refusal(attempt: Attempt, door: Door | None, refusal: Refused, at: datetime) -> Claim:
    values = claim_values(attempt, door, refusal.token, at) | {"reason": refusal.reason}
    with exchanges.undoable():
        _mirror(attempt, at)
        customer, claim = _asked(statements.REFUSE, values)
        if door and door.is_restricted:
            moved = MOVED_BY_REFUSING_A_TOKEN if refusal.reason in TOKEN_REFUSALS else MOVED_BY_REFUSING
            check_restricted_type(door.coupon_type_id, at, moved=moved)
    return refused_claim(values, pk=claim, customer=customer, reason=refusal.reason)


def _asked(sql: str, values: Values) -> exchanges.Row:
    """The row of a statement that always answers one."""
    row = exchanges.ask(sql, values)
    if row is None:
        raise RuntimeError("A statement of the claim that always answers a row answered none")
    return row


def _keep_flags(claim: Claim, door: Door, attempt: Attempt, token: ClaimToken | None, crossed: Sequence[int]) -> None:
    """Which rules that flag the claim crossed; one that it lacks the identity for counts as crossed."""
    missing = {rule.id for rule in door.rules if not attempt.identity(rule.identity, token)}
    flags = [ClaimFlag(claim=claim, rule_id=rule, is_identity_missing=rule in missing) for rule in sorted({*crossed, *missing})]
    if flags:
        ClaimFlag.objects.bulk_create(flags)
