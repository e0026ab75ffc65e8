"""Pages of tables with millions of rows."""

from collections.abc import Iterator
from typing import Any

from django.core.paginator import EmptyPage, Page, Paginator
from django.db import transaction
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from backoffice.lib.counting import MOST_COUNTED
from backoffice.lib.lookups import looking_up

MOST_PAGES = 10_000
BESIDE = 2


class CappedPaginator(Paginator):
    """Counts no further than `MOST_COUNTED` rows, so that no page pays for a scan of the table.

    `is_capped` says that there are more. Pages beyond what was counted are there for whoever asks, up to `MOST_PAGES`. Of a
    page behind the first the keys are looked up first, by an index alone where there is one, and only then the page's own rows: the
    rows that are skipped are never read, nor anything they are joined to.
    """

    template_name = "admin/holdfast/pagination.html"
    counts_in_order = False

    @cached_property
    def _counted(self) -> int:
        rows: Any = self.object_list
        if not hasattr(rows, "order_by"):
            return len(rows)
        counted = rows if self.counts_in_order else rows.order_by()
        return int(counted.values("pk")[: MOST_COUNTED + 1].count())

    @cached_property
    def count(self) -> int:  # type: ignore[override]
        return min(self._counted, MOST_COUNTED)

    @property
    def is_capped(self) -> bool:
        return self._counted > MOST_COUNTED

    def validate_number(self, number: Any) -> int:
        """Raises EmptyPage or PageNotAnInteger."""
        is_beyond = isinstance(number, int) and self.num_pages < number <= MOST_PAGES
        return number if is_beyond and self.is_capped else super().validate_number(number)

    def page(self, number: Any) -> Page:
        """Raises EmptyPage where no row is left for it."""
        number = self.validate_number(number)
        if number == 1 or not hasattr(self.object_list, "order_by"):
            return super().page(number)
        rows: Any = self.object_list
        first = (number - 1) * self.per_page
        keys = self._keys(rows.values_list("pk", flat=True)[first : first + self.per_page])
        if not keys:
            raise EmptyPage(_("There is no such page any more."))
        return Page(rows.filter(pk__in=keys), number, self)

    def _keys(self, rows: Any) -> list[Any]:
        """Where very many match, rows are read in the list's order and each is looked up: joined first, all would be sorted."""
        if not self.is_capped:
            return list(rows)
        with transaction.atomic(), looking_up():
            return list(rows)

    def get_elided_page_range(self, number: Any = 1, **sides: Any) -> Iterator[int | str]:  # type: ignore[override]
        """The pages to offer: those that were counted, and around one beyond them the next."""
        number = self.validate_number(number)
        if number <= self.num_pages:
            yield from super().get_elided_page_range(number, **sides)
        else:
            yield from (1, self.ELLIPSIS, *range(number - BESIDE, number + 1))  # type: ignore[misc]
        if self.is_capped and number >= self.num_pages:
            yield number + 1


class NewestFirstPaginator(CappedPaginator):
    """For lists whose filters mostly match the newest rows, such as held orders: counted from there, and not from the oldest on."""

    counts_in_order = True
