"""What lines name: codes that must exist, and the texts of the tokens that the file made."""

from typing import Any

from backoffice.lib.errors import NotFound
from backoffice.replay.events import TokenOfBatch
from promotions.models import ClaimToken, TokenBatch
from promotions.services.tokens import token_text


class KnownCodes:
    """The codes of one model. What exists is remembered: nothing that has a code is ever deleted."""

    def __init__(self, model: Any, word: str) -> None:
        self._model, self._word = model, word
        self._known: set[str] = set()

    def require(self, code: str) -> None:
        """Raises NotFound."""
        if code not in self._known:
            if not self._model.objects.filter(code=code).exists():
                raise NotFound(f"There is no {self._word} {code}.")
            self._known.add(code)


class Tokens:
    """What stands on the QR codes. A token's text never changes, so each is made once."""

    def __init__(self) -> None:
        self._batches: dict[str, TokenBatch] = {}
        self._texts: dict[TokenOfBatch, str] = {}

    def text_of(self, wanted: TokenOfBatch) -> str:
        """Raises NotFound for a batch that was not made, or a number that it does not have."""
        text = self._texts.get(wanted)
        if text is None:
            token = ClaimToken.objects.filter(batch=self._batch(wanted.batch), number=wanted.number).first()
            if token is None:
                raise NotFound(f"Batch {wanted.batch} has no token {wanted.number}.")
            token.batch = self._batch(wanted.batch)
            text = self._texts[wanted] = token_text(token)
        return text

    def _batch(self, code: str) -> TokenBatch:
        if code not in self._batches:
            batch = TokenBatch.objects.filter(code=code).first()
            if batch is None:
                raise NotFound(f"There is no token batch {code}.")
            self._batches[code] = batch
        return self._batches[code]
