"""The mistakes that the tables of rules carry, made: what torch says, and whether the line to write mends them."""

from __future__ import annotations

import ast
import contextlib
import copy
import functools
import io
import linecache
import os
import tomllib
import traceback
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Optional

import torch
from torch import Tensor, nn
from torch.nn.utils import rnn

from lstm_inspect.diagnosis import diagnose as diagnosis
from lstm_inspect.diagnosis.diagnose import diagnose
from lstm_inspect.diagnosis.finding import Diagnosis
from lstm_inspect.diagnosis.known import Known
from lstm_inspect.diagnosis.names import Names, facts_of
from lstm_inspect.diagnosis.rule import Cause, Rule, rules
from lstm_inspect.diagnosis.text import windows

FILE = "lstm_net.py"
CASES = [(rule, cause) for rule in rules() for cause in rule.causes]


class Far(torch.Tensor):
    """Numbers on another device, for a machine that has none: nothing here takes them before they are moved."""

    @classmethod
    def __torch_function__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if function in (torch.Tensor.to, torch.Tensor.cpu):
            return args[0].as_subclass(torch.Tensor)
        told = function in (torch.Tensor.dim, torch.Tensor.size, torch.Tensor.is_floating_point)
        if not told and getattr(function, "__name__", "") != "__get__":
            raise RuntimeError("Expected all tensors to be on the same device")
        return super().__torch_function__(function, types, args, kwargs)  # type: ignore[no-untyped-call]


def far(tensor: Tensor) -> Tensor:
    """A tensor with its numbers on another device."""
    return tensor.as_subclass(Far)


def by_steps(cell: nn.LSTMCell, input: Tensor) -> tuple[Tensor, Tensor]:
    """The states after all steps of an input, (T, B, I), by the cell alone."""
    states: tuple[Tensor, Tensor] = cell(input[0])
    for step in input[1:]:
        states = cell(step, states)
    return states


def cast() -> dict[str, Any]:
    """What stands on the stage before a mistake is made: sizes, modules and tensors by their usual names."""
    torch.manual_seed(0)
    functions = {name: getattr(rnn, name) for name in rnn.__all__} | {"randn": torch.randn, "zeros": torch.zeros}
    names = {"LSTM": nn.LSTM, "LSTMCell": nn.LSTMCell, "Linear": nn.Linear, "io": io, "copy": copy, "os": os}
    short = {"pack": rnn.pack_padded_sequence, "unpack": rnn.pad_packed_sequence, "torch": torch}
    helpers = {"far": far, "by_steps": by_steps, "stand_in": SimpleNamespace, "Optional": Optional, "Tuple": tuple}
    told = {"raised": "", "printed": "", "__name__": "lstm_net"}
    sizes = {"input_size": 3, "hidden_size": 4, "num_layers": 1, "num_directions": 1, "batch_size": 2, "seq_len": 5}
    modules = {"lstm": nn.LSTM(3, 4), "cell": nn.LSTMCell(3, 4), "linear": nn.Linear(4, 2)}
    input = torch.randn(5, 2, 3)
    tensors = {"input": input, "h0": torch.zeros(1, 2, 4), "c0": torch.zeros(1, 2, 4)}
    packed = {"lengths": [3, 5], "packed_input": rnn.pack_padded_sequence(input, torch.tensor([5, 3]))}
    others = {"criterion": nn.CrossEntropyLoss(), "sequences": [torch.randn(5, 3), torch.randn(3, 3)]}
    parts = (functions, names, short, helpers, told, sizes, modules, tensors, packed, others)
    return {name: value for part in parts for name, value in part.items()} | {"num_embeddings": 9}


def halves(code: str) -> tuple[str, str]:
    """The statements before the last one, and the last one."""
    body = ast.parse(code).body
    last = body[-1].lineno - 1
    lines = code.splitlines()
    return "\n".join(lines[:last]), "\n".join(lines[last:])


def said(cause: Cause) -> str:
    """What torch says to the mistake, with the traceback that leads to it; its warning where it goes on."""
    code = f"def forward(self):\n    pass\n{cause.makes}\n"
    linecache.cache[FILE] = (len(code), None, code.splitlines(keepends=True), FILE)
    torch.set_warn_always(True)  # else torch says some things once in a process
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            exec(compile(code, FILE, "exec"), cast())
        except Exception:
            return traceback.format_exc()
        finally:
            torch.set_warn_always(False)
    assert caught, "torch accepts this by now"
    return "\n".join(f"{each.category.__name__}: {each.message}" for each in caught)


@functools.cache
def message_of(rule: str, cause: str) -> str:
    """The text that a case hands to diagnose."""
    found = next(each for owner, each in CASES if (owner.id, each.id) == (rule, cause))
    return found.says or said(found)


def known_as(facts: Mapping[str, Any]) -> Known:
    values: dict[str, Any] = {name: tuple(v) if isinstance(v, list | tuple) else v for name, v in facts.items()}
    return Known(**values)


def known_of(cause: Cause) -> Known:
    return known_as(cause.known)


def diagnosed(rule: Rule, cause: Cause) -> Diagnosis:
    return diagnose(message_of(rule.id, cause.id), known_of(cause))


def ids(found: Diagnosis) -> list[str]:
    return [each.id for each in (found.causes or found.if_lstm)]


def line_of(rule: Rule, cause: Cause) -> str:
    """The line to write that diagnose gives for a case."""
    found = diagnosed(rule, cause)
    return next(each.fix for each in (found.causes or found.if_lstm) if each.id == cause.id)


@dataclass(frozen=True)
class Mended:
    """How a case ends with a line written: what was raised, and whether what was meant holds."""

    error: str
    holds: bool


def made_alone(line: str) -> set[str]:
    """The names that a line gives and does not use: they must come from it alone."""
    names = [node for node in ast.walk(ast.parse(line)) if isinstance(node, ast.Name)]
    used = {node.id for node in names if isinstance(node.ctx, ast.Load)}
    return {node.id for node in names if isinstance(node.ctx, ast.Store)} - used


def mended(cause: Cause, line: str, right: str = "") -> Mended:
    """Make the mistake up to its last statement, write a line, and make the call again.

    Args:
        line: what is written.
        right: the line that should have been written, if that is another.
    """
    before, call = halves(cause.makes)
    names = cast()
    again = call if cause.again is None else cause.again
    with warnings.catch_warnings(), packed_checked():
        warnings.simplefilter("ignore")
        try:
            exec(f"{before}\n{opening(cause.first)[0]}", names)
            for made_anew in made_alone(right or line):
                names.pop(made_anew, None)
            if not written(cause, line, names):
                exec(again, names)
            return Mended("", bool(eval(cause.meant, names)))
        except Exception as error:
            return Mended(f"{type(error).__name__}: {error}", holds=False)
        finally:
            torch.backends.mkldnn.set_flags(True)  # type: ignore[no-untyped-call]


def opening(first: str) -> tuple[str, str]:
    """The statements before a line, and those that the line is the end of: a function whose last line it is."""
    before, _, function = first.rpartition("def ")
    return (before, f"def {function}\n    ") if function != first or before else (first, "")


def written(cause: Cause, line: str, names: dict[str, Any]) -> bool:
    """Run a line; whether it refused to go on, in its own words, which stand in ``raised`` as what it printed does."""
    out, names["line"] = io.StringIO(), line.partition("  # ")[0]
    code = f"{opening(cause.first)[1]}{line}"
    with contextlib.redirect_stdout(out):
        try:
            exec(code, names)
        except (AssertionError, ValueError) as error:
            names["raised"] = f"{type(error).__name__}: {error}"
    names["printed"] = out.getvalue()
    return bool(names["raised"])


@contextlib.contextmanager
def packed_checked() -> Iterator[None]:
    """Packed input held to what torch does not check: with wrong states it may read what is not theirs."""

    def check(module: nn.Module, args: tuple[Any, ...]) -> None:
        if not (isinstance(module, nn.LSTM) and isinstance(args[0], rnn.PackedSequence)):
            return
        data, batch_sizes = args[0].data, args[0].batch_sizes
        assert data.shape == (int(batch_sizes.sum()), module.input_size)
        rows, width = module.num_layers * (1 + module.bidirectional), module.proj_size or module.hidden_size
        for state, last in zip(args[1] if len(args) > 1 else (), (width, module.hidden_size), strict=False):
            assert tuple(state.shape) == (rows, int(batch_sizes[0]), last)

    handle = nn.modules.module.register_module_forward_pre_hook(check)
    try:
        yield
    finally:
        handle.remove()


def matched(rule: Rule, text: str, known: Known) -> diagnosis.Match | None:
    """What one rule alone makes of a text."""
    return diagnosis.match_in(next(windows(text)), rule, facts_of(known))


def conditions(cause: Cause) -> list[tuple[str, int, str]]:
    """Every condition of a cause: its field, its place there, and itself."""
    several = [(name, place, each) for name in ("only", "sure") for place, each in enumerate(getattr(cause, name))]
    return [*several, ("when", 0, cause.when)] if cause.when != "None" else several


def alternatives(names: Mapping[str, str | Sequence[str]]) -> list[tuple[str, str]]:
    """Each expression of each name of a table."""
    several = ((name, (given,) if isinstance(given, str) else given) for name, given in names.items())
    return [(name, expression) for name, expressions in several for expression in expressions]


def with_one_turned_round(
    names: Mapping[str, str | Sequence[str]], name: str, expression: str
) -> dict[str, str | Sequence[str]]:
    """A table of names with one expression turned into its opposite."""
    several = [each for word, each in alternatives(names) if word == name]
    return {**names, name: [f"not ({each})" if each == expression else each for each in several]}


def turned_round(cause: Cause, field: str, place: int, condition: str) -> Cause:
    """A cause with one condition turned into its opposite."""
    opposite = f"not ({condition})"
    if field == "when":
        return replace(cause, when=opposite)
    several = getattr(cause, field)
    turned: dict[str, Any] = {field: (*several[:place], opposite, *several[place + 1 :])}
    return replace(cause, **turned)


@dataclass(frozen=True)
class Decided:
    """What the conditions of a rule say in one case: the causes in order, each with its decision."""

    causes: tuple[tuple[str, bool | None], ...]

    @property
    def order(self) -> list[str]:
        return [name for name, _ in self.causes]


def decided(rule: Rule, names: Names) -> Decided:
    return Decided(tuple((cause.id, sure) for cause, sure in diagnosis.Match(rule, names).causes))


@dataclass(frozen=True)
class Expect:
    """What a case asks of the causes: those that come first, those that are sure or ruled out."""

    first: tuple[str, ...] = ()
    sure: tuple[str, ...] = ()
    ruled_out: tuple[str, ...] = ()

    def met_by(self, found: Decided) -> bool:
        order = found.order
        return (
            order[: len(self.first)] == list(self.first)
            and all((name, True) in found.causes for name in self.sure)
            and not set(self.ruled_out) & set(order)
        )


def more_cases() -> list[tuple[str, str, Known, Expect]]:
    """The rows of decided.toml: the rule, the text, what is known, and what is asked."""
    rows = tomllib.loads((Path(__file__).parent / "decided.toml").read_text(encoding="utf-8"))["decided"]
    return [(row["rule"], row["text"], known_as(row.get("known", {})), _asked(row)) for row in rows]


def _asked(row: Mapping[str, Any]) -> Expect:
    first, sure, ruled_out = (tuple(row.get(name, ())) for name in ("first", "sure", "ruled_out"))
    return Expect(first=first, sure=sure, ruled_out=ruled_out)


def cases_of(rule: Rule) -> list[tuple[Names, Expect]]:
    """Everything that the conditions of a rule are held against: each cause comes first in its own case."""
    own = [(message_of(rule.id, cause.id), known_of(cause), Expect(first=(cause.id,))) for cause in rule.causes]
    rows = [(text, known, asked) for name, text, known, asked in more_cases() if name == rule.id]
    found = [(matched(rule, text, known), asked) for text, known, asked in (*own, *rows)]
    return [(match.names if match else Names({}), asked) for match, asked in found]


def whose(rule: Rule, text: str) -> str:
    """Whose a text is by one rule alone: "ours", "perhaps", "other" or "nobody's"."""
    match = matched(rule, text, Known())
    return match.whose if match else "nobody's"


def claimed(rule: Rule) -> list[tuple[str, str]]:
    """Texts, and whose each is: the rule's own cases and their bare last lines, and the rows of claimed.toml."""
    own = [message_of(rule.id, cause.id) for cause in rule.causes]
    rows = tomllib.loads((Path(__file__).parent / "claimed.toml").read_text(encoding="utf-8"))["claimed"]
    texts = [*own, *(text.strip().splitlines()[-1] for text in own)]
    return [(text, whose(rule, text)) for text in texts] + [
        (row["text"], row["whose"]) for row in rows if row["rule"] == rule.id
    ]


def changed_lines(line: str) -> list[str]:
    """A line left out, and with one number or truth value turned into another, in every place."""
    tree = ast.parse(line)
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, int)]
    found = ["pass"]
    for node in constants:
        before: Any = node.value
        node.value = not before if isinstance(before, bool) else before + 1
        found.append(ast.unparse(tree))
        node.value = before
    return found
