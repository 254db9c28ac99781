"""lstm-inspect verify"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TextIO

from lstm_inspect.cli import streams
from lstm_inspect.cli.deliver import deliver
from lstm_inspect.cli.flags import Flag, Values, command, switch, text
from lstm_inspect.cli.options import CHECK_FLAGS, JSON, RUN_FLAGS, checking_of
from lstm_inspect.errors import FileError, LSTMInspectError, SpecError
from lstm_inspect.theory.dtypes import DTYPES
from lstm_inspect.theory.grid import BATCHES, GRIDS, Axes, size, specs
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.theory.validation import STATES
from lstm_inspect.verdict.contract import to_json

if TYPE_CHECKING:
    from lstm_inspect.verdict.report import Report
    from lstm_inspect.verdict.survey import Survey

_GRID, _SPECS = "The grid", "Specs of your own"
_MOST_OF_A_LINE: Final = 1_000_001
_ON_OFF: Final = {"on": True, "off": False}

_AXES: Final[tuple[tuple[Flag, Callable[[str], Any]], ...]] = (
    (text(_GRID, "num_layers", "--layers", "--num-layers", help="L.", metavar="1,2,3"), int),
    (
        text(_GRID, "bidirectional", "--bidir", "--bidirectional", help="Two directions, or one.", metavar="on,off"),
        _ON_OFF.__getitem__,
    ),
    (
        text(_GRID, "batch_first", "--batch-first", help="(B, T, .), or (T, B, .).", metavar="on,off"),
        _ON_OFF.__getitem__,
    ),
    (text(_GRID, "bias", "--bias", help="With bias, or without.", metavar="on,off"), _ON_OFF.__getitem__),
    (text(_GRID, "proj_size", "--proj-size", help="P; H is 8.", metavar="0,4"), int),
    (text(_GRID, "batch", "--batch", help="Kinds of input.", metavar=",".join(BATCHES)), str),
    (text(_GRID, "state", "--state", help="What h0 and c0 hold.", metavar=",".join(STATES)), str),
    (text(_GRID, "dtype", "--dtype", help="Dtypes.", metavar=",".join(DTYPES)), str),
)
_DEVICE_AND_SEED: Final = tuple(flag for flag in RUN_FLAGS if flag.name in ("device", "seed"))
_HOW: Final = (
    text(
        _GRID, "grid", "--grid", help="Where the lists below are not given.", default="quick", metavar="|".join(GRIDS)
    ),
    *(flag for flag, _ in _AXES),
    text(
        _SPECS, "specs", "--specs", help="JSON Lines: one spec object per line, - for standard input.", metavar="FILE|-"
    ),
    *_DEVICE_AND_SEED,
    *(flag for flag in CHECK_FLAGS if flag.name != "predict"),
    switch("The run", "fail_fast", "--fail-fast", help="Stop at the first spec that fails."),
    JSON,
)


@command(_HOW)
def verify(values: Values) -> int:
    """The proof over every structure: a grid of specs, or specs of your own.

    Example: lstm-inspect verify --grid full
    """
    checking = checking_of({**values, "predict": False})
    if values["specs"] is not None:
        return _verify_lines(values, checking)
    axes = _axes(values)
    run = _runner(checking)
    found = _survey(
        (run(spec) for spec in specs(axes, device=values["device"], seed=values["seed"])), values, size(axes)
    )
    return deliver(found, values)


def _axes(values: Values) -> Axes:
    """The grid's axes: those of --grid, narrowed by the lists.

    Raises:
        SpecError: there is no such grid, or a list holds something else than it may.
    """
    if values["grid"] not in GRIDS:
        raise SpecError("grid", values["grid"], " or ".join(GRIDS), "{grid=quick}")
    grid = GRIDS[values["grid"]]
    lists = {flag.name: _list(flag, parse, values[flag.name]) for flag, parse in _AXES if values[flag.name] is not None}
    for name in set(lists.get("batch", ())) - set(BATCHES):
        raise SpecError("batch", name, f"of {', '.join(BATCHES)}", "{batch=batched}")
    return Axes(**{name: lists.get(name, getattr(grid, name)) for name in Axes.__slots__})


def _list(flag: Flag, parse: Callable[[str], Any], typed: str) -> tuple[Any, ...]:
    try:
        return tuple(parse(each.strip()) for each in typed.split(","))
    except (ValueError, KeyError):
        allowed = f"values such as {flag.metavar}, separated by commas"
        raise SpecError(flag.name, repr(typed), allowed, f"{flag.typed[0]} {flag.metavar}") from None


def _runner(checking: dict[str, Any]) -> Callable[[LSTMSpec], Report]:
    from lstm_inspect.verdict.report import inspect

    return lambda spec: inspect(spec, command="verify", **checking)


def _survey(reports: Iterable[Report], values: Values, count: int | None) -> Survey:
    """Count reports up, with a progress bar where somebody looks."""
    from lstm_inspect.verdict.survey import Survey

    found = Survey()
    with _progress(count) as advance:
        for report in reports:
            found.add(report)
            advance()
            if values["fail_fast"] and not found.verified:
                break
    return found


@contextmanager
def _progress(count: int | None) -> Iterator[Callable[[], None]]:
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.progress import Progress

    with Progress(console=streams.error_console(), transient=True) as progress:
        task = progress.add_task("verifying", total=count)
        yield lambda: progress.advance(task)


def _verify_lines(values: Values, checking: dict[str, Any]) -> int:
    """Specs as JSON Lines: with --json a report a line, as each is done; a bad line stops nothing.

    Raises:
        FileError: there is no line at all.
    """
    bad: list[int] = []
    reports = _reports(_lines(values["specs"]), _runner(checking), bad)
    if values["json"]:
        reports = _written(reports)
    found = _survey((report for _, report in reports), values, None)
    if not found.total.specs and not bad:
        raise FileError("{specs}", values["specs"], "it holds no specs", 'a line such as {"num_layers": 2}')
    if not values["json"] and found.total.specs:  # nothing is verified where no line could be read
        deliver(found, values)
    return streams.FAILED if not found.verified else streams.REFUSED if bad else streams.OK


def _written(reports: Iterable[tuple[int, Report]]) -> Iterator[tuple[int, Report]]:
    for line, report in reports:
        streams.write(to_json(replace(report, line=line).to_dict()))
        yield line, report


def _reports(lines: Iterable[str], run: Callable[[LSTMSpec], Report], bad: list[int]) -> Iterator[tuple[int, Report]]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield number, run(LSTMSpec.from_dict(_spec_object(line)))
        except LSTMInspectError as error:
            bad.append(number)
            streams.say(f"error: line {number}: {error}")


def _spec_object(line: str) -> dict[str, Any]:
    example = '{"num_layers": 2}'
    try:
        values = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise FileError("specs:", "not JSON", str(error), f"a line such as {example}") from None
    if not isinstance(values, dict):
        raise FileError("specs:", f"a JSON {type(values).__name__}", "a line holds one object", example)
    return values


def _lines(source: str) -> Iterator[str]:
    """The lines of a file or of standard input, one at a time.

    Raises:
        FileError: it can't be read.
    """
    if source == "-":
        yield from _read_lines(streams.piped_in("{specs=-}", "{specs=FILE}"))
        return
    try:
        with open(source, encoding="utf-8") as file:
            yield from _read_lines(file)
    except UnicodeDecodeError:
        raise FileError("{specs}", source, "it is binary, not text", "a file of JSON Lines") from None
    except OSError as error:
        raise FileError("{specs}", source, error.strerror or str(error), "a file that can be read") from None


def _read_lines(file: TextIO) -> Iterator[str]:
    """Its lines, as long as one can be a spec: a stream without an end of line never ends."""
    while line := file.readline(_MOST_OF_A_LINE):
        if len(line) == _MOST_OF_A_LINE:
            what = f"has a line of more than {_MOST_OF_A_LINE - 1:,} characters"
            raise FileError("{specs}", what, "no spec is as long", 'a line such as {"num_layers": 2}')
        yield line
