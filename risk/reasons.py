"""Reasons that reviewers give again and again, each with the decision it is a reason for: one key decides by it.

They are kept in English and read to each reader in his language, like all sentences of ours.
"""

from dataclasses import dataclass

from django.utils.translation import gettext_noop

from backoffice.lib.sentences import Sentence
from risk.states import Decision


@dataclass(frozen=True)
class QuickReason:
    """`key` is the digit that decides by it."""

    key: str
    decision: Decision
    sentence: Sentence

    @property
    def text(self) -> str:
        return str(self.sentence)


QUICK_REASONS = (
    QuickReason("1", Decision.CLEARED, Sentence(gettext_noop("a family or friends who share a device or a number"))),
    QuickReason("2", Decision.CLEARED, Sentence(gettext_noop("tops up the customer's own number"))),
    QuickReason("3", Decision.CLEARED, Sentence(gettext_noop("a known customer with earlier paid orders"))),
    QuickReason("4", Decision.CLEARED, Sentence(gettext_noop("swept along after the code went public"))),
    QuickReason("6", Decision.CONFIRMED, Sentence(gettext_noop("many accounts send the value to one recipient"))),
    QuickReason("7", Decision.CONFIRMED, Sentence(gettext_noop("many accounts on one device"))),
    QuickReason("8", Decision.CONFIRMED, Sentence(gettext_noop("a token that leaked or was forged"))),
    QuickReason("9", Decision.CONFIRMED, Sentence(gettext_noop("accounts that were made for this night"))),
)


def quick_reason(key: str) -> QuickReason | None:
    return next((reason for reason in QUICK_REASONS if reason.key == key), None)
