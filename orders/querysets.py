"""What the rows of orders are asked, in the words of the trade."""

from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from orders.states import DELIVERABLE_STATUSES, FINAL_STATUSES, UNDELIVERED_STATUSES, HoldKind, ImportResult, ItemResult


class OrderQuerySet(QuerySet):
    def locked(self, pk: int) -> Any:
        """The order, locked until the transaction ends: whoever decides over an order and its holds starts here."""
        return self.select_for_update(no_key=True).get(pk=pk)

    def locked_by_ref(self, ref: str) -> Any:
        """The order with the storefront's reference, locked until the transaction ends; None where there is none."""
        return self.select_for_update(no_key=True).filter(ref=ref).first()

    def placed_here(self) -> "OrderQuerySet":
        """Orders of the storefront: what was imported is history and wakes nobody."""
        return self.filter(imported_from="")

    def held(self) -> "OrderQuerySet":
        return self.filter(self._open_holds())

    def free_to_ship(self) -> "OrderQuerySet":
        return self.filter(~self._open_holds(), status__in=DELIVERABLE_STATUSES)

    def undelivered(self) -> "OrderQuerySet":
        """What has not left, or not all of it: what a hold can still save."""
        return self.filter(status__in=UNDELIVERED_STATUSES)

    def for_admin_list(self) -> "OrderQuerySet":
        """All that the list page shows, in one query."""
        return self.select_related("customer").annotate(is_held=self._open_holds())

    def for_api(self) -> "OrderQuerySet":
        """All that the storefront is told, in three queries."""
        return self.for_admin_list().prefetch_related("lines", "discounts__coupon")

    @staticmethod
    def _open_holds() -> Exists:
        from orders.models import Hold

        return Exists(Hold.objects.filter(order=OuterRef("pk"), released_at=None))


class HoldQuerySet(QuerySet):
    def open(self) -> "HoldQuerySet":
        return self.filter(released_at=None)

    def legal(self) -> "HoldQuerySet":
        return self.filter(kind=HoldKind.LEGAL)

    def cooled_off(self, at: datetime) -> "HoldQuerySet":
        """Cooling-off holds whose time is over."""
        return self.open().filter(kind=HoldKind.COOLING, until__lte=at)

    def for_admin_list(self) -> "HoldQuerySet":
        """All that the list page shows, in one query."""
        return self.select_related("order", "placed_by", "released_by", "freeze")


class NoticeQuerySet(QuerySet):
    def waiting(self) -> "NoticeQuerySet":
        return self.filter(settled_at=None)


class InvoiceQuerySet(QuerySet):
    """The invoices of an import."""

    def tally(self) -> dict[str, int]:
        """How many have which result; every result is named, also with none."""
        counts = dict(self.order_by().values_list("result").annotate(n=Count("pk")))
        return {str(result): counts.get(result, 0) for result in ImportResult}


class ItemQuerySet(QuerySet):
    """The items of a freeze or of a release."""

    def pending(self) -> "ItemQuerySet":
        return self.filter(result=ItemResult.PENDING)

    def tally(self) -> dict[str, int]:
        """How many items have which result; every result is named, also with none."""
        counts = dict(self.order_by().values_list("result").annotate(n=Count("pk")))
        return {str(result): counts.get(result, 0) for result in ItemResult}


class MissedHoldQuerySet(QuerySet):
    """Orders that were not held because automatic holds were stopped."""

    def waiting(self) -> "MissedHoldQuerySet":
        """Nobody has decided, and there is still something to save that nothing holds."""
        return self.filter(~held_order(), decision="", order__status__in=UNDELIVERED_STATUSES)

    def for_admin_list(self) -> "MissedHoldQuerySet":
        return self.select_related("order", "decided_by")


class DeliveryWaitQuerySet(QuerySet):
    """Deliveries that the storefront asked for in vain."""

    def open(self) -> "DeliveryWaitQuerySet":
        return self.filter(settled_at=None)

    def over(self) -> "DeliveryWaitQuerySet":
        """Open ones whose order nothing holds any more, or has nothing left to deliver."""
        return self.open().filter(~held_order() | Q(order__status__in=FINAL_STATUSES))


class EmergencyQuerySet(QuerySet):
    """Freezes that one person started alone."""

    def unconfirmed(self) -> "EmergencyQuerySet":
        return self.filter(confirmed_at=None, fallen_at=None)

    def overdue(self, at: datetime) -> "EmergencyQuerySet":
        return self.unconfirmed().filter(ends_at__lte=at)


def held_order() -> Exists:
    """Whether anything holds the order of a row that has one."""
    from orders.models import Hold

    return Exists(Hold.objects.filter(order=OuterRef("order"), released_at=None))
