"""Who and what is around an order, account, device, recipient or token: a graph of at most MOST_NODES, hubs not walked."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from orders.models import Order, OrderLine
from promotions.models import Claim, ClaimToken, Customer
from risk.links import CAPS, WINDOW
from risk.models import CustomerDisposition, Flag
from risk.rules.findings import counted

MOST_NODES = 300
MOST_WALKED = 60
OF_AN_ACCOUNT = 20
Name = tuple[str, str]
KINDS = ("order", "account", "device", "recipient", "payment", "token")


@dataclass
class Node:
    """`value` is what names it in an address: a reference, a device, a keyed hash, a token's id. `looks` is a disposition or ""."""

    kind: str
    value: str
    label: str
    looks: str = ""
    is_hub: bool = False
    is_walked: bool = False

    @property
    def name(self) -> Name:
        return self.kind, self.value


@dataclass
class Graph:
    """`is_cut` says that there is more than fits."""

    nodes: dict[Name, Node] = field(default_factory=dict)
    edges: set[tuple[Name, Name]] = field(default_factory=set)
    is_cut: bool = False

    def add(self, node: Node, *, beside: Name | None = None) -> bool:
        """Whether the node is in the graph now, joined to the one it was found beside."""
        if node.name not in self.nodes and len(self.nodes) >= MOST_NODES:
            self.is_cut = True
            return False
        self.nodes.setdefault(node.name, node)
        if beside is not None and beside != node.name:
            self.edges.add((min(beside, node.name), max(beside, node.name)))
        return True


def around(kind: str, value: str, *, at: datetime, steps: int = 4) -> Graph | None:
    """What lies within so many steps of a subject as of `at`, nearest first; None where there is no such thing."""
    start = _subject(kind, value)
    if start is None:
        return None
    graph = Graph()
    graph.add(start)
    waiting, walked = deque([(start.name, 0)]), 0
    while waiting:
        name, far = waiting.popleft()
        node = graph.nodes[name]
        if node.is_walked or far >= steps:
            continue
        if walked >= MOST_WALKED:
            graph.is_cut = True
            break
        walked += 1
        for beside in _walk(node, at):
            if graph.add(beside, beside=name):
                waiting.append((beside.name, far + 1))
    _colour(graph)
    return graph


def _subject(kind: str, value: str) -> Node | None:
    """The subject by its kind and name, where it exists. A device or a recipient exists where anybody is on it."""
    finders: dict[str, Callable[[], Node | None]] = {
        "order": lambda: _first(map(_order, Order.objects.filter(ref=value)[:1])),
        "account": lambda: _first(map(_account, Customer.objects.filter(ref=value)[:1])),
        "device": lambda: Node("device", value, value) if value and _is_device(value) else None,
        "recipient": lambda: _first(map(_recipient, OrderLine.objects.filter(recipient_hash=value).exclude(recipient_hash="")[:1])),
        "payment": lambda: _first(
            map(_payment, Order.objects.filter(payment_account_hash=value).exclude(payment_account_hash="")[:1])
        ),
        "token": lambda: (
            _first(map(_token, ClaimToken.objects.filter(pk=value).select_related("batch"))) if _is_number(value) else None
        ),
    }
    return finders[kind]() if kind in finders else None


def _walk(node: Node, at: datetime) -> list[Node]:
    """What is beside a node. A value shared by too many becomes a hub, and nothing is beside it."""
    node.is_walked = True
    found = WALKS[node.kind](node.value, at)
    if node.kind in CAPS:
        accounts = len(found)
        if accounts > CAPS[node.kind]:
            node.is_hub, node.label = True, f"{node.label} ({counted(accounts)})"
            return []
    return found


def _from_order(ref: str, at: datetime) -> list[Node]:
    order = Order.objects.select_related("customer").get(ref=ref)
    lines = order.lines.exclude(recipient_hash="")
    devices = [Node("device", order.device, order.device)] if order.device else []
    payments = [_payment(order)] if order.payment_account_hash else []
    return [_account(order.customer), *devices, *map(_recipient, lines), *payments]


def _from_account(ref: str, at: datetime) -> list[Node]:
    since = at - WINDOW
    orders = Order.objects.filter(customer__ref=ref, placed_at__gt=since, placed_at__lte=at).order_by("-placed_at")
    made = Claim.objects.filter(customer__ref=ref, at__gt=since, at__lte=at).select_related("token__batch").order_by("-pk")
    claims = list(made[:OF_AN_ACCOUNT])
    devices = {claim.device for claim in claims if claim.device}
    tokens = {claim.token for claim in claims if claim.token and claim.outcome == "issued"}
    return [
        *map(_order, orders[:OF_AN_ACCOUNT]),
        *(Node("device", device, device) for device in sorted(devices)),
        *map(_token, sorted(tokens, key=lambda token: token.pk)),
    ]


def _from_device(device: str, at: datetime) -> list[Node]:
    since, most = at - WINDOW, CAPS["device"] + 1
    claims = Claim.objects.filter(device=device, at__gt=since, at__lte=at).exclude(device="").order_by("-at")
    orders = Order.objects.filter(device=device, placed_at__gt=since, placed_at__lte=at).exclude(device="").order_by("-placed_at")
    ids = [*claims.values_list("customer_id", flat=True)[: 4 * most], *orders.values_list("customer_id", flat=True)[: 4 * most]]
    return _accounts(list(dict.fromkeys(ids))[:most])


def _from_recipient(recipient: str, at: datetime) -> list[Node]:
    lines = OrderLine.objects.filter(
        recipient_hash=recipient, order__placed_at__gt=at - WINDOW, order__placed_at__lte=at, order__discount_amount__gt=0
    )
    lines = lines.exclude(recipient_hash="").select_related("order__customer").order_by("-order_id")
    orders = {line.order.customer_id: line.order for line in lines[: 4 * CAPS["recipient"]]}
    return [_order(order) for order in list(orders.values())[: CAPS["recipient"] + 1]]


def _from_payment(account: str, at: datetime) -> list[Node]:
    """Orders paid from it, one of each customer."""
    paid = Order.objects.filter(payment_account_hash=account, placed_at__gt=at - WINDOW, placed_at__lte=at, discount_amount__gt=0)
    newest = paid.exclude(payment_account_hash="").select_related("customer").order_by("-placed_at")
    orders = {order.customer_id: order for order in newest[: 4 * CAPS["payment"]]}
    return [_order(order) for order in list(orders.values())[: CAPS["payment"] + 1]]


def _from_token(token: str, at: datetime) -> list[Node]:
    claims = Claim.objects.filter(token=int(token), outcome="issued", at__gt=at - WINDOW, at__lte=at).order_by("-at")
    ids = claims.values_list("customer_id", flat=True)[: 4 * CAPS["token"]]
    return _accounts(list(dict.fromkeys(ids))[: CAPS["token"] + 1])


WALKS: dict[str, Callable[[str, datetime], list[Node]]] = {
    "order": _from_order,
    "account": _from_account,
    "device": _from_device,
    "recipient": _from_recipient,
    "payment": _from_payment,
    "token": _from_token,
}


def _colour(graph: Graph) -> None:
    """Accounts by what they are called, orders by what they look like."""
    looks: dict[Name, str] = {}
    accounts = [value for kind, value in graph.nodes if kind == "account"]
    orders = [value for kind, value in graph.nodes if kind == "order"]
    called = CustomerDisposition.objects.filter(customer__ref__in=accounts).values_list("customer__ref", "disposition")
    looks |= {("account", ref): disposition for ref, disposition in called}
    flagged = Flag.objects.filter(order__ref__in=orders).values_list("order__ref", "disposition")
    looks |= {("order", ref): disposition for ref, disposition in flagged}
    for name, node in graph.nodes.items():
        node.looks = looks.get(name, "")


def _order(order: Order) -> Node:
    return Node("order", order.ref, order.ref)


def _account(customer: Customer) -> Node:
    return Node("account", customer.ref, customer.ref)


def _accounts(ids: list[int]) -> list[Node]:
    return [_account(customer) for customer in Customer.objects.filter(pk__in=ids).order_by("pk")]


def _recipient(line: OrderLine) -> Node:
    return Node("recipient", line.recipient_hash, f"••••{line.recipient_last_four}")


def _payment(order: Order) -> Node:
    return Node("payment", order.payment_account_hash, f"••••{order.payment_account_last_four}")


def _token(token: ClaimToken) -> Node:
    return Node("token", str(token.pk), str(token))


def _first(nodes: Iterable[Node]) -> Node | None:
    return next(iter(nodes), None)


def _is_device(device: str) -> bool:
    return Claim.objects.filter(device=device).exists() or Order.objects.filter(device=device).exists()


def _is_number(value: str) -> bool:
    return value.isdecimal() and len(value) < 19
