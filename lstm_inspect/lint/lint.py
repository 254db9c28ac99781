"""lint: files and folders -> their findings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from lstm_inspect.lint.analyse import analyse
from lstm_inspect.lint.comments import without_ignored
from lstm_inspect.lint.discover import discover
from lstm_inspect.lint.source import RECURRENT, Unreadable, parse
from lstm_inspect.lint.wording import finding
from lstm_inspect.mistakes.finding import Finding
from lstm_inspect.theory.contract import Document, written


@written("file reason")
@dataclass(frozen=True, slots=True)
class Unread:
    """A file that was left out, and why."""

    file: str
    reason: str


@written("files mistakes=findings unread", command="lint")
@dataclass(slots=True)
class Linted(Document):
    """What was found in the files that were read.

    Attributes:
        findings: in the order of files and lines.
        unread: the files that can't be read as Python.
        files: how many files were looked at.
        lines: the source lines that findings stand on, by file and line.
    """

    findings: list[Finding] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    files: int = 0
    lines: dict[tuple[str, int], str] = field(default_factory=dict)

    def add(self, other: Linted) -> None:
        """Take over what was found in other files."""
        self.findings += other.findings
        self.unread += other.unread
        self.files += other.files
        self.lines.update(other.lines)


def lint(*paths: str | Path) -> list[Finding]:
    """The silent mistakes in source files: nothing of them is run.

    Args:
        paths: files, folders (all that git does not ignore in them), notebooks; left out: this folder.

    Raises:
        FileError: a path is not there.

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder, "net.py")
    ...     _ = file.write_text('''
    ... from torch import nn
    ... class Net(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.lstm = nn.LSTM(10, 20, batch_first=True, bidirectional=True)
    ...     def forward(self, x):
    ...         output, (hn, cn) = self.lstm(x)
    ...         return output[:, -1]
    ... ''')
    ...     [(found.line, found.id, found.instead) for found in lint(file)]
    [(9, 'last-step-bidirectional', 'return torch.cat((hn[-2], hn[-1]), dim=-1)')]
    """
    return lint_files(discover(paths or (".",))).findings


def lint_files(files: Iterable[Path]) -> Linted:
    """What stands in files, one after the other."""
    linted = Linted()
    for file in files:
        linted.add(lint_file(file))
    return linted


def lint_file(file: Path) -> Linted:
    """What stands in one file; one that can't be read is said, no error."""
    try:
        text = file.read_bytes().decode("utf-8")
    except OSError as error:
        return Linted(unread=[Unread(str(file), error.strerror or str(error))], files=1)
    except UnicodeDecodeError:
        return Linted(unread=[Unread(str(file), "not UTF-8 text")], files=1)
    return lint_text(text, str(file), file)


def lint_text(text: str, path: str, place: Path | None = None) -> Linted:
    """What stands in a file's text."""
    if not RECURRENT.search(text):
        return Linted(files=1)
    try:
        source = parse(text, path, place)
        drafts, uses = analyse(source)
    except (Unreadable, RecursionError) as error:
        return Linted(unread=[Unread(path, str(error) if isinstance(error, Unreadable) else "nests too deep")], files=1)
    found = without_ignored([finding(draft, source, uses) for draft in drafts], source)
    found.sort(key=lambda each: (each.line or 0, each.column or 0, each.id))
    lines = {(path, each.line): source.lines[each.line - 1] for each in found if each.line}
    return Linted(found, files=1, lines=lines)
