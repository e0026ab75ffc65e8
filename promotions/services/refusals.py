"""How the parts of a claim say no to each other. It never leaves the services: a refused claim is an answer, not an error."""

from promotions.models import ClaimToken
from promotions.states import RefusalReason


class Refused(Exception):
    """The claim is refused for this reason. `token` is the genuine token it came with, if any."""

    def __init__(self, reason: RefusalReason, token: ClaimToken | None = None) -> None:
        super().__init__(reason)
        self.reason, self.token = reason, token
