"""Pages of tables with millions of rows."""

from django.core.paginator import Paginator
from django.utils.functional import cached_property

MOST_COUNTED = 10_000


class CappedPaginator(Paginator):
    """Counts no further than `MOST_COUNTED` rows, so that no page pays for a scan of the table.

    `is_capped` says that there are more. Whoever wants rows beyond the last page narrows the list down.
    """

    template_name = "admin/holdfast/pagination.html"

    @cached_property
    def _counted(self) -> int:
        rows = self.object_list
        if not hasattr(rows, "order_by"):
            return len(rows)
        return rows.order_by()[: MOST_COUNTED + 1].count()

    @cached_property
    def count(self) -> int:  # type: ignore[override]
        return min(self._counted, MOST_COUNTED)

    @property
    def is_capped(self) -> bool:
        return self._counted > MOST_COUNTED
