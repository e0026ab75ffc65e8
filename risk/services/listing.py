"""The grey and the block list, and snoozes: whom they name, why, how long, and what they make of an order."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.utils.translation import gettext as _

from backoffice.lib.audit import because
from backoffice.lib.errors import InvalidInput, StaleState
from backoffice.lib.sentences import Sentence, gettext_noop
from orders.models import Order
from orders.services.texts import checked_prose
from promotions.models import Campaign, CouponType
from risk.facts import OrderFacts
from risk.models import ListEntry, Rule, Snooze
from risk.rules import Evidence, Finding, Strength
from risk.services.naming import named_person
from risk.states import ListName

ON_LIST = {
    ListName.GREY: Sentence(gettext_noop("%(whom)s is on the grey list: %(reason)s")),
    ListName.BLOCK: Sentence(gettext_noop("%(whom)s is on the block list: %(reason)s")),
}
IN_FORCE = """x.ended_at IS NULL AND x.created_at <= %(at)s AND (x.expires_at IS NULL OR x.expires_at > %(at)s)
   AND (x.kind = 'customer' AND x.customer_id = %(customer)s
        OR x.kind = 'device' AND x.value = %(device)s AND x.value <> ''
        OR x.kind = 'recipient' AND x.value = ANY (%(recipients)s) AND x.value <> '')"""
LISTED = f"""
SELECT x.list, x.shown, x.reason FROM risk_listentry x
 WHERE {IN_FORCE}
   AND (x.campaign_id IS NULL AND x.coupon_type_id IS NULL OR EXISTS (
       SELECT FROM orders_orderdiscount d JOIN promotions_coupon c ON c.id = d.coupon_id
         JOIN promotions_coupontype t ON t.id = c.coupon_type_id
        WHERE d.order_id = %(order)s AND (t.id = x.coupon_type_id OR t.campaign_id = x.campaign_id)))
 ORDER BY x.list, x.id
"""  # noqa: S608  our own words
SNOOZED = f"SELECT DISTINCT x.rule_id FROM risk_snooze x WHERE {IN_FORCE}"  # noqa: S608


class Listed(NamedTuple):
    list: ListName
    whom: str
    reason: str


@transaction.atomic
def put_on_list(
    *,
    name: str,
    kind: str,
    value: str,
    reason: str,
    expires_at: datetime | None,
    campaign: Campaign | None = None,
    coupon_type: CouponType | None = None,
    by: Any,
    at: datetime,
) -> ListEntry:
    """Put somebody, as staff type him, on the grey or block list.

    Raises InvalidInput for what names nobody, an expiry that is over, two scopes, or no reason; StaleState where he is on it.
    """
    reason = checked_prose(reason, "the reason")
    check_end(expires_at, at)
    if campaign and coupon_type:
        raise InvalidInput(_("One campaign or one coupon type, not both."))
    named = named_person(kind, value.strip())
    scope = {"campaign": campaign, "coupon_type": coupon_type}
    same = {"list": name, "kind": kind, "customer": named["customer"], "value": named["value"], **scope}
    _lock(f"list:{name}:{kind}:{named['shown']}")
    if ListEntry.objects.in_force(at).filter(**same).exists():
        raise StaleState(_("%s is on this list already.") % named["shown"])
    with because(reason, user=by.pk):
        terms = {"reason": reason, "created_by": by, "created_at": at, "expires_at": expires_at}
        return ListEntry.objects.create(list=name, kind=kind, **terms, **scope, **named)


@transaction.atomic
def snooze(*, rule: Rule, kind: str, value: str, reason: str, expires_at: datetime, by: Any, at: datetime) -> Snooze:
    """The rule's hits on this customer, device or recipient count for nothing until then. They are recorded as snoozed."""
    reason = checked_prose(reason, "the reason")
    check_end(expires_at, at)
    named = named_person(kind, value.strip())
    _lock(f"snooze:{rule.pk}:{kind}:{named['shown']}")
    same = {"rule": rule, "kind": kind, "customer": named["customer"], "value": named["value"]}
    if Snooze.objects.in_force(at).filter(**same).exists():
        raise StaleState(_("This rule is snoozed for %s already.") % named["shown"])
    with because(reason, user=by.pk):
        terms = {"reason": reason, "created_by": by, "created_at": at, "expires_at": expires_at}
        return Snooze.objects.create(rule=rule, kind=kind, **terms, **named)


@transaction.atomic
def end(row: ListEntry | Snooze, *, by: Any, reason: str, at: datetime) -> ListEntry | Snooze:
    """It holds no longer. Raises InvalidInput without a reason, StaleState where somebody was first."""
    reason = checked_prose(reason, "the reason")
    with because(reason, user=by.pk):
        rows = type(row).objects.filter(pk=row.pk, ended_at=None)
        if not rows.update(ended_at=at, ended_by=by, end_reason=reason):
            raise StaleState(_("Somebody else has ended this already."))
    row.refresh_from_db()
    return row


def lists_of(order: Order, facts: OrderFacts, *, at: datetime) -> list[Listed]:
    """The entries in force that name this order's customer, device or a recipient, and whose scope it lies in."""
    return [Listed(ListName(name), whom, reason) for name, whom, reason in _asked(LISTED, order, facts, at)]


def snoozed_rules(order: Order, facts: OrderFacts, *, at: datetime) -> set[int]:
    return {rule_id for (rule_id,) in _asked(SNOOZED, order, facts, at)}


def list_findings(listed: Iterable[Listed]) -> list[Finding]:
    """One finding for each list, however many entries: they weigh nothing, what they do is make the order wait."""
    first: dict[ListName, Listed] = {}
    for entry in listed:
        first.setdefault(entry.list, entry)
    return [
        Finding(
            0,
            Strength.WEAK,
            ON_LIST[name] % {"whom": entry.whom, "reason": entry.reason},
            {"whom": entry.whom},
            rule=f"{name.value}_list",
            evidence=Evidence.ACCOUNT,
        )
        for name, entry in first.items()
    ]


def _asked(statement: str, order: Order, facts: OrderFacts, at: datetime) -> list[tuple[Any, ...]]:
    recipients = [recipient.recipient_hash for recipient in facts.recipients]
    values: dict[str, Any] = {
        "order": order.pk,
        "customer": order.customer_id,
        "device": order.device,
        "recipients": recipients,
        "at": at,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def check_end(expires_at: datetime | None, at: datetime) -> None:
    """Raises InvalidInput for an end that is not to come. None is no end."""
    if expires_at is not None and expires_at <= at:
        raise InvalidInput(_("It ends in the future."))


def _lock(whom: str) -> None:
    """Two people who name the same at the same moment: the second waits, and sees the first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('risk_named:' || %s))", [whom])
