"""What a coupon type does, in a sentence for staff: made from its columns, shown wherever somebody decides about it."""

from collections.abc import Iterable
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from promotions.models import CouponType, OpeningHours, ScopeLine
from promotions.states import ScopeBy, ScopeSide, Stacks


def terms_sentence(kind: CouponType) -> str:
    """Takes 20 % off goods, at most 30.00 CNY, from 100.00 CNY of it; on a first order; with no other coupon; valid 7 days."""
    clauses = [takes_off(kind), _first_order(kind), stacking_words(kind), validity_words(kind)]
    return pgettext("a sentence of clauses", "%s.") % pgettext("between clauses", "; ").join(clause for clause in clauses if clause)


def takes_off(kind: CouponType) -> str:
    """What it takes off of what, from which minimum on."""
    words = {"amount": _money(kind.face_value, kind), "scope": scope_words(kind.scope.all())}
    if kind.percentage is None:
        taken = _("Takes %(amount)s off %(scope)s") % words
    else:
        percent = f"{kind.percentage.normalize():f}"
        taken = _("Takes %(percent)s %% off %(scope)s, at most %(amount)s") % {"percent": percent, **words}
    if not kind.minimum_spend:
        return _("%(taken)s, without a minimum spend") % {"taken": taken}
    return _("%(taken)s, from %(minimum)s of it") % {"taken": taken, "minimum": _money(kind.minimum_spend, kind)}


def value_words(kind: CouponType) -> str:
    """For a list's column: 30.00 CNY, or 20 %, at most 30.00 CNY."""
    amount = _money(kind.face_value, kind)
    if kind.percentage is None:
        return amount
    return _("%(percent)s %%, at most %(amount)s") % {"percent": f"{kind.percentage.normalize():f}", "amount": amount}


def scope_words(lines: Iterable[ScopeLine]) -> str:
    """everything but phone credit; goods and SKU TEA-*, but not SKU TEA-GIFT."""
    found = list(lines)
    included = [_named(line) for line in found if line.side == ScopeSide.INCLUDED]
    left_out = [_named(line) for line in found if line.side == ScopeSide.LEFT_OUT]
    if included and left_out:
        return _("%(these)s, but not %(those)s") % {"these": ", ".join(included), "those": ", ".join(left_out)}
    if left_out:
        return _("everything but %(those)s") % {"those": ", ".join(left_out)}
    return ", ".join(included) or _("everything")


def stacking_words(kind: CouponType) -> str:
    if kind.stacks == Stacks.ALONE:
        return _("together with no other coupon")
    if kind.stacks == Stacks.LISTED:
        return _("together with %(listed)s only") % {"listed": ", ".join(kind.stacks_with)}
    return ""


def validity_words(kind: CouponType) -> str:
    """How long a coupon lasts; the date stands beside it, in the reader's zone."""
    if kind.valid_days is None:
        return ""
    return ngettext("valid %(days)s day after it is claimed", "valid %(days)s days after it is claimed", kind.valid_days) % {
        "days": kind.valid_days
    }


def hours_words(hours: Iterable[OpeningHours], zone: str) -> str:
    """Mon, Tue 18:00–22:00; Sat 00:00–00:00 (Asia/Shanghai). Round the clock where there are none."""
    spans = "; ".join(str(span) for span in hours)
    return f"{spans} ({zone})" if spans else _("round the clock")


def _first_order(kind: CouponType) -> str:
    return _("on a customer's first order only") if kind.first_order_only else ""


def _named(line: ScopeLine) -> str:
    """A category by its word, anything else by what names it and its text."""
    if line.by == ScopeBy.CATEGORY:
        field = {"goods": _("goods"), "phone_credit": _("phone credit"), "game_credit": _("game credit")}
        return field.get(line.value, line.value)
    kind = _("SKU") if line.by == ScopeBy.SKU else _("product category")
    return f"{kind} {line.value}"


def _money(amount: Decimal, kind: CouponType) -> str:
    return f"{amount:,.2f} {kind.campaign.currency}"
