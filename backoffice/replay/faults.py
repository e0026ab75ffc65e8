"""What can be wrong with an input, said so that whoever wrote it can mend it."""


class CannotBegin(Exception):
    """Nothing was played. `str()` is one sentence for whoever gave the command."""


class FileRefused(CannotBegin):
    """The file cannot be read as such."""


class FolderRefused(CannotBegin):
    """The results cannot be written there."""


class NoDatabase(CannotBegin):
    """There is no database to play into."""


class BadLine(Exception):
    """One line cannot be played, and nothing of it was. `str()` is one sentence with the line's number."""

    def __init__(self, line: int, sentence: str) -> None:
        super().__init__(f"line {line:,}: {sentence}")
        self.line, self.sentence = line, sentence


class BadField(Exception):
    """A field of a line is missing, unknown or of the wrong type. `str()` says which and what it must be."""
