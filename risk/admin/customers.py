"""What the page of a customer says of risk: the orders that were flagged, and what was found, for and against."""

from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from backoffice.lib.admin.extensions import panels_on
from backoffice.lib.admin.page import Panel
from backoffice.lib.display import NOTHING, badge, stacked, state_badge, time_html
from orders.admin.links import page_of
from promotions.models import Customer
from risk.models import Finding, Flag

ROWS_SHOWN = 20


@panels_on(Customer)
def risk_of_customer(request: HttpRequest, customer: Customer) -> list[Panel]:
    """Nothing for whoever may not see findings: an accusation is not for every desk."""
    if not request.user.has_perms(["risk.view_flag", "risk.view_finding"]):
        return []
    return [flags_of(customer), findings_of(customer)]


def flags_of(customer: Customer) -> Panel:
    flags = Flag.objects.filter(order__customer=customer).select_related("order", "decided_by").order_by("-pk")
    rows = [
        [
            page_of(flag.order),
            page_of(flag, flag.score),
            state_badge(flag, "disposition"),
            state_badge(flag, "decision") if flag.decision else badge(_("waiting"), "warning"),
            stacked(flag.decided_by or NOTHING, flag.decision_reason),
            time_html(flag.flagged_at),
        ]
        for flag in flags[:ROWS_SHOWN]
    ]
    columns = [_("order"), _("score"), _("looks"), _("decision"), _("decided by, why"), _("flagged at")]
    url = f"{reverse('admin:risk_flag_changelist')}?{urlencode({'q': customer.ref})}"
    return Panel(_("Flagged orders"), columns, rows, _("No order was flagged."), url if rows else "")


def findings_of(customer: Customer) -> Panel:
    """Of the newest order first, and of each what weighs most against the customer."""
    found = Finding.objects.filter(order__customer=customer).select_related("order").order_by("-order_id", "-score", "rule")
    rows = [
        [
            page_of(finding.order),
            badge(pgettext("of a finding", "for"), "success")
            if finding.score < 0
            else badge(pgettext("of a finding", "against"), "warning"),
            stacked(finding.text, finding.rule),
            finding.get_evidence_display(),
            finding.score,
            time_html(finding.found_at),
        ]
        for finding in found[:ROWS_SHOWN]
    ]
    columns = [_("order"), _("speaks"), _("finding"), _("evidence"), _("score"), _("found at")]
    return Panel(_("Findings"), columns, rows, _("Nothing was found."))
