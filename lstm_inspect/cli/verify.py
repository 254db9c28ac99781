"""lstm-inspect verify"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from lstm_inspect.cli import streams
from lstm_inspect.cli.deliver import deliver
from lstm_inspect.cli.flags import Flag, Values, choice, command, switch, text
from lstm_inspect.cli.options import CHECK_FLAGS, JSON, RUN_FLAGS, checking_of
from lstm_inspect.errors import FileError, LSTMInspectError, SpecError
from lstm_inspect.theory.contract import to_json
from lstm_inspect.theory.dtypes import DTYPES
from lstm_inspect.theory.grid import BATCHES, GRIDS, Axes, size, specs
from lstm_inspect.theory.spec import STATES, LSTMSpec

if TYPE_CHECKING:
    from lstm_inspect.verdict.report import Report
    from lstm_inspect.verdict.survey import Survey

_Run: TypeAlias = "Callable[[LSTMSpec], Report]"
_GRID, _SPECS = "The grid", "Specs of your own"
_MOST_OF_A_LINE: Final = 1_000_001  # a line without an end would never be read
_A_SPEC: Final = '{"num_layers": 2}'

_on_or_off: Final = {"on": True, "off": False}.__getitem__
_kind_of_batch: Final = {name: name for name in BATCHES}.__getitem__
_AXES: Final[tuple[tuple[Flag, Callable[[str], Any]], ...]] = (
    (text(_GRID, "--layers", "--num-layers", help="L.", metavar="1,2,3"), int),
    (text(_GRID, "--bidir", "--bidirectional", help="Two directions, or one.", metavar="on,off"), _on_or_off),
    (text(_GRID, "--batch-first", help="(B, T, .), or (T, B, .).", metavar="on,off"), _on_or_off),
    (text(_GRID, "--bias", help="With bias, or without.", metavar="on,off"), _on_or_off),
    (text(_GRID, "--proj-size", help="P; H is 8.", metavar="0,4"), int),
    (text(_GRID, "--batch", help="Kinds of input.", metavar=",".join(BATCHES)), _kind_of_batch),
    (text(_GRID, "--state", help="What h0 and c0 hold.", metavar=",".join(STATES)), str),
    (text(_GRID, "--dtype", help="Dtypes.", metavar=",".join(DTYPES)), str),
)
_HOW: Final = (
    choice(_GRID, "--grid", help="Where the lists below are not given.", default="quick", choices=[*GRIDS]),
    *(flag for flag, _ in _AXES),
    text(_SPECS, "--specs", help="JSON Lines: one spec object per line, - for standard input.", metavar="FILE|-"),
    *(flag for flag in RUN_FLAGS if flag.name in ("device", "seed")),
    *(flag for flag in CHECK_FLAGS if flag.name != "predict"),
    switch("The run", "--fail-fast", help="Stop at the first spec that fails."),
    JSON,
)


@command(_HOW)
def verify(values: Values) -> int:
    """The proof over every structure: a grid of specs, or specs of your own.

    Example: lstm-inspect verify --grid full
    """
    checking = checking_of({**values, "predict": False})
    axes = _axes(values)
    from lstm_inspect.verdict.report import inspect

    run = partial(inspect, command="verify", **checking)
    if values["specs"] is not None:
        return _verify_lines(values, run)
    given = specs(axes, device=values["device"], seed=values["seed"])
    return deliver(_survey(map(run, given), values, size(axes)), values)


def _axes(values: Values) -> Axes:
    """The grid's axes: those of --grid, narrowed by the lists."""
    lists = {flag.name: _list(flag, parse, values[flag.name]) for flag, parse in _AXES if values[flag.name] is not None}
    return replace(GRIDS[values["grid"]], **lists)


def _list(flag: Flag, parse: Callable[[str], Any], typed: str) -> tuple[Any, ...]:
    try:
        return tuple(parse(each.strip()) for each in typed.split(","))
    except (ValueError, KeyError):
        allowed = f"values such as {flag.metavar}, separated by commas"
        raise SpecError(flag.name, repr(typed), allowed, f"{flag.typed[0]} {flag.metavar}") from None


def _survey(reports: Iterable[Report], values: Values, count: int | None) -> Survey:
    """Count reports up, with a progress bar where somebody looks."""
    from lstm_inspect.verdict.survey import Survey

    if sys.stderr is not None and sys.stderr.isatty():
        from rich.progress import track

        reports = track(reports, "verifying", count, console=streams.console(stderr=True), transient=True)
    found = Survey()
    for report in reports:
        found.add(report)
        if values["fail_fast"] and not found.verified:
            break
    return found


def _verify_lines(values: Values, run: _Run) -> int:
    """Specs as JSON Lines: with --json a report a line, as each is done; a bad line stops nothing."""
    bad: list[int] = []
    found = _survey(_reports(values, run, bad), values, None)
    if not found.total.specs and not bad:
        raise FileError("{specs}", values["specs"], "it holds no specs", f"a line such as {_A_SPEC}")
    if not values["json"] and found.total.specs:  # nothing is verified where no line could be read
        deliver(found, values)
    return streams.FAILED if not found.verified else streams.REFUSED if bad else streams.OK


def _reports(values: Values, run: _Run, bad: list[int]) -> Iterator[Report]:
    """The reports of the lines that are specs; the numbers of the others are kept in bad."""
    for number, line in enumerate(_lines(values["specs"]), start=1):
        if not line.strip():
            continue
        try:
            report = run(LSTMSpec.from_dict(_spec_object(line)))
        except LSTMInspectError as error:
            bad.append(number)
            streams.say(f"error: line {number}: {error}")
            continue
        if values["json"]:
            streams.write(to_json(replace(report, line=number).to_dict()))
        yield report


def _spec_object(line: str) -> dict[str, Any]:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise FileError("specs:", "not JSON", str(error), f"a line such as {_A_SPEC}") from None
    if not isinstance(values, dict):
        raise FileError("specs:", f"a JSON {type(values).__name__}", "a line holds one object", _A_SPEC)
    return values


def _lines(source: str) -> Iterator[str]:
    with streams.opened(source, "{specs}", f"a file of lines such as {_A_SPEC}") as file:
        while line := file.readline(_MOST_OF_A_LINE):
            if len(line) == _MOST_OF_A_LINE:
                raise ValueError(f"a line has more than {_MOST_OF_A_LINE - 1:,} characters, and no spec is as long")
            yield line
