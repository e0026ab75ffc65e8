"""How unfold's admin looks, and its side bar: by work, not by table, with what waits counted for the reader.

The settings import this, so nothing of Django's apps is imported before a page asks for it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Item:
    """A line of the side bar. `right` is what the reader must have, `badge` the name of a count of `waiting_counts`.

    `page` is the page of the model that it leads to: its list, or one of ours.
    """

    title: Any
    icon: str
    right: str
    model: str
    query: str = ""
    badge: str = ""
    page: str = "changelist"


GROUPS: tuple[tuple[Any, tuple[Item, ...]], ...] = (
    (
        _("Promotions"),
        (
            Item(_("Campaigns"), "campaign", "promotions.view_campaign", "promotions_campaign"),
            Item(_("Coupon types"), "local_activity", "promotions.view_coupontype", "promotions_coupontype"),
            Item(_("Entries"), "door_open", "promotions.view_entry", "promotions_entry"),
            Item(_("Token batches"), "qr_code_2", "promotions.view_tokenbatch", "promotions_tokenbatch"),
            Item(_("Grants"), "redeem", "promotions.view_grant", "promotions_grant"),
            Item(_("Customers"), "group", "promotions.view_customer", "promotions_customer"),
            Item(_("Coupons"), "confirmation_number", "promotions.view_coupon", "promotions_coupon"),
        ),
    ),
    (
        _("Watch"),
        (
            Item(_("Alarms"), "notifications_active", "promotions.view_alarm", "promotions_alarm", badge="alarms"),
            Item(_("Thresholds"), "monitoring", "promotions.view_threshold", "promotions_threshold"),
            Item(
                _("Held redemptions"),
                "lock_clock",
                "promotions.view_redemptionhold",
                "promotions_redemptionhold",
                query="state=open",
            ),
            Item(_("Claims"), "front_hand", "promotions.view_claim", "promotions_claim"),
            Item(_("Blocks"), "block", "promotions.view_identityblock", "promotions_identityblock", query="state=blocked"),
            Item(_("Nobody's values"), "person_off", "promotions.view_nobodyvalue", "promotions_nobodyvalue"),
        ),
    ),
    (
        _("Orders"),
        (
            Item(_("All orders"), "shopping_bag", "orders.view_order", "orders_order"),
            Item(_("Holds"), "lock", "orders.view_hold", "orders_hold", query="state=open"),
            Item(_("Notices"), "mail", "orders.view_notice", "orders_notice", query="settled=waits"),
            Item(_("Freeze orders"), "severe_cold", "orders.request_freeze", "orders_freeze", page="ask"),
            Item(_("Freezes"), "ac_unit", "orders.view_freeze", "orders_freeze"),
            Item(_("Releases"), "lock_open", "orders.view_release", "orders_release"),
            Item(_("Emergencies"), "emergency", "orders.view_emergency", "orders_emergency"),
            Item(_("Automatic holds"), "electrical_services", "orders.view_holdbreaker", "orders_holdbreaker"),
            Item(_("Not held"), "lock_open_right", "orders.view_missedhold", "orders_missedhold", query="state=waits"),
            Item(_("Waiting deliveries"), "hourglass", "orders.view_deliverywait", "orders_deliverywait", query="state=waits"),
            Item(_("Lists of orders"), "list_alt", "orders.view_orderlist", "orders_orderlist"),
            Item(_("Documents"), "description", "orders.view_document", "orders_document"),
            Item(_("Imports"), "upload_file", "orders.view_orderimport", "orders_orderimport"),
        ),
    ),
    (
        _("Risk"),
        (
            Item(_("Review queue"), "rate_review", "risk.decide_flag", "risk_review", badge="queue", page="next"),
            Item(_("Waiting orders"), "checklist", "risk.view_review", "risk_review", badge="overdue"),
            Item(_("Appeals"), "balance", "risk.view_appeal", "risk_appeal", query="state=open", badge="appeals"),
            Item(_("Flagged orders"), "flag", "risk.view_flag", "risk_flag", query="decision=waiting"),
            Item(_("Due times of reviews"), "timer", "risk.view_reviewterms", "risk_reviewterms"),
            Item(_("Bulk decisions"), "done_all", "risk.view_bulkreview", "risk_bulkreview"),
            Item(_("Incidents"), "crisis_alert", "risk.view_incident", "risk_incident"),
            Item(_("People in incidents"), "groups_2", "risk.view_incidentmember", "risk_incidentmember"),
            Item(_("Trace"), "conversion_path", "risk.view_incident", "risk_incident", page="trace"),
            Item(_("Evidence bundles"), "folder_zip", "risk.view_evidencebundle", "risk_evidencebundle"),
            Item(_("Findings"), "search_insights", "risk.view_finding", "risk_finding"),
            Item(_("Customers' dispositions"), "groups_2", "risk.view_customerdisposition", "risk_customerdisposition"),
            Item(_("Bursts"), "bolt", "risk.view_burst", "risk_burst"),
            Item(_("Links"), "hub", "risk.view_linkhub", "risk_linkhub", page="picture"),
            Item(_("Hubs"), "device_hub", "risk.view_linkhub", "risk_linkhub"),
            Item(_("Allow list"), "verified_user", "risk.view_allowance", "risk_allowance", query="state=allowed"),
            Item(_("Rules"), "rule", "risk.view_rule", "risk_rule"),
            Item(_("Value lists"), "data_table", "risk.view_valuelist", "risk_valuelist"),
            Item(_("Hits of rules"), "my_location", "risk.view_rulehit", "risk_rulehit"),
            Item(_("Grey and block list"), "person_alert", "risk.view_listentry", "risk_listentry", query="state=in_force"),
            Item(_("Snoozes"), "snooze", "risk.view_snooze", "risk_snooze", query="state=in_force"),
        ),
    ),
    (
        "",
        (
            Item(
                _("Approvals"), "how_to_reg", "lib.view_approval", "lib_approval", query="status__exact=pending", badge="approvals"
            ),
        ),
    ),
    (
        _("System"),
        (
            Item(_("Schedules"), "schedule", "django_celery_beat.view_periodictask", "django_celery_beat_periodictask"),
            Item(_("Jobs"), "manufacturing", "lib.view_job", "lib_job"),
            Item(_("Exports"), "download", "lib.view_listexport", "lib_listexport"),
            Item(_("Webhooks"), "webhook", "lib.view_webhookendpoint", "lib_webhookendpoint"),
            Item(_("Deliveries"), "outbox", "lib.view_delivery", "lib_delivery"),
            Item(_("Alarm recipients"), "contact_mail", "promotions.view_alarmrecipient", "promotions_alarmrecipient"),
            Item(_("Reminders of terms"), "event_upcoming", "orders.view_termreminder", "orders_termreminder"),
            Item(_("Escalation steps"), "escalator_warning", "promotions.view_escalationstep", "promotions_escalationstep"),
            Item(_("API keys"), "key", "lib.view_apikey", "lib_apikey"),
            Item(_("Audit"), "history", "pghistory.view_events", "pghistory_events"),
            Item(_("Staff"), "badge", "auth.view_user", "auth_user"),
            Item(_("Groups"), "groups", "auth.view_group", "auth_group"),
        ),
    ),
)


def side_bar(request: HttpRequest) -> list[dict[str, Any]]:
    """The side bar of this reader: only what he may see, and groups that have something in them."""
    counts = waiting_counts(request)
    groups = [{"items": [_drawn_today(request)]}]
    for title, items in GROUPS:
        drawn = [_drawn(item, request, counts) for item in items if request.user.has_perm(item.right)]
        if drawn:
            groups.append({"title": title, "items": drawn})
    return groups


def _drawn_today(request: HttpRequest) -> dict[str, Any]:
    link = reverse("admin:index")
    return {"title": _("Today"), "icon": "today", "link": link, "active": request.path == link}


def _drawn(item: Item, request: HttpRequest, counts: Mapping[str, int]) -> dict[str, Any]:
    path = reverse(f"admin:{item.model}_{item.page}")
    drawn = {
        "title": item.title,
        "icon": item.icon,
        "link": f"{path}?{item.query}" if item.query else path,
        "active": request.path == path if request.path in _own_pages() else request.path.startswith(path),
    }
    if counts.get(item.badge):
        drawn |= {"badge": counts[item.badge], "badge_variant": "danger", "badge_style": "solid"}
    return drawn


def _own_pages() -> set[str]:
    """The pages of ours that have a line of their own, although they lie below a list that has one."""
    return {reverse(f"admin:{item.model}_{item.page}") for _title, items in GROUPS for item in items if item.page != "changelist"}


def waiting_counts(request: HttpRequest) -> dict[str, int]:
    """What waits for somebody, in one query, kept for the rest of the request: alarms, the review queue and what of it is overdue,
    appeals, approvals by others.
    """
    known = getattr(request, "waiting_counts", None)
    if known is None:
        known = _count_waiting(request)
        request.waiting_counts = known  # type: ignore[attr-defined]
    return known


def _count_waiting(request: HttpRequest) -> dict[str, int]:
    from django.db.models import QuerySet

    from backoffice.lib import clock
    from backoffice.lib.counting import counts_for
    from backoffice.lib.models import Approval, ApprovalStatus
    from promotions.models import Alarm
    from risk.models import Appeal, Review

    waiting: dict[str, tuple[str, Callable[[], QuerySet]]] = {
        "alarms": ("promotions.view_alarm", Alarm.objects.unacknowledged),
        "queue": ("risk.view_review", Review.objects.all),
        "overdue": ("risk.view_review", lambda: Review.objects.overdue(clock.now())),
        "appeals": ("risk.view_appeal", Appeal.objects.open),
        "approvals": (
            "lib.view_approval",
            lambda: Approval.objects.filter(status=ApprovalStatus.PENDING).exclude(requested_by=request.user.pk),
        ),
    }
    return counts_for(request.user, {name: rows() for name, (right, rows) in waiting.items() if request.user.has_perm(right)})


def zone_label(_request: HttpRequest) -> list[Any]:
    """The zone in which every time on the page is written."""
    from backoffice.lib.display import zone_text

    return [zone_text(), "default"]


def _tab(title: Any, model: str, query: str = "") -> dict[str, Any]:
    """A saved view of a list. It is the present one where the address asks for exactly its filters."""

    def link(_request: HttpRequest) -> str:
        return f"{reverse(f'admin:{model}_changelist')}?{query}".rstrip("?")

    def is_active(request: HttpRequest) -> bool:
        filters = {key: value for key, value in request.GET.items() if key not in {"p", "o", "q"} and value}
        return filters == dict(parse_qsl(query))

    return {"title": title, "link": link, "active": is_active}


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Holdfast",
    "SITE_HEADER": "Holdfast",
    "SITE_SUBHEADER": _("Back office of promotions"),
    "SITE_SYMBOL": "anchor",
    "SITE_URL": None,
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "ENVIRONMENT": "backoffice.navigation.zone_label",
    "DASHBOARD_CALLBACK": "backoffice.dashboard.today",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("backoffice/favicon.svg")}],
    "STYLES": [lambda request: static("backoffice/holdfast.css")],
    "COLORS": {
        "primary": {
            "50": "oklch(97% .014 254.604)",
            "100": "oklch(93.2% .032 255.585)",
            "200": "oklch(88.2% .059 254.128)",
            "300": "oklch(80.9% .105 251.813)",
            "400": "oklch(70.7% .165 254.624)",
            "500": "oklch(62.3% .214 259.815)",
            "600": "oklch(54.6% .245 262.881)",
            "700": "oklch(48.8% .243 264.376)",
            "800": "oklch(42.4% .199 265.638)",
            "900": "oklch(37.9% .146 265.522)",
            "950": "oklch(28.2% .091 267.935)",
        }
    },
    "COMMAND": {"search_callback": "backoffice.search.find_everything", "search_models": False, "show_history": False},
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "show_all_applications": False,
        "navigation": "backoffice.navigation.side_bar",
    },
    "TABS": [
        {
            "models": ["risk.flag"],
            "items": [
                _tab(_("Waiting"), "risk_flag", "decision=waiting"),
                _tab(_("Can still be saved"), "risk_flag", "decision=waiting&order_status=placed"),
                _tab(_("Everything"), "risk_flag"),
            ],
        },
        {
            "models": ["orders.order"],
            "items": [
                _tab(_("All"), "orders_order"),
                _tab(_("Held"), "orders_order", "held=any"),
                _tab(_("Waiting at the gate"), "orders_order", "gate=waits"),
            ],
        },
        {
            "models": ["lib.approval"],
            "items": [
                _tab(_("Waiting"), "lib_approval", "status__exact=pending"),
                _tab(_("Everything"), "lib_approval"),
            ],
        },
    ],
}
