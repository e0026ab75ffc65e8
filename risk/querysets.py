"""What the rows of risk are asked, in the words of the trade."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery

from orders.models import Hold, Order
from orders.states import HoldKind
from promotions.models import Alarm
from promotions.states import ThresholdAction
from risk.states import BulkResult, Disposition

if TYPE_CHECKING:
    pass


class FlagQuerySet(QuerySet):
    def waiting(self) -> "FlagQuerySet":
        """For a reviewer."""
        return self.filter(decision="")

    def decided(self) -> "FlagQuerySet":
        return self.exclude(decision="")

    def for_admin_list(self) -> "FlagQuerySet":
        """All that the list page shows, in one query."""
        held = Exists(Hold.objects.filter(order=OuterRef("order_id"), released_at=None))
        return self.select_related("order__customer", "decided_by").annotate(is_held=held)


class BurstQuerySet(QuerySet):
    def open(self) -> "BurstQuerySet":
        """Not over yet."""
        return self.filter(ended_at=None)

    def for_admin_list(self) -> "BurstQuerySet":
        return self.select_related("coupon_type")


class ReviewQuerySet(QuerySet):
    """Orders in the review queue."""

    def overdue(self, at: datetime) -> "ReviewQuerySet":
        return self.filter(due_at__lte=at)

    def appeals(self) -> "ReviewQuerySet":
        return self.filter(appeal_due_at__isnull=False)

    def held_by(self, user: Any, at: datetime) -> "ReviewQuerySet":
        """What this reviewer has before him."""
        return self.filter(leased_by=user, leased_until__gt=at)

    def open_to(self, user: Any, at: datetime) -> "ReviewQuerySet":
        """What he may take: nobody has it, he has not skipped it, and it is not about a decision of his own."""
        from risk.models import ReviewSkip

        skipped = ReviewSkip.objects.filter(user=user, order=OuterRef("order_id"), until__gt=at)
        free = Q(leased_until=None) | Q(leased_until__lte=at)
        not_mine = Q(judged_by=None) | ~Q(judged_by=user)
        return self.filter(free, not_mine).filter(~Exists(skipped))

    def for_admin_list(self) -> "ReviewQuerySet":
        return self.select_related("order__customer", "leased_by", "assigned_to")


class AppealQuerySet(QuerySet):
    def open(self) -> "AppealQuerySet":
        return self.filter(outcome="")

    def for_admin_list(self) -> "AppealQuerySet":
        return self.select_related("order__customer", "decided_by")


class BulkItemQuerySet(QuerySet):
    """The orders of a bulk decision."""

    def tally(self) -> dict[str, int]:
        """How many have which result; every result is named, also with none."""
        counts = dict(self.order_by().values_list("result").annotate(n=Count("pk")))
        return {str(result): counts.get(result, 0) for result in BulkResult}


class AssessmentQuerySet(QuerySet):
    def failed(self) -> "AssessmentQuerySet":
        return self.exclude(error="")

    def to_retry(self, at: datetime, *, since: datetime) -> "AssessmentQuerySet":
        """Failed ones whose time has come again. The waits double: each is as long as the order had waited before."""
        due = self.failed().filter(order__placed_at__gt=since)
        return due.annotate(retry_at=F("assessed_at") + (F("assessed_at") - F("order__placed_at"))).filter(retry_at__lte=at)


class AllowanceQuerySet(QuerySet):
    def in_force(self, at: datetime) -> "AllowanceQuerySet":
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=at), lifted_at=None)

    def over(self, at: datetime) -> "AllowanceQuerySet":
        """Lifted or expired."""
        return self.exclude(Q(expires_at=None) | Q(expires_at__gt=at), lifted_at=None)


class EndingQuerySet(QuerySet):
    """Rows that hold from when they were made until they expire or are ended."""

    def in_force(self, at: datetime) -> "EndingQuerySet":
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=at), ended_at=None, created_at__lte=at)

    def over(self, at: datetime) -> "EndingQuerySet":
        return self.exclude(Q(expires_at=None) | Q(expires_at__gt=at), ended_at=None)


class ValueListQuerySet(QuerySet):
    def live(self) -> "ValueListQuerySet":
        """Those that a new rule may name."""
        return self.filter(ended_at=None)

    def retired(self) -> "ValueListQuerySet":
        return self.exclude(ended_at=None)


class RuleVersionQuerySet(QuerySet):
    def running(self) -> "RuleVersionQuerySet":
        """What judges orders: published, or watched in shadow."""
        return self.filter(status__in=("published", "shadow", "in_review")).select_related("rule").order_by("pk")

    def published(self) -> "RuleVersionQuerySet":
        return self.filter(status="published")


class OverruleQuerySet(QuerySet):
    def newest_of_customers(self, customer_ids: Iterable[int]) -> "OverruleQuerySet":
        """What stands of each, also where it takes an earlier one back."""
        return self.filter(customer__in=customer_ids).order_by("customer_id", "-id").distinct("customer_id")


class CustomerDispositionQuerySet(QuerySet):
    def organised(self) -> "CustomerDispositionQuerySet":
        return self.filter(disposition=Disposition.ORGANISED)

    def for_admin_list(self) -> "CustomerDispositionQuerySet":
        return self.select_related("customer", "overrule__by")


def without_assessment(*, since: datetime, until: datetime) -> QuerySet:
    """Orders placed in this time that nobody has looked at."""
    from risk.models import Assessment

    looked_at = Exists(Assessment.objects.filter(order=OuterRef("pk")))
    return Order.objects.placed_here().filter(~looked_at, placed_at__gt=since, placed_at__lte=until)


def cooling_to_assess(at: datetime, *, window: timedelta) -> QuerySet:
    """Cooling-off holds whose order is to be looked at again.

    Because its time is nearly over (again until it could be assessed), or because a suspension came after the last look.
    """
    from risk.models import Assessment

    acted = Alarm.objects.filter(action__in=(ThresholdAction.SUSPEND, ThresholdAction.HOLD), at__lte=at)
    suspended_at = acted.order_by("-at").values("at")[:1]
    looks = Assessment.objects.filter(order=OuterRef("order_id"))
    holds = Hold.objects.open().filter(kind=HoldKind.COOLING)
    holds = holds.annotate(looked_at=Subquery(looks.values("assessed_at")), failed=Exists(looks.failed()))
    nearly_over = Q(until__lte=at + window) & (Q(looked_at__lt=F("until") - window) | Q(failed=True))
    never_looked_at = Q(looked_at=None)
    return holds.filter(never_looked_at | nearly_over | Q(looked_at__lt=Subquery(suspended_at))).order_by("until", "pk")


class IncidentQuerySet(QuerySet):
    def unclosed(self) -> "IncidentQuerySet":
        return self.exclude(status="closed")

    def growing(self) -> "IncidentQuerySet":
        """Those that a check takes more into, oldest first."""
        return self.unclosed().filter(grows=True).order_by("pk")


class IncidentMemberQuerySet(QuerySet):
    def for_admin_list(self) -> "IncidentMemberQuerySet":
        return self.select_related("incident", "customer")
