"""A hundred thousand mutations of a hundred good tokens: none is accepted.

All are tried on what decides (`find_token`, which calls `read_token`), from a fixed seed; some thousands go through the API in
`tests/api/test_token_mutations.py`.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from promotions import tokens as pure
from promotions.models import ClaimToken
from promotions.services import tokens
from promotions.services.refusals import Refused
from promotions.services.tokens import find_token
from promotions.tokens import TokenContent
from tests.promotions import mutating
from tests.promotions.mutating import mutations

pytestmark = pytest.mark.django_db

GOOD, MUTATIONS = 100, 100_000


@pytest.fixture
def good_tokens(settings) -> dict[str, TokenContent]:
    settings.HOLDFAST_TOKEN_KEYS = mutating.KEYS
    return mutating.good_tokens(GOOD)


@contextmanager
def rows_in_memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A hundred thousand queries would measure the database: the rows of all tokens there are, looked up as the query would."""
    rows = {(token.batch_id, token.number): token for token in ClaimToken.objects.select_related("batch")}

    class Rows:
        def select_related(self, *_):
            return self

        def annotate(self, **_):
            return self

        def filter(self, *, batch, number):
            return [rows[batch, number]] if (batch, number) in rows else []

    class Found(list):
        def first(self):
            return self[0] if self else None

    found = Rows()
    looked_up = found.filter
    found.filter = lambda **key: Found(looked_up(**key))  # type: ignore[method-assign]
    with monkeypatch.context() as patch:
        patch.setattr(tokens.ClaimToken, "objects", found)
        yield


def accepted(texts: Iterator[tuple[str, str]]) -> list[tuple[str, str]]:
    found = []
    for kind, text in texts:
        try:
            find_token(text)
        except Refused:
            continue
        found.append((kind, text))
    return found


def test_of_a_hundred_thousand_mutations_none_is_accepted(good_tokens, monkeypatch):
    with rows_in_memory(monkeypatch):
        assert len(accepted((text, text) for text in good_tokens)) == GOOD
        assert accepted(mutations(good_tokens, MUTATIONS, seed=20190120)) == []


def test_the_rows_in_memory_answer_as_the_database_does(good_tokens, monkeypatch):
    sample = list(mutations(good_tokens, 900, seed=1))
    assert accepted(iter(sample)) == []
    assert len(accepted((text, text) for text in good_tokens)) == GOOD


def test_control_without_comparing_signatures_many_are_accepted(good_tokens, monkeypatch):
    monkeypatch.setattr(pure.hmac, "compare_digest", lambda *_: True)
    monkeypatch.setattr(tokens, "compare_digest", lambda *_: True)
    with rows_in_memory(monkeypatch):
        kinds = {kind for kind, _ in accepted(mutations(good_tokens, 2_000, seed=2))}
    assert kinds >= {"flip_a_bit", "change_a_letter", "sign_otherwise", "spell_base64_otherwise"}


def test_control_without_comparing_with_the_row_a_leaked_key_makes_tokens(good_tokens, monkeypatch):
    monkeypatch.setattr(tokens, "compare_digest", lambda *_: True)
    with rows_in_memory(monkeypatch):
        assert {kind for kind, _ in accepted(mutations(good_tokens, 2_000, seed=3))} == {"sign_otherwise"}
