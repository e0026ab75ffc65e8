"""The blast radius as pages show it: which limit bounds what, in coupons and in money. Also on the approval that sets it loose."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from backoffice.lib import clock
from backoffice.lib.admin.extensions import panels_on
from backoffice.lib.admin.page import Panel
from backoffice.lib.display import amount_text, count_text
from backoffice.lib.models import Approval
from promotions.models import CouponType, Entry
from promotions.services.blast import BlastRadius, Bound, blast_radius
from promotions.wording import terms_sentence


def radius_panel(kind: CouponType, radius: BlastRadius) -> Panel:
    """What bounds the money, the tightest first."""
    in_all = sorted(radius.bounds, key=lambda bound: bound.coupons)
    minute = sorted(radius.minute_bounds[1:], key=lambda bound: bound.coupons)
    rows = [*_rows(radius, _("in all"), in_all), *_rows(radius, _("within one minute"), minute)]
    note = _(
        "At most %(money)s in all, and at most %(minute_money)s within one minute, whoever comes. The first line of each counts."
        " Limits for one person bound nothing here, since nobody knows how many persons come; nor do tokens: more can be made"
        " without a second person. One token claims at most %(uses)s times."
    ) % {
        "money": amount_text(radius.money, radius.currency),
        "minute_money": amount_text(radius.money_per_minute, radius.currency),
        "uses": count_text(kind.uses_per_token) if kind.uses_per_token else _("as often as its batch says, up to the entry's cap,"),
    }
    return Panel(_("Blast radius: what it can cost at most"), [_("when"), _("bound by"), _("coupons"), _("money")], rows, note=note)


def _rows(radius: BlastRadius, when: str, bounds: Sequence[Bound]) -> list[list[Any]]:
    return [
        [when, bound.label, count_text(bound.coupons), amount_text(bound.coupons * radius.face_value, radius.currency)]
        for bound in bounds
    ]


@panels_on(Approval)
def radius_of_what_is_asked(request: HttpRequest, approval: Approval) -> list[Panel]:
    """On an approval of a coupon type or of an entry: what it could cost, as of now, and what it takes off."""
    kind = _type_of(approval)
    if kind is None:
        return []
    panel = radius_panel(kind, blast_radius(kind, clock.now()))
    terms = Panel(_("What a coupon of it does"), [_("in words")], [[terms_sentence(kind)]])
    return [terms, panel]


def _type_of(approval: Approval) -> CouponType | None:
    label, _colon, key = approval.target.rpartition(":")
    if not key.isdigit():
        return None
    types = CouponType.objects.select_related("campaign__budget")
    if label == CouponType._meta.label_lower:
        return types.filter(pk=key).first()
    if label == Entry._meta.label_lower:
        return types.filter(entries=int(key)).first()
    return None
