"""--expect output=5,3,40: a shape that must come out, for one line in CI."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from lstm_inspect.cli import streams
from lstm_inspect.cli.flags import Values, texts
from lstm_inspect.cli.lengths import parse_shape
from lstm_inspect.errors import SpecError, literal
from lstm_inspect.theory.shapes import Shape, format_tuple
from lstm_inspect.theory.words import some

if TYPE_CHECKING:
    from lstm_inspect.live.report import Call
    from lstm_inspect.verdict.report import Report

EXPECT: Final = texts(
    "The report",
    "--expect",
    help="Exit 1 unless this tensor has this shape; it may be given several times.",
    metavar="output=5,3,40",
)
_MOST_NAMES: Final = 12


def expected_of(values: Values) -> dict[str, Shape]:
    """The shapes that a command line expects, by the tensor's name: read before anything runs.

    Raises:
        SpecError: one is no name and shape.

    >>> expected_of({"expect": ["output=5,3,40"]})
    {'output': (5, 3, 40)}
    """
    found: dict[str, Shape] = {}
    for text in values["expect"]:
        name, equals, sizes = text.rpartition("=")
        shape = parse_shape("expect", sizes) if equals else None
        if not name.strip() or shape is None:
            raise SpecError("expect", repr(text), "a tensor's name and its shape", "{expect=output=5,3,40}")
        found[name.strip()] = shape
    return found


def shapes_of(report: Report) -> dict[str, Shape]:
    """What each tensor of a call came out as; where nothing was run, what it must."""
    return {each.name: each.shape if each.actual is None else each.actual for each in report.tensors}


def shapes_of_calls(calls: Sequence[Call]) -> dict[str, Shape]:
    """The same of a model's calls, as ``module.tensor``; by the tensor's name alone where one module was called.

    Of a module's calls it is the first.
    """
    found: dict[str, Shape] = {}
    alone = len({call.name for call in calls}) == 1
    for call in calls:
        shapes = {} if call.report is None else shapes_of(call.report)
        if call.recurrent is not None:
            shapes = {each.name: each.shape for each in call.recurrent.tensors}
        for name, shape in shapes.items():
            found.setdefault(name if alone or not call.name else f"{call.name}.{name}", shape)
    return found


def hold(expected: Mapping[str, Shape], shapes: Mapping[str, Shape]) -> int:
    """The exit status of what was expected, held against what came; each difference is said on stderr.

    Raises:
        SpecError: something is expected that there is not.
    """
    status = streams.OK
    for name, shape in expected.items():
        if name not in shapes:
            names = some([literal(each) for each in shapes], _MOST_NAMES)
            close = next(iter(shapes), "output")
            raise SpecError("expect", literal(name), f"one of {names}", f"{{expect={close}=5,3,40}}")
        if shapes[name] != shape:
            streams.say(f"expected {name} {format_tuple(shape)}, and it is {format_tuple(shapes[name])}")
            status = streams.FAILED
    return status
