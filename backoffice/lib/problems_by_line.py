"""What is wrong with a file, said by line. Pure: knows no database."""

from dataclasses import dataclass, field

from django.utils.translation import gettext as _

PROBLEMS_SHOWN = 100


@dataclass(frozen=True)
class Problem:
    """What is wrong with a line, numbered as an editor shows it."""

    line: int
    text: str

    def __str__(self) -> str:
        return _("Line %(line)s: %(text)s") % {"line": f"{self.line:,}", "text": self.text}


@dataclass
class Problems:
    """The first hundred problems, and how many there are in all."""

    count: int = 0
    shown: list[Problem] = field(default_factory=list)

    def add(self, line: int, text: str) -> None:
        self.count += 1
        if len(self.shown) < PROBLEMS_SHOWN:
            self.shown.append(Problem(line, text))
