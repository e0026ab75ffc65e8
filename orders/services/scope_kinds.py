"""The two kinds of bulk work on orders: what each is about, what of it is approved, in which order and pieces it is worked."""

from dataclasses import dataclass

from backoffice.lib.sentences import gettext_noop
from orders.models import Freeze, FreezeItem, Release, ReleaseItem
from orders.states import VIRTUAL_CATEGORIES


@dataclass(frozen=True)
class Scope:
    """What a kind of bulk work is about.

    `owners` are its acts, `items` keep their scope, `owner` and `subject` are the columns of an item that say whose it is and what
    it is about. `terms` are the fields of an act that a second person approves with the scope; those that another approval may move
    later are named in `movable`. So many items are settled in a transaction (`chunk`): a storefront's request waits half a second
    at most. `cancelled` is what the rest is told when the act is cancelled. `order_of_work` is what the SQL of the snapshot joins
    and sorts `scope.id` by.
    """

    owners: type[Freeze] | type[Release]
    items: type[FreezeItem] | type[ReleaseItem]
    owner: str
    subject: str
    terms: tuple[str, ...]
    cancelled: str
    chunk: int = 5_000
    movable: tuple[str, ...] = ()
    order_of_work: str = "ORDER BY scope.id"

    @property
    def name(self) -> str:
        return str(self.owners._meta.model_name)

    @property
    def action(self) -> str:
        """The name under which it is approved."""
        return f"orders.{self.name}"

    def statement(self, template: str, **parts: str) -> str:
        """A statement about these items. Only names of our own tables and columns, and querysets' SQL, are ever put in."""
        return template.format(items=self.items._meta.db_table, owner=self.owner, subject=self.subject, **parts)


# What has left cannot be held. A top-up leaves in a second, a parcel in hours, and what is not paid yet leaves later still.
VIRTUAL = ", ".join(f"'{category}'" for category in sorted(VIRTUAL_CATEGORIES))
MOST_URGENT_FIRST = f"""
    JOIN orders_order o ON o.id = scope.id
    ORDER BY CASE
        WHEN o.status = 'paid' AND o.virtual_amount > 0 THEN 0
        WHEN o.status = 'partly_delivered' AND o.virtual_amount > 0 AND 0 < (
            SELECT count(*) FROM orders_orderline l
            WHERE l.order_id = o.id AND l.category IN ({VIRTUAL}) AND l.delivered_quantity < l.quantity
        ) THEN 0
        WHEN o.status IN ('paid', 'partly_delivered') THEN 1
        WHEN o.status = 'placed' THEN 2
        ELSE 3 END, scope.id
"""  # noqa: S608  our own names
FREEZE_SCOPE = Scope(
    Freeze,
    FreezeItem,
    "freeze_id",
    "order_id",
    terms=("kind", "legal_reference", "authority", "valid_until", "scope", "document"),
    cancelled=gettext_noop("the freeze was cancelled"),
    movable=("valid_until",),
    order_of_work=MOST_URGENT_FIRST,
)
RELEASE_SCOPE = Scope(
    Release,
    ReleaseItem,
    "release_id",
    "hold_id",
    terms=("freeze_id", "legal_reference", "scope", "document"),
    cancelled=gettext_noop("the release was cancelled"),
)
