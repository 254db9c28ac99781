"""Where a message was raised: the frames around it, the user's own line, and whether an LSTM has to do with it.

Frames of Python, IPython and notebooks, pytest and pdb are read, with whatever a launcher or a logger puts before them;
how they are written stands in ``rules/frames.toml``.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache, partial
from typing import Any, Final, Literal, TypeAlias

from lstm_inspect.diagnosis.finding import Frame
from lstm_inspect.diagnosis.rule import table

Trace: TypeAlias = Literal["none", "lstm", "silent", "elsewhere"]
"""What the frames show: nothing that tells, a recurrent layer or packing, code without either, or other code."""

_MOST_OF_A_LINE: Final = 500
_MOST_LINES_BEFORE: Final = 60
_MOST_LINES_AFTER: Final = 8
_MOST_LINES_APART: Final = 14  # a notebook shows some lines around each frame


@cache
def _patterns(name: str) -> Sequence[re.Pattern[str]]:
    given = table("frames")[name]
    return [re.compile(pattern) for pattern in ([given] if isinstance(given, str) else given)]


def _found(name: str, text: str) -> re.Match[str] | None:
    return next((found for pattern in _patterns(name) if (found := pattern.search(text))), None)


def _own(frame: Frame) -> bool:
    """Whether a frame is the user's code and no library's."""
    return not _found("library", frame.file)


def _words(frame: Frame) -> str:
    """What a frame says: without its folders, whose names mean nothing, but for the package that it is of."""
    package = _found("package", frame.file)
    name = re.split(r"[/\\]", frame.file)[-1]
    return " ".join([package[1] if package else "", name, frame.function, frame.code])


def origin_of(lines: Sequence[str], at: int) -> dict[str, Any]:
    """Where the message that begins in a line was raised, as names for the rules.

    Args:
        lines: white space as single blanks, no empty ones.
        at: the message's line.

    Returns:
        where: the innermost frame of the user's own code that names its file; None as all that no frame shows.
        line: the user's own line of code.
        raised: the line of code that raised it, whoever wrote it.
        in_torch: whether a library's code raised it.
        mentions: what looks for words in the frames and between them.
        trace: what the frames show.

    >>> origin = origin_of(['File "net.py", line 8, in forward', "out = self.lstm(x)", "RuntimeError: .."], 2)
    >>> origin["where"], origin["trace"]
    (Frame(file='net.py', line=8, function='forward', code='out = self.lstm(x)'), 'lstm')
    """
    start = _start(lines, at)
    near = [line[:_MOST_OF_A_LINE] for line in lines[start : at + 1 + _MOST_LINES_AFTER]]
    before, own_line = near[: at - start], near.pop(at - start)
    context = next((part for part in (before, near) if any(_found("frame", line) for line in part)), [])
    frames = list(_frames(context or [own_line])) or list(_quoted(lines[max(0, at - 1) : at]))
    own = [frame for frame in frames if _own(frame)]
    between = [line for line in context if not _found("frame", line)]
    said = "\n".join([*map(_words, frames), *between])
    return {
        "where": next((frame for frame in reversed(own) if frame.file), None),
        "line": own[-1].code or None if own else None,
        "raised": frames[-1].code or None if frames else None,
        "in_torch": not _own(frames[-1]) if frames else None,
        "mentions": partial(_mentions, said),
        "trace": _trace(frames, own, between) if frames else "none",
    }


def _start(lines: Sequence[str], at: int) -> int:
    """The first line of the traceback that ends in a line: its header, or the first frame of an unbroken row."""
    start, apart = at, 0
    for number in range(at - 1, -1, -1):
        line = lines[number][:_MOST_OF_A_LINE]
        if _found("header", line):
            return number
        if _found("frame", line):
            start, apart = number, 0
        elif _found("ends", line) or apart > _MOST_LINES_APART or at - number > _MOST_LINES_BEFORE:
            break
        apart += 1
    return start


def _mentions(text: str, pattern: str) -> bool | None:
    """Whether a traceback has it; None if there is no traceback, or one without it."""
    return True if re.search(pattern, text) else None


def _frames(lines: Sequence[str]) -> Iterator[Frame]:
    """The frames, each with the lines up to the next one."""
    starts = [(number, found) for number, line in enumerate(lines) if (found := _found("frame", line))]
    ends = [*(number for number, _ in starts[1:]), len(lines)]
    for (number, found), end in zip(starts, ends, strict=False):
        named = {"line": None, "function": None, **found.groupdict()}
        line, code = _code(lines[number + 1 : end], prefix=len(found.string[: found.start()].split()))
        yield Frame(found["file"], int(named["line"] or 0) or line, named["function"] or "", code)


def _code(lines: Sequence[str], prefix: int) -> tuple[int | None, str]:
    """The line of code that a frame shows: after an arrow, or the next line without the logger's words before it."""
    for line in lines:
        arrow = _found("arrow", line)
        if arrow:
            return int(arrow["line"] or 0) or None, arrow["code"].strip()
    plain = " ".join(lines[0].split()[prefix:]) if lines else ""
    return None, "" if _found("ends", plain) else plain


def _quoted(before: Sequence[str]) -> Iterator[Frame]:
    """The line of code that stands alone before a message, as people quote it."""
    for line in before:
        found = _found("quoted", line[:_MOST_OF_A_LINE])
        if found:
            yield Frame("", code=found[0])


def _trace(frames: Sequence[Frame], own: Sequence[Frame], between: Sequence[str]) -> Trace:
    """What the frames show; a file's name counts where it is a library's, or that of the user's innermost frame."""
    code = "\n".join(f"{frame.function} {frame.code}" for frame in own)
    named = "\n".join(_words(frame) for frame in frames if frame not in own[:-1])
    layers = [found[1] for frame in frames if (found := _found("layer", frame.file))]
    if layers and _found("other_layer", layers[-1]):
        return "elsewhere"
    if _found("recurrent", "\n".join([code, named, *between])):
        return "lstm"
    others = [frame for frame in frames if _own(frame) or not _found("torch", frame.file)]
    if _found("another_kind", code) or (others and not _own(others[-1])):
        return "elsewhere"
    if own and _found("states", f"{code}\n{_words(own[-1])}"):
        return "lstm"
    silent = any(frame.code and frame.file for frame in own) and not _found("last_step", code)
    return "silent" if silent else "none"
