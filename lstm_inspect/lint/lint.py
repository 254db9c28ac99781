"""lint: files and folders -> their findings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from multiprocessing import get_all_start_methods, get_context
from pathlib import Path

from lstm_inspect.lint.config import Choice, checked, without_ignored
from lstm_inspect.lint.source import RECURRENT, Unreadable, discover, parse
from lstm_inspect.lint.walk import analyse
from lstm_inspect.lint.wording import Fix, finding, fix_of
from lstm_inspect.mistakes.finding import Finding
from lstm_inspect.theory.contract import Document, record, written

_FEW = 40  # files with a recurrent layer: for fewer, a second process costs more than it saves


@record()
class Unread:
    """A file that was left out, and why."""

    file: str
    reason: str


@written("files mistakes=findings unread", command="lint")
@dataclass(slots=True)
class Linted(Document):
    """What was found in the files that were read."""

    findings: list[Finding] = field(default_factory=list)  #: in the order of files and lines.
    unread: list[Unread] = field(default_factory=list)  #: the files that can't be read as Python.
    files: int = 0  #: how many files were looked at.
    #: the source lines that findings stand on, by file and line.
    lines: dict[tuple[str, int], str] = field(default_factory=dict)
    fixes: dict[str, list[Fix]] = field(default_factory=dict)  #: what --fix would write, by file.

    def add(self, other: Linted) -> None:
        """Take over what was found in other files."""
        self.findings += other.findings
        self.unread += other.unread
        self.files += other.files
        self.lines |= other.lines
        self.fixes |= other.fixes


def lint(*paths: str | Path, select: Iterable[str] = (), ignore: Iterable[str] = ()) -> list[Finding]:
    """The silent mistakes in source files: nothing of them is run.

    Args:
        paths: files, folders (all that git does not ignore in them), notebooks; left out: this folder.
        select: the ids of mistakes to look for; left out: all but ``dropout-one-layer``.
        ignore: the ids of mistakes not to look for.

    Raises:
        FileError: a path is not there.
        SpecError: an id is no mistake that source code shows.

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
    choice = Choice(checked("select", tuple(select)), checked("ignore", tuple(ignore)))
    return lint_files(discover(paths or (".",)), choice).findings


def lint_files(files: list[Path], choice: Choice = Choice(), processes: int = 1) -> Linted:  # noqa: B008 - frozen
    """What stands in files.

    Args:
        processes: among how many they are shared out, if they are many; a program with threads should not fork.
    """
    linted = Linted()
    texts = []
    for file in files:
        try:
            text = file.read_bytes().decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror or str(error) if isinstance(error, OSError) else "not UTF-8 text"
            linted.unread.append(Unread(str(file), reason))
        else:
            texts += [(text, str(file), choice, file)] if RECURRENT.search(text) else []
    linted.files = len(files) - len(texts)
    workers = min(processes, len(texts) // _FEW * 2) if "fork" in get_all_start_methods() else 1
    if workers < 2:
        parts = [lint_text(*each) for each in texts]
    else:
        with get_context("fork").Pool(workers) as pool:
            parts = pool.starmap(lint_text, texts, chunksize=8)
    for part in parts:
        linted.add(part)
    return linted


def lint_text(text: str, path: str, choice: Choice = Choice(), place: Path | None = None) -> Linted:  # noqa: B008
    """What stands in a file's text."""
    if not RECURRENT.search(text):
        return Linted(files=1)
    try:
        source = parse(text, path, place)
        drafts = analyse(source)
        found = without_ignored([finding(draft, source) for draft in drafts], source)
    except Unreadable as error:
        return Linted(unread=[Unread(path, str(error))], files=1)
    except RecursionError:
        return Linted(unread=[Unread(path, "nests too deep to be followed")], files=1)
    lines, placed = {}, []
    for each in sorted(found, key=lambda each: (each.line or 0, each.column or 0, each.id)):
        if choice.takes(each.id):
            placed.append(source.placed(each))
            lines[placed[-1].file or "", placed[-1].line or 0] = source.lines[(each.line or 1) - 1]
    fixes = [fix_of(draft, source) for draft in drafts if choice.takes(draft.id) and not source.starts]
    return Linted(placed, files=1, lines=lines, fixes={path: [fix for fix in fixes if fix]})
