"""Joins a few accounts into components: union-find over groups. Pure, and without numpy: the increment's half of links."""

from collections.abc import Iterable, Sequence


class Components:
    """Accounts by the component they belong to, named by its smallest id. Known ones are given first."""

    def __init__(self) -> None:
        self._parent: dict[int, int] = {}

    def join(self, accounts: Sequence[int]) -> None:
        """These accounts, or components by their names, hang together."""
        roots = {self.of(account) for account in accounts}
        smallest = min(roots)
        for root in roots:
            self._parent[root] = smallest

    def of(self, account: int) -> int:
        root = account
        while (above := self._parent.get(root, root)) != root:
            root = above
        while (above := self._parent.get(account, account)) != root:
            self._parent[account] = root
            account = above
        return root

    def known(self) -> Iterable[int]:
        return self._parent.keys()
