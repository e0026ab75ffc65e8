"""What approvals of freezes and releases stand for, in words: under what, which orders, and what they are now."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet, Sum
from django.utils.translation import gettext as _

from backoffice.lib.admin.page import Fact, Panel
from backoffice.lib.admin.subjects import InWords, Subject, key_of, subjects_of, words_of
from backoffice.lib.display import NOTHING, amount_html, count_text
from backoffice.lib.errors import DomainError
from backoffice.lib.models import Approval
from backoffice.lib.reading import read_only
from orders.admin.links import page_of
from orders.admin.preview_panels import worth_text
from orders.admin.scope_panels import document_cell, hash_cell, scope_panels, terms_facts
from orders.models import Freeze, FreezeItem, Order, Release, ReleaseItem
from orders.scopes.reading import scope_aloud
from orders.services.scopes import WORTH
from orders.states import OrderStatus

LONGEST = timedelta(seconds=10)


@subjects_of("orders.freeze")
@subjects_of("orders.release")
def subjects(approvals: Sequence[Approval]) -> Mapping[int, Subject]:
    """What the orders were worth when it was asked for; of requests from before that was kept, nothing."""
    return {approval.pk: Subject(money=worth_text(_worth(approval))) for approval in approvals if _worth(approval)}


def _worth(approval: Approval) -> dict[str, Decimal]:
    return {currency: Decimal(amount) for currency, amount in (approval.payload.get(WORTH) or {}).items()}


@words_of("orders.freeze")
def freeze_in_words(approval: Approval) -> InWords:
    freeze = Freeze.objects.select_related("job", "document").filter(pk=key_of(approval)).first()
    if freeze is None:
        return InWords()
    facts = [Fact(_("Kind of hold"), freeze.get_kind_display()), *terms_facts(freeze), *scope_facts(freeze)]
    orders = Order.objects.filter(Exists(FreezeItem.objects.filter(freeze=freeze, order=OuterRef("pk"))))
    return InWords(facts, [*scope_panels(freeze.scope), as_they_are(orders)])


@words_of("orders.release")
def release_in_words(approval: Approval) -> InWords:
    release = Release.objects.select_related("job", "document", "freeze").filter(pk=key_of(approval)).first()
    if release is None:
        return InWords()
    facts = [
        Fact(_("Releases"), page_of(release.freeze)),
        Fact(_("Legal reference"), release.legal_reference or NOTHING),
        Fact(_("Document"), document_cell(release.document)),
        *scope_facts(release),
    ]
    orders = Order.objects.filter(Exists(ReleaseItem.objects.filter(release=release, hold__order=OuterRef("pk"))))
    return InWords(facts, [*scope_panels(release.scope), as_they_are(orders)])


def scope_facts(act: Freeze | Release) -> Sequence[Fact]:
    return [
        Fact(_("Scope"), count_text(act.job.total), scope_aloud(act.scope_text)),
        Fact(_("Hash of the ids"), hash_cell(act.job.scope_hash)),
    ]


def as_they_are(orders: QuerySet) -> Panel:
    """The very orders of the snapshot, as they stand at this moment."""
    title, columns = _("These orders now"), [_("state"), _("orders"), _("amount"), _("virtual goods")]
    sums = {"n": Count("pk"), "gross": Sum("gross_amount"), "virtual": Sum("virtual_amount")}
    try:
        with read_only(within=LONGEST):
            found = list(orders.order_by("status", "currency").values("status", "currency").annotate(**sums))
    except DomainError as error:
        return Panel(title, columns, [], str(error))
    rows: list[list[Any]] = [
        [
            OrderStatus(row["status"]).label,
            count_text(row["n"]),
            amount_html(row["gross"], row["currency"]),
            amount_html(row["virtual"], row["currency"]),
        ]
        for row in found
    ]
    return Panel(title, columns, rows, name="now")
