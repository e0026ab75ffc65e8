"""The folder that the results go to: never somebody else's, and never half a set of results."""

from pathlib import Path

from backoffice.replay.faults import FolderRefused

RESULTS, ALARMS, FLAGS, SUMMARY, REPORT = "results.jsonl", "alarms.jsonl", "flags.jsonl", "summary.json", "report.html"
FILES = (RESULTS, ALARMS, FLAGS, SUMMARY, REPORT)
DRAFT = ".part"


class ResultsFolder:
    """Files are written as drafts, and get their names together once all of them are written."""

    def __init__(self, path: Path, *, force: bool) -> None:
        """Makes the folder. Raises FolderRefused where it holds other things than earlier results, unless forced."""
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
            others = sorted(entry.name for entry in path.iterdir() if entry.name.removesuffix(DRAFT) not in FILES)
        except OSError as error:
            raise FolderRefused(f"{path} cannot be a folder for results: {error.strerror or error}.") from error
        if others and not force:
            raise FolderRefused(
                f"{path} holds other things than earlier results ({others[0]}). Name another folder, or give --force."
            )

    def clear(self) -> None:
        """Remove earlier results: a replay that stops halfway must not leave them to be taken for its own."""
        for name in FILES:
            (self.path / name).unlink(missing_ok=True)
            self.draft(name).unlink(missing_ok=True)

    def draft(self, name: str) -> Path:
        return self.path / f"{name}{DRAFT}"

    def publish(self) -> None:
        for name in FILES:
            self.draft(name).replace(self.path / name)
