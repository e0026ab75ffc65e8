"""Refusals that a person can read. The API answers them with 409 and their code, the admin shows their sentence."""

from collections.abc import Sequence


class DomainError(Exception):
    """A rule of the trade said no; nothing was changed.

    `str(error)` is a sentence for a clerk. `code` is stable: programs decide by it. `errors` says the same of parts of the input,
    each with a JSON pointer, a code and a sentence.
    """

    code = "refused"
    errors: Sequence[dict[str, str]] = ()


class StaleState(DomainError):
    """Somebody else changed the state in the meantime, or the move is not in the table."""

    code = "stale_state"


class NotFound(DomainError):
    """The thing named does not exist. The API answers 404."""

    code = "not_found"


class InvalidInput(DomainError):
    """What was given cannot be used as it stands. The API answers 422."""

    code = "invalid_input"
