"""What a model reads of its recurrent modules' results, right or wrong, and each sequence alone."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from lstm_inspect.mistakes.finding import Finding
from lstm_inspect.mistakes.read import Alone, Read
from lstm_inspect.theory.shapes import format_tuple
from lstm_inspect.theory.words import plural
from lstm_inspect.views import look
from lstm_inspect.views.look import Signs

_ROLES: Final = {"state": " as an initial state", "mean": " in a mean", "max": " in a maximum", "sum": " in a sum"}
_MOST: Final = 12


def parts(
    reads: Sequence[Read],
    mistakes: Sequence[Finding],
    alone: Alone | None = None,
    not_traced: str | None = None,
    *,
    quiet: bool = False,
) -> Iterator[RenderableType]:
    """The sections "What is read" and "Each sequence alone"; a finding stands under what it was found in.

    Of many reads the first are shown, and every one that is wrong; quietly the wrong ones alone.
    """
    kept = _once(reads)
    swapped = {finding.module for finding in mistakes if finding.id == "batch-first-forgotten"}
    found = [[finding for finding in mistakes if _is_of(finding, read)] for read in kept]
    most = 0 if quiet else _MOST
    pairs = [pair for place, pair in enumerate(zip(kept, found, strict=True)) if pair[1] or place < most]
    lines = [look.Fitted(partial(_read, read, of_it[:1], read.module in swapped)) for read, of_it in pairs]
    left_out = 0 if quiet else len(kept) - len(pairs)
    more = [look.sentence(f"and {plural(left_out, 'more read')}", look.FAINT)] if left_out else []
    left = [look.sentence(f"Not followed everywhere: {not_traced}.")] if not_traced else []
    if lines or left:
        yield look.section("What is read", *lines, *more, *left)
    rest = [finding for finding in mistakes if not any(finding in of_it for of_it in found)]
    if alone is not None or rest:
        said = [] if alone is None else [look.Fitted(partial(_alone, alone))]
        yield look.section("Each sequence alone", *said, *(look.Fitted(partial(_finding, each)) for each in rest))


def _once(reads: Sequence[Read]) -> list[Read]:
    """Reads of several calls at one line, in one way, stand for each other."""
    found = {(read.module, read.reader, read.operation, read.line, read.words, read.expression): read for read in reads}
    return list(found.values())


def _is_of(finding: Finding, read: Read) -> bool:
    here = (finding.file, finding.line) in ((read.file, read.line), read.made)
    same = (finding.module, finding.reader, finding.operation) == (read.module, read.reader, read.operation)
    return here and same and finding.expression == read.expression


def who(read: Read) -> str:
    """Who reads: a module, or the code around; and where.

    >>> from lstm_inspect.mistakes.read import Source
    >>> source = Source("rnn", 0, "GRU", 1, 1, 8, 8, (5,))
    >>> who(Read(source=source, parts=(), operation="linear", reader="fc", file="net.py", line=8))
    'fc (linear, net.py:8)'
    """
    where = _where(read)
    if read.operation == "result":
        return f"the model's result{where.replace(', ', ' (')}{')' if where else ''}"
    return f"{read.reader} ({read.operation}{where})" if read.reader else f"{read.operation}{where}"


def _where(found: Read | Finding) -> str:
    return f", {Path(found.file).name}:{found.line}" if found.file else ""


def _read(read: Read, found: Sequence[Finding], swapped: bool, width: int, signs: Signs) -> RenderableType:
    what = look.code(read.expression) if read.expression else Text(read.words)
    of, role = f" of {read.module or 'the model itself'}", _ROLES.get(read.role, "")
    times = f", {read.times:,} times" if read.times > 1 else ""
    line = look.mark(not found and not swapped, signs) + Text(f" {who(read)} reads ") + what
    line += Text(f"{of}{role}, {format_tuple(read.shape)}{times}")
    words = [Text(read.words, look.FAINT)] if read.expression and not found else []
    return _with_under(line, *words, *(_told(each, elsewhere=each.line != read.line) for each in found))


def _finding(finding: Finding, width: int, signs: Signs) -> RenderableType:
    head = Text(f"{signs.bad} {finding.module or 'the model itself'}{_where(finding)}", look.BAD)
    return _with_under(head, _told(finding, elsewhere=False))


def _told(finding: Finding, *, elsewhere: bool) -> RenderableType:
    where = _where(finding) if elsewhere else ""
    told = Text(f"{finding.level}{where}: {finding.what}", look.BAD if finding.level == "error" else "")
    instead = [look.beside("write", finding.instead)] if finding.instead else []
    return Group(told, *instead, Text(finding.explain, look.FAINT))


def _with_under(line: Text, *under: RenderableType) -> RenderableType:
    return Group(line, *(Padding(each, (0, 0, 0, 4)) for each in under))


def _alone(alone: Alone, width: int, signs: Signs) -> RenderableType:
    if alone.passed is None:
        return look.sentence(f"Not decided: {alone.reason}.")
    ran = "in copies of itself" if alone.replaced else "by itself"
    which = f"{alone.checked} of {alone.sequences} sequences, each {ran}"
    axes = f"axis {alone.axis} of the arguments, axis {alone.result_axis} of the result"
    if alone.passed:
        return Text(f"{signs.good} gives what it gives in the batch: {which}; {axes}", look.GOOD)
    away = "" if alone.largest is None else f", {alone.largest:.2g} away"  # None: NaN is no number away
    return Text(f"{signs.bad} gives another result{away}: {which}; {axes}", look.BAD)


def verdict(
    reads: Sequence[Read], mistakes: Sequence[Finding], alone: Alone | None, not_traced: str | None = None
) -> Iterator[Text]:
    """What is wrong with what is read or, if nothing is, what was looked at."""
    if mistakes:
        bad = any(finding.level == "error" for finding in mistakes)
        found = "; ".join(f"{finding.id}{_where(finding)}" for finding in mistakes)
        yield look.verdict(f"{'Wrong' if bad else 'Likely wrong'}: {found}", "", good=False if bad else None)
    elif reads or alone is not None:
        decided = (alone is None or alone.passed) and not not_traced
        yield look.verdict(said(reads, alone), "", good=True if decided else None)
    if not_traced:
        yield look.sentence("Not everything that is read was followed.")


def said(reads: Sequence[Read], alone: Alone | None) -> str:
    """What was looked at, in one sentence; a decoder's initial states are left out where anything else is read.

    >>> said([], Alone(True))
    'Each sequence alone gives the same result'
    """
    kept = [read for read in _once(reads) if read.role != "state"] or _once(reads)
    told = [f"{_reader(read)} {read.words}" for read in kept[:2]]
    told += [f"and {plural(len(kept) - 2, 'more read')}"] if len(kept) > 2 else []
    if alone is not None:
        same = "each sequence alone gives the same result"
        told.append({True: same, False: f"not {same}", None: f"whether {same} was not decided"}[alone.passed])
    sentence = "; ".join(told)
    return sentence if kept and kept[0].operation != "result" else sentence[:1].upper() + sentence[1:]


def _reader(read: Read) -> str:
    if read.operation == "result":
        return "the model returns"
    return f"{read.reader or read.operation} reads"
