"""Who may do what: the six groups of staff, made by code. People are put into groups in the admin.

Asking and approving lie in different groups, stopping lies in all that watch. A group's rights are what stands here: `seed_roles`
takes away what somebody added by hand. Superusers may do everything but approve what they asked for themselves.
"""

from collections.abc import Iterable, Mapping

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.utils.translation import gettext_noop

from backoffice.lib.audit import because
from backoffice.lib.sentences import Sentence

Rights = frozenset[str]
MADE_BY_CODE = Sentence(gettext_noop("roles are made by code"))


def viewing(app: str, *models: str) -> Rights:
    return frozenset(f"{app}.view_{model}" for model in models)


def rights(text: str) -> Rights:
    """The rights named in a text, as app.codename, with blanks between them."""
    return frozenset(text.split())


CATALOGUE = viewing("promotions", "campaign", "coupontype", "entry")
LEDGER = viewing("promotions", "customer", "claim", "coupon", "redemption")
PEOPLE = ("identityblock", "nobodyvalue")
GRANTS = viewing("promotions", "grant", "grantitem", "grantvoid", "grantvoiditem")
WATCHED = viewing("promotions", "claimrule", "tokenbatch", "claimtoken", "threshold", "alarm", *PEOPLE)
PROMOTIONS = CATALOGUE | LEDGER | GRANTS | WATCHED
ALARM_ROUTES = viewing("promotions", "redemptionhold", "alarmrecipient", "escalationstep")
OUTBOX = viewing("lib", "webhookendpoint", "delivery")
ORDERS = viewing("orders", "order", "hold", "notice", "freeze", "freezeitem", "release", "releaseitem", "document", "orderlist")
HELD_ALONE = viewing("orders", "emergency", "holdbreaker", "missedhold", "deliverywait", "termreminder")
IMPORTS = viewing("orders", "orderimport", "importrow", "importedinvoice", "importmapping")
RISK = viewing("risk", "flag", "finding", "assessment", "allowance", "customerdisposition", "linkhub") | viewing(
    "risk", "burst", "review", "appeal", "bulkreview", "bulkreviewitem", "reviewterms"
)
RULES = viewing("risk", "rule", "ruleversion", "rulehit", "backtest", "listentry", "snooze", "valuelist", "valuelistitem")
WRITING_RULES = RULES | rights(
    "risk.add_rule risk.add_ruleversion risk.shadow_rule risk.retire_rule risk.add_backtest"
    " risk.add_listentry risk.end_listentry risk.add_snooze risk.end_snooze"
    " risk.add_valuelist risk.retire_valuelist risk.add_valuelistitem risk.end_valuelistitem"
)
INCIDENTS = viewing("risk", "incident", "incidentmember", "evidencebundle")
BEAT = viewing("django_celery_beat", "periodictask", "intervalschedule", "crontabschedule", "solarschedule", "clockedschedule")
WORK = viewing("lib", "approval", "job", "checkrun") | viewing("django_celery_beat", "periodictask")
EXPORTING = rights("lib.export_rows")
STOPPING = rights(
    "promotions.freeze_coupon promotions.stop_campaign promotions.suspend_coupontype promotions.suspend_entry promotions.stop_grant"
    " promotions.acknowledge_alarm promotions.add_identityblock"
)

OPERATOR = (
    PROMOTIONS
    | WORK
    | EXPORTING
    | STOPPING
    | rights("promotions.add_campaign promotions.change_campaign promotions.request_campaign")
    | rights("promotions.add_coupontype promotions.change_coupontype promotions.request_coupontype promotions.add_claimrule")
    | rights("promotions.add_entry promotions.change_entry promotions.request_entry promotions.add_threshold")
    | rights("promotions.request_threshold promotions.add_grant promotions.request_grant")
    | rights("promotions.add_tokenbatch promotions.print_tokenbatch promotions.revoke_tokenbatch")
)
LINES = rights("promotions.add_threshold promotions.change_threshold promotions.rearm_threshold promotions.revoke_tokenbatch")
APPROVER = (
    PROMOTIONS
    | WORK
    | EXPORTING
    | STOPPING
    | LINES
    | rights("promotions.void_coupon promotions.approve_campaign promotions.approve_coupontype promotions.approve_entry")
    | rights("promotions.lift_identityblock promotions.approve_lift promotions.approve_grant")
    | viewing("promotions", "redemptionhold")
)
IMPORTING = IMPORTS | rights("orders.add_orderimport orders.load_orderimport")
ANALYST = (
    PROMOTIONS
    | ORDERS
    | HELD_ALONE
    | RISK
    | WRITING_RULES
    | WORK
    | EXPORTING
    | STOPPING
    | rights("risk.decide_flag orders.place_hold orders.release_hold orders.request_freeze promotions.lift_identityblock")
    | rights("risk.overrule_disposition")
    | rights("orders.stop_holdbreaker orders.request_holdbreaker promotions.request_lift orders.cancel_order risk.lift_allowance")
    | viewing("promotions", "redemptionhold")
    | INCIDENTS
    | rights("risk.add_incident risk.change_incident risk.overrule_incidentmember")
    | rights("risk.decide_appeal")
)
REVIEW_LEADING = rights("risk.review_escalated risk.assign_review risk.decide_in_bulk risk.change_reviewterms")
NOBODIES = rights("promotions.add_nobodyvalue promotions.unlist_nobodyvalue")
ROUTING = rights(
    "promotions.add_alarmrecipient promotions.change_alarmrecipient promotions.add_escalationstep promotions.change_escalationstep"
    " lib.test_webhookendpoint promotions.approve_lift"
)
LEAD = (
    ANALYST
    | LINES
    | NOBODIES
    | ALARM_ROUTES
    | OUTBOX
    | IMPORTING
    | ROUTING
    | REVIEW_LEADING
    | viewing("lib", "listexport")
    | rights("promotions.void_coupon orders.approve_freeze orders.start_emergency_freeze orders.approve_holdbreaker")
    | rights("orders.stop_freeze promotions.request_threshold")
    | rights(
        "orders.change_holdbreaker orders.add_termreminder orders.change_termreminder"
        " django_celery_beat.change_periodictask lib.change_job"
    )
    | rights("risk.add_allowance risk.publish_rule")
    | rights("risk.take_evidencebundle")
)
SYSTEM = viewing("lib", "apikey", "listexport") | viewing("auth", "user", "group") | viewing("pghistory", "events") | BEAT
AUDITOR = PROMOTIONS | ORDERS | HELD_ALONE | IMPORTS | RISK | RULES | INCIDENTS | WORK | SYSTEM | ALARM_ROUTES | OUTBOX
SUPPORT = CATALOGUE | LEDGER | viewing("orders", "order", "hold", "notice") | rights("orders.cancel_order")

# Their names stay as they are in the database, and are read to staff in their language.
NAMES = [
    Sentence(gettext_noop("promotions operator")),
    Sentence(gettext_noop("promotions approver")),
    Sentence(gettext_noop("risk analyst")),
    Sentence(gettext_noop("risk lead")),
    Sentence(gettext_noop("auditor")),
    Sentence(gettext_noop("support")),
]
ROLES: Mapping[str, Rights] = {
    "promotions operator": OPERATOR,
    "promotions approver": APPROVER,
    "risk analyst": ANALYST,
    "risk lead": LEAD,
    "auditor": AUDITOR,
    "support": SUPPORT,
}


@transaction.atomic
def seed_roles() -> int:
    """Make the groups and give each exactly its rights. Answers how many groups had to be changed.

    Raises LookupError for a right that no model has.
    """
    changed = 0
    with because(str(MADE_BY_CODE)):
        for name, wanted in ROLES.items():
            group, is_new = Group.objects.get_or_create(name=name)
            permissions = _permissions(wanted)
            if is_new or set(group.permissions.values_list("pk", flat=True)) != set(permissions):
                group.permissions.set(permissions)
                changed += 1
    return changed


def _permissions(wanted: Iterable[str]) -> list[int]:
    rows = Permission.objects.values_list("content_type__app_label", "codename", "pk")
    known = {f"{app}.{codename}": pk for app, codename, pk in rows}
    missing = sorted(set(wanted) - set(known))
    if missing:
        raise LookupError(f"No model has these rights: {', '.join(missing)}")
    return sorted(known[right] for right in wanted)
