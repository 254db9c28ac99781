"""Where a message was raised: the frames around it, the user's own line, and whether an LSTM has to do with it.

Frames of Python, IPython and notebooks, pytest and pdb are read, with whatever a launcher or a logger puts before them;
how they are written stands in ``rules/frames.toml``.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal, TypeAlias

from lstm_inspect.diagnosis.finding import Frame
from lstm_inspect.diagnosis.rule import table

Trace: TypeAlias = Literal["none", "lstm", "silent", "elsewhere"]
"""What the frames show: no line of the user's code, a recurrent layer or packing, neither, or other code."""

_MOST_OF_A_LINE: Final = 500
_MOST_LINES_BEFORE: Final = 60
_MOST_LINES_AFTER: Final = 8
_MOST_LINES_APART: Final = 14  # a notebook shows some lines around each frame


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a message was raised.

    Attributes:
        user: the innermost frame of the user's own code that names its file.
        line: the user's own line of code; None if none is shown.
        raised: the line of code that raised it, whoever wrote it.
        in_torch: whether a library's code raised it; None if no frame is shown.
        text: what the frames and the lines between them say, without folders.
        trace: what the frames show.
    """

    user: Frame | None = None
    line: str | None = None
    raised: str | None = None
    in_torch: bool | None = None
    text: str = ""
    trace: Trace = "none"


NOWHERE: Final = Origin()


@cache
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(table("frames")[name])


def _has(name: str, text: str) -> bool:
    return _pattern(name).search(text) is not None


def _own(frame: Frame) -> bool:
    """Whether a frame is the user's code and no library's.

    >>> _own(Frame("/usr/lib/python3/dist-packages/torch/nn/modules/rnn.py")), _own(Frame("train.py"))
    (False, True)
    """
    return not _has("library", frame.file)


def _words(frame: Frame) -> str:
    """What a frame says: without its folders, whose names mean nothing, but for the package that it is of."""
    package = _pattern("package").search(frame.file)
    name = re.split(r"[/\\]", frame.file)[-1]
    return " ".join([package[1] if package else "", name, frame.function, frame.code])


def origin_of(lines: Sequence[str], at: int) -> Origin:
    """Where the message that begins in a line was raised.

    Args:
        lines: white space as single blanks, no empty ones.
        at: the message's line.

    >>> origin = origin_of(['File "net.py", line 8, in forward', "out = self.lstm(x)", "RuntimeError: .."], 2)
    >>> origin.user, origin.trace
    (Frame(file='net.py', line=8, function='forward', code='out = self.lstm(x)'), 'lstm')
    """
    start = _start(lines, at)
    near = [line[:_MOST_OF_A_LINE] for line in lines[start : at + 1 + _MOST_LINES_AFTER]]
    before, own_line = near[: at - start], near.pop(at - start)
    context = next((part for part in (before, near) if any(map(_frame_in, part))), [])
    frames = list(_frames(context or [own_line])) or list(_quoted(lines[max(0, at - 1) : at]))
    if not frames:
        return NOWHERE
    own = [frame for frame in frames if _own(frame)]
    between = [line for line in context if not _frame_in(line)]
    return Origin(
        user=next((frame for frame in reversed(own) if frame.file), None),
        line=own[-1].code or None if own else None,
        raised=frames[-1].code or None,
        in_torch=not _own(frames[-1]),
        text="\n".join([*(_words(frame) for frame in frames), *between]),
        trace=_trace(frames, own, between),
    )


def _start(lines: Sequence[str], at: int) -> int:
    """The first line of the traceback that ends in a line: its header, or the first frame of an unbroken row."""
    start, apart = at, 0
    for number in range(at - 1, -1, -1):
        line = lines[number][:_MOST_OF_A_LINE]
        if _has("header", line):
            return number
        if _frame_in(line):
            start, apart = number, 0
        elif _has("ends", line) or apart > _MOST_LINES_APART or at - number > _MOST_LINES_BEFORE:
            break
        apart += 1
    return start


@cache
def _frame_patterns() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern) for pattern in table("frames")["frame"])


def _frame_in(line: str) -> re.Match[str] | None:
    return next((found for pattern in _frame_patterns() if (found := pattern.search(line))), None)


def _frames(lines: Sequence[str]) -> Iterator[Frame]:
    """The frames, each with the lines up to the next one."""
    starts = [(number, found) for number, line in enumerate(lines) if (found := _frame_in(line))]
    ends = [*(number for number, _ in starts[1:]), len(lines)]
    for (number, found), end in zip(starts, ends[: len(starts)], strict=True):
        named = found.groupdict()
        prefix = len(found.string[: found.start()].split())
        line, code = _code(lines[number + 1 : end], prefix)
        given = named.get("line")
        yield Frame(named["file"], int(given) if given else line, named.get("function") or "", code)


def _code(lines: Sequence[str], prefix: int) -> tuple[int | None, str]:
    """The line of code that a frame shows: after an arrow, or the next line without the logger's words before it."""
    for line in lines:
        arrow = _pattern("arrow").search(line)
        if arrow:
            return (int(arrow["line"]) if arrow["line"] else None), arrow["code"].strip()
    plain = " ".join(lines[0].split()[prefix:]) if lines else ""
    return None, "" if _has("ends", plain) else plain


def _quoted(before: Sequence[str]) -> Iterator[Frame]:
    """The line of code that stands alone before a message, as people quote it."""
    for line in before:
        found = _pattern("quoted").search(line[:_MOST_OF_A_LINE])
        if found:
            yield Frame("", code=found[0])


def _trace(frames: Sequence[Frame], own: Sequence[Frame], between: Sequence[str]) -> Trace:
    """What the frames show; a file's name counts where it is a library's, or that of the user's innermost frame."""
    code = "\n".join(f"{frame.function} {frame.code}" for frame in own)
    named = "\n".join(_words(frame) for frame in frames if frame not in own[:-1])
    layers = [found[1] for frame in frames if (found := _pattern("layer").search(frame.file))]
    if layers and _has("other_layer", layers[-1]):
        return "elsewhere"
    if _has("recurrent", "\n".join([code, named, *between])):
        return "lstm"
    others = [frame for frame in frames if _own(frame) or not _has("torch", frame.file)]
    if _has("another_kind", code) or (others and not _own(others[-1])):
        return "elsewhere"
    if own and _has("states", f"{code}\n{_words(own[-1])}"):
        return "lstm"
    return "silent" if any(frame.code and frame.file for frame in own) else "none"
