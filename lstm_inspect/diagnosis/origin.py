"""Where a message was raised: the frames around it, the user's own line, and whether an LSTM has to do with it.

Frames of Python, IPython and notebooks, pytest and pdb are read, with whatever a launcher or a logger puts before them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from lstm_inspect.theory.contract import written

Trace: TypeAlias = Literal["none", "lstm", "silent", "elsewhere"]

_MOST_OF_A_LINE: Final = 500
_MOST_LINES_BEFORE: Final = 60
_MOST_LINES_AFTER: Final = 8
_MOST_LINES_APART: Final = 14  # a notebook shows some lines around each frame

_FRAMES: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r'File "(?P<file>[^"]{1,300})", line (?P<line>\d{1,9})(?:, in (?P<function>[\w.<>]{1,100}))?',
        r'(?P<file>[^\s"]{1,300}\.py)", line (?P<line>\d{1,9})(?:, in (?P<function>[\w.<>]{1,100}))?',
        r"File (?P<file>[^\s:]{0,3}[^\s:]{1,300}\.pyx?):(?P<line>\d{1,9})(?:,? in (?P<function>[\w.<>]{1,100}))?",
        r"(?P<file>(?:Cell|Input) In ?\[\d{1,6}\])(?:, line (?P<line>\d{1,9}))?(?:, in (?P<function>[\w<>]{1,100}))?",
        r"^(?P<file><ipython-input-[^>\s]{1,100}>|\S{1,300}\.pyc?) in (?P<function>[\w<>]{1,100})\(",
        r"^(?:> )?(?P<file>\S{1,300}\.py)\((?P<line>\d{1,9})\)(?P<function>[\w<>]{1,100})\(\)",
        r"^(?P<file>[\w./\\~-]{1,300}\.py):(?P<line>\d{1,9}): (?:in (?P<function>\w{1,100})|\w{0,60}Error|Exception)",
        r"^(?P<file>[\w./\\~-]{1,300}[/\\][\w-]{1,100}\.py)$",
    )
)
_ARROW: Final = re.compile(r"^(?:-{1,6}>|>) ?(?P<line>\d{1,6})? ?(?P<code>.*)")
_QUOTED: Final = re.compile(r"[A-Za-z_][\w.\[\], ]{0,80} [+*-]?= .*\w\(.*[()\]]$")
_HEADER: Final = re.compile(r"Traceback \(most recent call last\)")
_ENDS: Final = re.compile(r"^(?:[\w.]{1,100}\.)?\w{0,60}(?:Error|Exception|Interrupt|Warning)\b(?!.*Traceback)")
_LIBRARY: Final = re.compile(
    r"(?:site|dist)-packages|[/\\]lib[/\\]python\d|[/\\]Lib[/\\]\w+\.py|^torch[/\\]|[/\\]torch[/\\](?:nn|utils|jit|onnx|"
    r"_|optim|autograd|cuda|serialization|functional|tensor)|^<(?:frozen|string|__array|eval)|[/\\]runpy\.py"
)
_PACKAGE: Final = re.compile(r"(?:site|dist)-packages[/\\](\w{1,60})[/\\]")
_TORCH: Final = re.compile(r"(?:^|[/\\])torch[/\\]|^<")
_FOLDERS: Final = re.compile(r".*[/\\]")

_RECURRENT: Final = re.compile(
    r"[Ll][Ss][Tt][Mm]|RNN|Rnn|(?<![aeo])rnn|(?i:(?<![a-z])(?:bi)?gru(?![a-z]{3})|pack_padded|pad_packed|packed_?(?:seq|emb)"
    r"|pack_sequence|pad_sequence|bptt|unpad_sequence)"
)
"""Words of recurrent layers and of packing; rnn is no part of learn, kernnet or the like."""
_STATES: Final = re.compile(
    r"(?i)\b[hc]_?[0n]\b|\bhx\b|\bh_(?:state|prev|t|n)\b|, ?hidden\b|\bhidden\[|(?:init|last|prev|encoder|decoder|"
    r"final|repackage)_?hidden\b|\bhidden_(?:cell|n)\b|\bhidden\.(?:cuda|detach_?|data|contiguous)\b|seq2seq"
)
_LAYER: Final = re.compile(r"[/\\]nn[/\\]modules[/\\](?!module|container)(\w+)\.py$")
_OTHER_LAYERS: Final = (
    "conv", "pooling", "transformer", "instancenorm", "upsampling", "pixelshuffle", "channelshuffle", "fold", "padding"
)  # fmt: skip
"""The files of torch.nn's layers that take images, grids or whole attention: nothing of an LSTM's goes into them."""
_ANOTHER_KIND: Final = re.compile(
    r"(?i)conv\d?d?[_(.]|conv\d|pool|upsampl|transformer|(?:loss|err|backward)_?[dg]\b|\b[dg]_?loss|discriminator|generator"
)
"""Layers of other kinds, and the losses of two models that train against each other."""


@written("file line function code")
@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of a traceback; what it does not show is None or empty."""

    file: str
    line: int | None = None
    function: str = ""
    code: str = ""

    @property
    def own(self) -> bool:
        """Whether it is the user's code and no library's.

        >>> Frame("/usr/lib/python3/dist-packages/torch/nn/modules/rnn.py").own, Frame("train.py").own
        (False, True)
        """
        return _LIBRARY.search(self.file) is None

    @property
    def words(self) -> str:
        """What it says: without its folders, whose names mean nothing, but for the package that it is of."""
        package = _PACKAGE.search(self.file)
        of = f"{package[1]} " if package else ""
        return f"{of}{_FOLDERS.sub('', self.file)} {self.function} {self.code}"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a message was raised.

    Attributes:
        frames: outermost first, as a traceback shows them.
        text: what the frames and the lines between them say, without folders.
        trace: "none" (no line of the user's code is shown), "lstm" (an LSTM or the packing is named), "elsewhere"
            (other code is, and no LSTM) or "silent" (neither).
    """

    frames: tuple[Frame, ...] = ()
    text: str = ""
    trace: Trace = "none"

    @property
    def user(self) -> Frame | None:
        """The innermost frame of the user's own code."""
        return next((frame for frame in reversed(self.frames) if frame.own and frame.file), None)

    @property
    def line(self) -> str | None:
        """The user's own line of code; None if none is shown."""
        return next((frame.code for frame in reversed(self.frames) if frame.own), None) or None

    @property
    def raised(self) -> str | None:
        """The line of code that raised it, whoever wrote it; None if none is shown."""
        return (self.frames[-1].code or None) if self.frames else None

    @property
    def in_torch(self) -> bool | None:
        """Whether a library's code raised it; None if no frame is shown."""
        return not self.frames[-1].own if self.frames else None


NOWHERE: Final = Origin()


def origin_of(lines: Sequence[str], at: int) -> Origin:
    """Where the message that begins in a line was raised.

    Args:
        lines: white space as single blanks, no empty ones.
        at: the message's line.

    >>> origin = origin_of(['File "net.py", line 8, in forward', "out = self.lstm(x)", "RuntimeError: .."], 2)
    >>> origin.user, origin.trace
    (Frame(file='net.py', line=8, function='forward', code='out = self.lstm(x)'), 'lstm')
    """
    before = [line[:_MOST_OF_A_LINE] for line in lines[_start(lines, at) : at]]
    own_line, after = lines[at][:_MOST_OF_A_LINE], []
    if not any(_frame_in(line) for line in before):
        after = [line[:_MOST_OF_A_LINE] for line in lines[at + 1 : at + 1 + _MOST_LINES_AFTER]]
    context = [*before, *after] if any(_frame_in(line) for line in [*before, *after]) else []
    frames = tuple(_frames(context or [own_line])) or tuple(_bare_code(lines[max(0, at - 1) : at]))
    return Origin(frames, *_what_it_says(context, frames)) if frames else NOWHERE


def _bare_code(before: Sequence[str]) -> Iterator[Frame]:
    """The line of code that stands alone before a message, as people quote it."""
    for line in before:
        found = _QUOTED.search(line[:_MOST_OF_A_LINE])
        if found:
            yield Frame("", code=found[0])


def _start(lines: Sequence[str], at: int) -> int:
    """The first line of the traceback that ends in a line: its header, or the first frame of an unbroken row."""
    start, apart = at, 0
    for number in range(at - 1, -1, -1):
        line = lines[number][:_MOST_OF_A_LINE]
        if _HEADER.search(line):
            return number
        if _frame_in(line):
            start, apart = number, 0
        elif _ENDS.search(line) or apart > _MOST_LINES_APART or at - number > _MOST_LINES_BEFORE:
            break
        apart += 1
    return start


def _frame_in(line: str) -> re.Match[str] | None:
    return next((found for pattern in _FRAMES if (found := pattern.search(line))), None)


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
        arrow = _ARROW.search(line)
        if arrow:
            return (int(arrow["line"]) if arrow["line"] else None), arrow["code"].strip()
    plain = [" ".join(line.split()[prefix:]) for line in lines[:1]]
    return None, next((line for line in plain if line and not _ENDS.search(line)), "")


def _what_it_says(context: Sequence[str], frames: Sequence[Frame]) -> tuple[str, Trace]:
    between = [line for line in context if not _frame_in(line)]
    text = "\n".join([*(frame.words for frame in frames), *between])
    own = [frame for frame in frames if frame.own]
    said = "\n".join(f"{frame.function} {frame.code}" for frame in own)
    if _in_another_layer(frames):
        return text, "elsewhere"
    if _RECURRENT.search("\n".join([said, *between, *(frame.words for frame in frames if frame not in own[:-1])])):
        return text, "lstm"
    if _ANOTHER_KIND.search(said) or _in_a_library(frames):
        return text, "elsewhere"
    if _STATES.search(said) or (own and _STATES.search(own[-1].words)):
        return text, "lstm"
    return text, "silent" if any(frame.code and frame.file for frame in own) else "none"


def _in_another_layer(frames: Sequence[Frame]) -> bool:
    """Whether the innermost of torch's layers is of another kind."""
    layers = [found[1] for frame in frames if (found := _LAYER.search(frame.file))]
    return bool(layers) and layers[-1] in _OTHER_LAYERS


def _in_a_library(frames: Sequence[Frame]) -> bool:
    """Whether the innermost code that is not torch's is another library's."""
    others = [frame for frame in frames if frame.own or not _TORCH.search(frame.file)]
    return bool(others) and not others[-1].own
