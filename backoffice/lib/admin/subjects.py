"""What approvals are about, told by the apps that own it: the money at stake, when it is wanted, and all of it in words.

An app registers by the model that approvals name as their target; the leaf knows none of them.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from backoffice.lib.admin.page import Fact, Panel
from backoffice.lib.display import badge, duration_text
from backoffice.lib.models import Approval, ApprovalStatus

SOON = timedelta(hours=2)


@dataclass(frozen=True)
class Subject:
    """`money` is a text: what is given at most, or by how much that changes; `wanted_at` when it should begin, None for at once."""

    currency: str = ""
    money: Any = ""
    wanted_at: datetime | None = None


@dataclass(frozen=True)
class InWords:
    """Everything that is being approved, for a reader who has not seen it before."""

    facts: Sequence[Fact] = ()
    panels: Sequence[Panel] = ()


SubjectsOf = Callable[[Sequence[Approval]], Mapping[int, Subject]]
WordsOf = Callable[[Approval], InWords]
_subjects: dict[str, SubjectsOf] = {}
_words: dict[str, WordsOf] = {}


def subjects_of(label: str) -> Callable[[SubjectsOf], SubjectsOf]:
    """Register what approvals of this target are about: from many approvals to their subjects, by approval, in a fixed number of
    queries.
    """

    def register(find: SubjectsOf) -> SubjectsOf:
        _subjects[label] = find
        return find

    return register


def words_of(label: str) -> Callable[[WordsOf], WordsOf]:
    """Register how an approval of this target is told in words."""

    def register(tell: WordsOf) -> WordsOf:
        _words[label] = tell
        return tell

    return register


def label_of(approval: Approval) -> str:
    return approval.target.rpartition(":")[0]


def key_of(approval: Approval) -> int:
    """The key of the target; 0 where it is no number."""
    key = approval.target.rpartition(":")[2]
    return int(key) if key.isdecimal() else 0


def load_subjects(approvals: Iterable[Any]) -> None:
    """Give each approval `subject`."""
    by_label: dict[str, list[Any]] = defaultdict(list)
    for approval in approvals:
        approval.subject = Subject()
        by_label[label_of(approval)].append(approval)
    for label, those in by_label.items():
        found = _subjects[label](those) if label in _subjects else {}
        for approval in those:
            approval.subject = found.get(approval.pk, Subject())


def in_words(approval: Approval) -> InWords:
    tell = _words.get(label_of(approval))
    return tell(approval) if tell else InWords()


def urgency(approval: Any, at: datetime) -> Any:
    """How urgent a decision is: red where it is wanted already, amber where it soon is. `load_subjects` must have run."""
    if approval.status != ApprovalStatus.PENDING:
        return ""
    wanted_at = approval.subject.wanted_at
    if wanted_at is None:
        return badge(_("waits for %s") % duration_text(at - approval.requested_at), "warning")
    if wanted_at <= at:
        return badge(_("wanted %s ago") % duration_text(at - wanted_at), "danger")
    return badge(_("wanted in %s") % duration_text(wanted_at - at), "warning" if wanted_at - at <= SOON else "default")
