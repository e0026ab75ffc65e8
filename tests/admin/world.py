"""A small true world for the admin's tests: one of everything the pages show, made through the services."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

from django.contrib.auth.models import Group, User
from django.db import transaction
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, SolarSchedule

from backoffice.lib.apikeys import make_key
from backoffice.lib.approvals import approve
from backoffice.lib.jobs import run_job
from backoffice.lib.models import Approval
from backoffice.lib.outbox import note_success, send_test, take
from backoffice.lib.schedules import run_check, seed_schedules
from backoffice.lib.webhooks import make_webhook
from backoffice.roles import ROLES, seed_roles
from orders.models import Freeze, Hold, Order, Release, TermReminder
from orders.services import breaker
from orders.services.documents import keep_document
from orders.services.emergencies import start_emergency
from orders.services.freezing import request_freeze, request_release
from orders.services.holding import place_hold
from orders.services.importing import check_import, load_import, read_file, save_mapping, settings_of
from orders.services.notices import Told, tell
from orders.services.order_lists import list_from_text
from orders.services.placing import LineRequest, OrderRequest, place_order
from orders.services.waiting import begin_wait
from orders.states import AUTOMATIC_KINDS, NoticeKind
from promotions.models import AlarmRecipient, Coupon, GrantVoid
from promotions.services.blocks import block_identity
from promotions.services.campaigns import create_campaign, request_campaign
from promotions.services.claiming import Claimant, ClaimRequest, claim_coupon
from promotions.services.coupon_types import create_coupon_type, request_coupon_type
from promotions.services.entries import create_entry, request_entry
from promotions.services.grant_lists import draft_from_text
from promotions.services.grant_voids import request_void
from promotions.services.granting import request_grant
from promotions.services.redemption_holds import hold_redemptions
from promotions.services.seeding import seed_watch
from promotions.services.thresholds import arm_threshold, check_thresholds
from promotions.services.tokens import make_token_batch, token_text
from promotions.states import Audience, Channel, Identity, Metric, ThresholdAction
from risk.gathering import gather_facts
from risk.models import Burst, Flag, LinkHub
from risk.services.allowing import allow
from risk.services.appealing import file_appeal
from risk.services.assessing import assess_order
from risk.services.bulk_reviewing import decide_in_bulk, preview
from risk.services.bundles import ask_for_bundle
from risk.services.bundles import take_out as take_bundle_out
from risk.services.incidents import Opening, named_type, note_incident, open_incident
from risk.services.judging import overrule
from risk.services.listing import put_on_list, snooze
from risk.services.rules import draft_version, make_rule, put_in_shadow
from risk.services.ruling import rule_by_staff
from risk.services.value_lists import make_list, put_on_value_list

PASSWORD = "correct horse battery staple"
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
PASSERS_BY = ("no rights", "anonymous")
SUPERUSER = "superuser"


@dataclass
class World:
    """What was made, by name. `users` holds one person for each role."""

    at: datetime
    users: dict[str, User] = field(default_factory=dict)
    campaign: Any = None
    draft: Any = None
    online: Any = None
    restricted: Any = None
    entry: Any = None
    batch: Any = None
    orders: list[Order] = field(default_factory=list)
    freeze: Any = None
    emergency: Any = None
    waiting_freeze: Any = None
    release: Any = None
    pending: Any = None
    key: Any = None
    grant: Any = None
    void: Any = None
    grant_draft: Any = None
    incident: Any = None
    autumn: Any = None
    plum: Any = None
    web: Any = None


def build_world(at: datetime, *, gang: int = 6, guests: int = 2, password: str = "!") -> World:
    """People, a live campaign with an online and a restricted type, honest guests, a gang on one device, a freeze and its release.

    `password` is a hash, made once for everybody: only a browser logs in by it.
    """
    world = World(at)
    make_people(world, password)
    make_promotions(world)
    make_watch(world)
    make_orders(world, gang=gang, guests=guests)
    make_grants(world)
    make_emergency(world)
    make_imports(world)
    make_incidents(world)
    make_freezes(world)
    make_reviews(world)
    make_system(world)
    return world


def make_people(world: World, password: str) -> None:
    seed_roles()
    login = {"is_staff": True, "password": password}
    for role in ROLES:
        user = User.objects.create(username=role.replace(" ", "."), **login)
        user.groups.add(Group.objects.get(name=role))
        world.users[role] = user
    world.users["no rights"] = User.objects.create(username="newcomer", **login)
    world.users[SUPERUSER] = User.objects.create(username="root", is_superuser=True, **login)


def decided(world: World, approval: Approval) -> None:
    approve(approval, by=world.users[SUPERUSER], reason="as agreed", at=world.at)


def make_promotions(world: World) -> None:
    at, asker = world.at, world.users["promotions operator"]
    period = {"starts_at": at - DAY, "ends_at": at + 20 * DAY}
    world.campaign = create_campaign(code="GALA", name="New Year gala", owner=asker, budget=Decimal(500_000), **period)
    world.draft = create_campaign(code="SPRING", name="Spring", owner=asker, budget=Decimal(80_000), **period)
    approved(world, request_campaign, world.campaign)
    worth = {"claim_from": at - DAY, "claim_until": at + 5 * DAY, "valid_until": at + 10 * DAY, "per_customer": 1}
    worth |= {"minimum_spend": Decimal(0), "campaign": fresh(world.campaign)}
    hours = {"opens_at": at - DAY, "closes_at": at + 2 * DAY}
    make_coupon_types(world, worth)
    make_entries(world, hours)
    world.pending = request_campaign(world.draft, by=asker, reason="ready for spring", at=at)
    make_drafts(world, asker, period, worth, hours)


def approved(world: World, request: Callable[..., Approval], obj: Any) -> None:
    """Asked for by the operator, approved by the superuser."""
    asker = world.users["promotions operator"]
    decided(world, request(fresh(obj), by=asker, reason="New Year gala", at=world.at - DAY))


def make_coupon_types(world: World, worth: dict[str, Any]) -> None:
    tea = {"name": "10 off tea", "audience": Audience.ONLINE, "face_value": Decimal(10), "quantity": 5000}
    studio = {"name": "100 off, studio guests", "audience": Audience.RESTRICTED, "face_value": Decimal(100), "quantity": 200}
    world.online = create_coupon_type(code="TEA10", requires_verified=False, **tea, **worth)
    world.restricted = create_coupon_type(code="STUDIO100", requires_verified=True, **studio, **worth)
    for coupon_type in (world.online, world.restricted):
        approved(world, request_coupon_type, coupon_type)


def make_entries(world: World, hours: dict[str, Any]) -> None:
    studio, app = {"channel": Channel.VENUE_QR, "cap": 150}, {"channel": Channel.APP, "cap": 4000}
    world.entry = create_entry(coupon_type=fresh(world.restricted), code="STUDIO-DOOR", needs_token=True, **studio, **hours)
    tea = create_entry(coupon_type=fresh(world.online), code="APP-TEA", needs_token=False, **app, **hours)
    for entry in (world.entry, tea):
        approved(world, request_entry, entry)
    terms = {"expires_at": None, "by": world.users["promotions operator"], "at": world.at - DAY}
    world.batch = make_token_batch(entry=fresh(world.entry), code="RUN-1", count=40, uses=20, **terms)


def make_drafts(world: World, asker: User, period: dict[str, Any], worth: dict[str, Any], hours: dict[str, Any]) -> None:
    """One of each that can still be changed."""
    world.autumn = create_campaign(code="AUTUMN", name="Autumn", owner=asker, budget=Decimal(20_000), **period)
    world.plum = create_coupon_type(
        code="PLUM5",
        name="5 off plums",
        audience=Audience.ONLINE,
        face_value=Decimal(5),
        quantity=100,
        requires_verified=False,
        **worth,
    )
    world.web = create_entry(coupon_type=world.plum, code="WEB-PLUM", channel=Channel.WEB, cap=50, needs_token=False, **hours)


def fresh(obj: Any) -> Any:
    return type(obj)._default_manager.get(pk=obj.pk)


def make_watch(world: World) -> None:
    terms = {"scope": None, "reason": "a rack of phones", "expires_at": None, "by": world.users["risk analyst"], "at": world.at}
    block_identity(identity=Identity.DEVICE, value="rack-00", **terms)
    arm_threshold(
        scope=fresh(world.campaign), metric=Metric.ISSUED_AMOUNT, window=None, limit=Decimal(5), action=ThresholdAction.ALARM
    )
    arm_threshold(scope="platform", metric=Metric.ISSUED_COUNT, window=MINUTE, limit=Decimal(100_000), action=ThresholdAction.ALARM)


def make_orders(world: World, *, gang: int, guests: int) -> None:
    """Guests claim with a token each and buy tea; the gang shares a token, a device and a phone to top up."""
    tokens = list(world.batch.tokens.order_by("number")[: guests + 1])
    for number in range(guests):
        coupon = claimed(world, f"guest-{number}", token=tokens[number], device=f"phone-of-guest-{number}", age=700 * DAY)
        line = LineRequest("tea", "goods", Decimal("168.00"))
        world.orders.append(ordered(world, coupon, line, device=f"phone-of-guest-{number}"))
    for number in range(gang):
        coupon = claimed(world, f"cat-{number}", token=tokens[guests], device="rack-01", age=timedelta(hours=3))
        line = LineRequest("credit-100", "phone_credit", Decimal("100.00"), recipient="13900001111")
        world.orders.append(ordered(world, coupon, line, device="rack-01"))
    claim_coupon(a_request(world, "stranger", token="HF1.nobody.made.this", device="rack-01", age=DAY), at=world.at - MINUTE)
    tell(Told(NoticeKind.PAYMENT, "SO-early"), at=world.at)
    for order in world.orders:
        assess_order(order.pk, at=world.at)
    check_thresholds(world.at)


def a_request(world: World, ref: str, *, token: Any, device: str, age: timedelta) -> ClaimRequest:
    digits = "".join(str(ord(letter) % 10) for letter in ref)[-8:].rjust(8, "0")
    claimant = Claimant(ref=ref, phone=f"138{digits}", is_verified=True, registered_at=world.at - age)
    return ClaimRequest(
        claimant=claimant,
        coupon_type=world.restricted.code,
        channel=Channel.VENUE_QR,
        entry=world.entry.code,
        token=token if isinstance(token, str) else token_text(token),
        device=device,
        address="203.0.113.7",
    )


def claimed(world: World, ref: str, **how: Any) -> Coupon:
    claim = claim_coupon(a_request(world, ref, **how), at=world.at - 5 * MINUTE)
    assert claim.outcome == "issued", claim.reason
    return claim.coupon


def ordered(world: World, coupon: Coupon, line: LineRequest, *, device: str) -> Order:
    request = OrderRequest(
        ref=f"SO-{coupon.customer.ref}",
        customer_ref=coupon.customer.ref,
        coupon_codes=(coupon.code,),
        lines=(line,),
        device=device,
        address="203.0.113.7",
    )
    return place_order(request, at=world.at - 3 * MINUTE)


def make_incidents(world: World) -> None:
    """The gang's night: an incident on the restricted type, a note, a ruling, and a bundle that is sealed."""
    lead, at = world.users["risk lead"], world.at
    opening = Opening("Tokens on a bargain board", "the forged tokens alarmed", since=at - DAY, public_at=at - 4 * MINUTE)
    world.incident = open_incident(opening, [named_type(world.restricted)], by=world.users["risk analyst"], at=at)
    note_incident(world.incident, by=lead, text="The venue was told.", at=at)
    overrule(world.incident.members.last(), disposition="undetermined", by=lead, reason="he called", at=at)
    bundle = ask_for_bundle(world.incident, reference="PSB-1", by=lead, reason="asked by the police", at=at)
    run_job(bundle.job_id, now=lambda: at)
    take_bundle_out(bundle, by=lead, reason="Inspector Li", at=at)


def make_freezes(world: World) -> None:
    """One freeze that is done, with a release that is done for one hold; one that waits for the second person."""
    terms = {"kind": "legal", "authority": "Public security bureau", "by": world.users["risk analyst"], "at": world.at}
    frozen = Order.objects.filter(customer__ref__in=["cat-0", "cat-1"])
    world.freeze = worked(
        world, request_freeze(frozen, legal_reference="PSB-1", scope_text="the first two", reason="asked by police", **terms)
    )
    one = Hold.objects.filter(freeze=world.freeze).order_by("pk")[:1]
    terms = {"legal_reference": "PSB-2", "by": world.users["risk analyst"], "at": world.at}
    holds = Hold.objects.filter(pk__in=[hold.pk for hold in one])
    world.release = worked(world, request_release(world.freeze, holds=holds, scope_text="one", reason="no suspicion", **terms))
    rest = Order.objects.filter(customer__ref="cat-2")
    world.waiting_freeze = request_freeze(
        rest, kind="legal", scope_text="one more", reason="asked by police", authority="", **(terms | {"legal_reference": "PSB-3"})
    )
    keep_document(BytesIO(b"%PDF-1.7 an order"), name="order.pdf", by=world.users["risk analyst"], at=world.at)
    list_from_text(world.orders[0].ref, by=world.users["risk analyst"], at=world.at)
    known = {"kind": "device", "value": "reception-desk", "reason": "the house's own tablet", "expires_at": None}
    allow(**known, by=world.users["risk lead"], at=world.at)
    Burst.objects.create(
        kind="segment",
        value="1709",
        shown="1709",
        coupon_type=world.restricted,
        began_at=world.at - DAY,
        noticed_at=world.at,
        claims=60,
        usual=1,
        peak=20,
        calm=20,
    )
    LinkHub.objects.create(kind="device", value="a library's computer", accounts=51, seen_at=world.at)
    place_hold(world.orders[0], kind="manual", reason="customer called", by=world.users["risk analyst"], at=world.at)
    make_rules(world)


def make_rules(world: World) -> None:
    """A rule in shadow that saw one order; somebody on the grey list; a snooze for somebody else."""
    terms: dict[str, Any] = {"by": world.users["risk analyst"], "at": world.at}
    rule = make_rule(name="big-discount", purpose="finds great discounts", subject="order", **terms)
    says = {"evidence": "cash_out", "strength": "weak", "score": 20, "text": "a great discount", "reason": "seen in the night"}
    tree = {"all": [{"fact": "order.discount", "is": "more", "value": "1"}, {"fact": "order.device", "is": "known"}]}
    put_in_shadow(draft_version(rule, tree=tree, **says, **terms), reason="watch it", **terms)
    facts = gather_facts(world.orders[0], at=world.at)
    assert facts is not None
    rule_by_staff(world.orders[0], facts, at=world.at)
    named = {"kind": "device", "value": "rack-of-phones", "reason": "seen in the night", "expires_at": world.at + DAY}
    put_on_list(name="grey", **named, **terms)
    snooze(rule=rule, **(named | {"value": "front-desk"}), **terms)
    devices = make_list(name="resellers-devices", purpose="devices that resellers were seen with", holds="device", **terms)
    for device in ("rack-of-phones", "shelf-of-phones"):
        put_on_value_list(devices, value=device, reason="seen in the night", **terms)


def make_emergency(world: World) -> None:
    """A guest's order that the risk lead froze alone, and another that was asked for in vain and would have been held."""
    lead, at = world.users["risk lead"], world.at
    guest = Order.objects.filter(customer__ref="guest-1")
    terms = {"kind": "manual", "legal_reference": "", "authority": "", "scope_text": "a guest", "reason": "it leaves now"}
    world.emergency = start_emergency(guest, lasts=timedelta(hours=4), by=lead, at=at, **terms)
    with transaction.atomic():
        for kind in AUTOMATIC_KINDS:
            breaker.take(kind, 0, at=at)
    breaker.note_missed([(world.orders[0].pk, "bought by many accounts")], kind="risk", at=at)
    begin_wait(world.orders[0], at=at)
    TermReminder.objects.get_or_create(days=7)


def worked(world: World, act: Freeze | Release | GrantVoid) -> Any:
    decided(world, act.job.approval)
    run_job(act.job_id, now=lambda: world.at)
    return act


def make_grants(world: World) -> None:
    """One that was given, to two of three, and is voided but for what was redeemed; and a draft."""
    terms = {"by": world.users["promotions operator"], "at": world.at}
    tea = fresh(world.online)
    world.grant = draft_from_text(tea, "guest-0\nguest-1\nnewcomer", **terms)
    decided(world, request_grant(world.grant, reason="thank you", **terms))
    world.grant = fresh(world.grant)
    run_job(world.grant.job_id, now=lambda: world.at)
    world.void = worked(world, request_void(world.grant, reason="the wrong list", **terms))
    world.grant_draft = draft_from_text(tea, "guest-0\nsomebody", **terms)


def make_imports(world: World) -> None:
    """One of two sales and a cancellation, loaded; and a second file, checked, with a wrong row."""
    terms = {"by": world.users["risk lead"], "at": world.at}
    head = b"order,date,customer,sku,quantity,price\n"
    loaded = b"H1,2025-01-01,guest-0,tea,2,5.00\nH2,2025-01-02,guest-1,tea,1,5.00\nCH3,2025-01-03,guest-0,tea,-1,5.00\n"
    settings = {"source": "old-shop", "cancellation_mark": "C", "leaves_out_wrong": True}
    for name, rows in {
        "old.csv": loaded,
        "older.csv": b"H1,2025-02-30,guest-0,tea,2,5.00\nH4,2025-01-01,guest-0,tea,2,5.00\n",
    }.items():
        found = read_file(BytesIO(head + rows), name=name, **terms)
        found = check_import(found, settings=replace(settings_of(found), **settings), **terms)
        run_job(found.check_job_id, now=lambda: world.at)
        if name == "old.csv":
            run_job(load_import(fresh(found), reason="history", **terms).job_id, now=lambda: world.at)
    save_mapping("old shop", settings_of(fresh(found)), **terms)


def make_reviews(world: World) -> None:
    """One flag that was confirmed in bulk, and an appeal against a hold."""
    one = Flag.objects.filter(order__customer__ref="cat-1")
    terms = {"decision": "confirmed", "reason": "one rack", "scope_text": "one of the rack", "by": world.users["risk lead"]}
    bulk = decide_in_bulk(one, previewed=preview(one, at=world.at).mark, at=world.at, **terms)
    run_job(bulk.job_id, now=lambda: world.at)
    file_appeal("SO-cat-3", text="I bought it for my mother.", contact="chat-77", at=world.at)


def make_system(world: World) -> None:
    endpoint, _secret = make_webhook(
        name="duty", url="https://example.com/hook", wants=["alarm.raised"], by=world.users[SUPERUSER], at=world.at
    )
    note_success(take(send_test(endpoint, at=world.at).pk, world.at), response_status=200, at=world.at)  # type: ignore[arg-type]
    AlarmRecipient.objects.create(name="Duty", address="duty@example.com")
    seed_watch()
    held = fresh(world.restricted)
    hold_redemptions(held, since=world.at - DAY, reason="the studio's coupon leaks", by=world.users[SUPERUSER], at=world.at)
    world.key, _text = make_key("storefront", ["claims:write"], by=world.users[SUPERUSER])
    seed_schedules()
    CrontabSchedule.objects.create(minute="0", hour="4")
    SolarSchedule.objects.create(event="sunrise", latitude=Decimal("31.2"), longitude=Decimal("121.5"))
    ClockedSchedule.objects.create(clocked_time=world.at)
    for name in ("check_thresholds", "release_cooled_off"):
        run_check(name, at=world.at)
