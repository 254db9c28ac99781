"""A spec as a Python script that builds, runs and asserts it: one to read, to run and to take along."""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import starmap
from typing import Final

from lstm_inspect.errors import spell_arguments
from lstm_inspect.mistakes.pitfalls import pitfalls
from lstm_inspect.theory import expressions as e
from lstm_inspect.theory.claim import Claim
from lstm_inspect.theory.claims import claims, tolerance_of, worked_out
from lstm_inspect.theory.dtypes import Tolerance
from lstm_inspect.theory.letters import LETTERS, sizes
from lstm_inspect.theory.shapes import TensorReport, format_tuple
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.views.layout import commented, lay_out, wrapped

STYLES: Final = ("minimal", "annotated")

_KINDS: Final = {
    "shape": "Every shape.",
    "equality": "The same numbers in another place: equal to the bit.",
    "packing": "What packing does.",
}
"""The kinds of claims that a script asserts; the equations in float64 (kind "reference") stay in the program."""
_RNN: Final = "torch.nn.utils.rnn."
_LAST: Final = 'print("output", tuple(output.shape), "hn", tuple(hn.shape), "cn", tuple(cn.shape))'
_TENSOR: Final = re.compile(
    r"(input|h0|c0|output|hn|cn|lengths|packed_(in|out)put\.(data|batch_sizes))\b|torch\.(cat|stack|arange|argsort|tensor)\("
)
"""How an expression begins that gives one tensor, unless it ends as a list or as a shape."""


def script(spec: LSTMSpec, *, style: str = "minimal") -> str:
    """The source of a script for a spec, its long lines broken inside brackets.

    It ends with an AssertionError where a claim of kind shape, equality or packing does not hold.

    Args:
        spec: the LSTM and its batch.
        style: "minimal", or "annotated": comments say which row is what, why each assertion holds, and
            what only looks right.

    >>> print(script(LSTMSpec()).splitlines()[3])
    lstm = torch.nn.LSTM(10, 20)
    """
    return _Script(spec, annotated=style == "annotated").source()


class _Script:
    """The lines of a script, part by part; a paragraph ends where a part does."""

    def __init__(self, spec: LSTMSpec, *, annotated: bool) -> None:
        self.spec, self.annotated, self.theory = spec, annotated, worked_out(spec)
        self.claims = [claim for claim in claims(self.theory, reference=False) if claim.kind in _KINDS]
        device = {"cpu": "", "auto": ", device=device"}.get(spec.device, f', device="{spec.device}"')
        dtype = "" if spec.dtype == "float32" else f", dtype=torch.{spec.dtype}"
        self.options = dtype + device  # the arguments that put a tensor where the module is

    def source(self) -> str:
        parts = [self._opening(), self._imports(), self._device(), self._module(), self._input(), self._state()]
        parts += [self._call(), self._rows(), self._final_states(), *map(self._assertions, _KINDS), self._pitfalls()]
        paragraphs = filter(None, map("\n".join, [*parts, [_LAST]]))
        return "\n\n".join(paragraphs) + "\n"

    def _note(self, text: str, *, hanging: str = "") -> list[str]:
        return wrapped(text, hanging=hanging) if self.annotated else []

    def _opening(self) -> Iterator[str]:
        yield from self._note("What this LSTM takes and returns. The letters of the shapes:")
        for letter, size in sizes(self.spec).items():
            yield from self._note(f"  {letter} = {size}: {LETTERS[letter].many}")
        for warning in self.theory.warnings:
            yield from self._note(f"Warning: {spell_arguments(warning.message)}.")

    def _imports(self) -> Iterator[str]:
        yield "import torch"
        if self.spec.lengths:
            yield "from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence"

    def _device(self) -> Iterator[str]:
        """The lines that choose the best device there is, where none is named; MPS has no float64."""
        if self.spec.device == "auto":
            yield from ('device = "cpu"', "if torch.cuda.is_available():", '    device = "cuda"')
            if self.spec.dtype != "float64":
                yield from ("elif torch.backends.mps.is_available():", '    device = "mps"')
        inexact = any(not claim.exact for claim in self.claims)
        if inexact and self.spec.dtype == "float32" and self.spec.device.startswith(("cuda", "auto")):
            yield from self._note("TF32, cuDNN's default, keeps 10 of float32's 23 bits: too few for the tolerance.")
            yield "torch.backends.cudnn.allow_tf32 = False"

    def _module(self) -> Iterator[str]:
        yield f"torch.manual_seed({self.spec.seed})"
        yield lay_out(f"lstm = {e.constructor(self.spec, 'device' if self.spec.device == 'auto' else None)}")
        if self.spec.dropout:
            yield from self._note("In training dropout would make every call another one.")
            yield "lstm.eval()"

    def _input(self) -> Iterator[str]:
        spec = self.spec
        if spec.lengths is None:
            yield self._drawn("input", "randn")
            return
        yield from self._note("The valid time steps of each sequence; pack_padded_sequence wants them on the CPU.")
        yield lay_out(f"lengths = torch.tensor({list(spec.lengths)})")
        one = f"torch.randn(length, {spec.input_size}{self.options})"
        yield lay_out(f"sequences = [{one} for length in lengths.tolist()]")
        yield from self._note("Every cell behind a sequence's end holds the padding value.")
        layout = ", batch_first=True" if spec.batch_first else ""
        padding = f", padding_value={spec.padding_value!r}" if spec.padding_value else ""
        pad, longer = f"input = pad_sequence(sequences{layout}{padding})", spec.seq_len - max(spec.lengths)
        if longer:
            yield lay_out(pad)
            further = "Padded further than the longest sequence, to total_length"
            yield from self._note(f"{further}={spec.total_length}.")
            behind = (0, 0, 0, longer) if spec.batch_first else (0, 0, 0, 0, 0, longer)
            pad = f"input = torch.nn.functional.pad(input, {behind}{padding.replace('padding_value', 'value')})"
        yield self._with_shape("input", pad)

    def _state(self) -> Iterator[str]:
        yield from (self._drawn(name, "zeros" if self.spec.state == "zeros" else "randn") for name in ("h0", "c0"))

    def _call(self) -> Iterator[str]:
        packed = self.spec.lengths is not None
        if packed:
            yield lay_out(f"packed_input = {e.pack_call(self.spec).removeprefix(_RNN)}")
            yield from self._shape("packed_input")
        yield lay_out(e.call(self.spec))
        for name in ("packed_output" if packed else "output", "hn", "cn"):
            yield from self._shape(name)
        if packed:
            name = "packed_output"
            if self.spec.device == "meta" and not self.spec.enforce_sorted:
                name = "packed_output._replace(unsorted_indices=None)"
                yield from wrapped("meta holds no numbers, so there is no order to bring back: torch would fail to")
            yield lay_out(f"output, _ = {e.unpack_call(self.spec, name).removeprefix(_RNN)}")
            yield from self._shape("output")

    def _rows(self) -> Iterator[str]:
        """Which row of hn and cn is what; the middle of many is left out."""
        if not self.annotated:
            return
        from lstm_inspect.views.look import first_and_last  # loads rich, which nothing else here needs

        rows, cut = first_and_last(self.theory.states, whole=False)
        yield from wrapped(f"Row of hn and cn = layer * {self.spec.num_directions} + direction:")
        for place, row in enumerate(rows):
            after = "each sequence's last valid step" if row.time_step is None else f"time step {row.time_step}"
            yield from wrapped(f"  {row.row}: layer {row.layer} {row.direction}, after {after}", hanging="    ")
            yield from wrapped(f"     {row.hn} == {row.output}", hanging="       ") if row.output else ()
            yield from wrapped(f"  ... {cut} more") if cut and place == len(rows) // 2 - 1 else ()

    def _final_states(self) -> Iterator[str]:
        output = self.theory.tensors["output"]
        axes = ("batch_size", output.axes[-1]) if self.spec.batched else output.axes[-1:]
        shape = (*e.state_tail(self.spec)[:-1], self.spec.output_size)
        named = _shape_of(replace(output, axes=axes, shape=shape))
        yield from self._note("The last layer's final state as one vector per sequence: from hn, and from output.")
        yield commented(f"final_state = {e.final_state(self.spec)}", named)
        yield commented(f"final_state_from_output = {e.final_state_from_output(self.spec)}", named)
        if self.spec.has_values:
            yield "assert torch.equal(final_state, final_state_from_output)"

    def _assertions(self, kind: str) -> Iterator[str]:
        """A kind of claims; what says the same twice is said once."""
        said = {f"shape-{name}" for name in self.theory.tensors}  # where the tensor is made
        whys: dict[str, str] = {}
        for claim in self.claims:
            if claim.kind == kind:
                why = claim.why if self.annotated and claim.id not in said else ""
                whys.setdefault(assertion(claim, tolerance_of(self.spec)), why)
        yield from self._note(_KINDS[kind]) if whys else ()
        yield from starmap(commented, whys.items())

    def _pitfalls(self) -> Iterator[str]:
        found = pitfalls(self.spec) if self.annotated else ()
        yield from wrapped("Pitfalls: they run, and are not what they seem.") if found else ()
        for pitfall in found:
            yield from wrapped(f"  {pitfall.tempting} != {pitfall.instead}", hanging="    ")
            yield from wrapped(f"     {pitfall.why}", hanging="     ")

    def _drawn(self, name: str, kind: str) -> str:
        sizes = ", ".join(map(str, self.theory.tensors[name].shape))
        return self._with_shape(name, f"{name} = torch.{kind}({sizes}{self.options})")

    def _with_shape(self, name: str, statement: str) -> str:
        return commented(statement, _shape_of(self.theory.tensors[name]))

    def _shape(self, name: str) -> Iterator[str]:
        """A comment for a tensor that a statement gives: its shape and, annotated, its meaning."""
        tensor = self.theory.tensors[name]
        yield from wrapped(f"{tensor.expression}: {_shape_of(tensor)}")
        yield from self._note(f"  {tensor.meaning.removeprefix(f'{tensor.expression}: ')}", hanging="  ")


def _shape_of(tensor: TensorReport) -> str:
    return f"{tensor.formula} = {format_tuple(tensor.shape)}"


def assertion(claim: Claim, tolerance: Tolerance) -> str:
    """The statement that holds a claim's two expressions, as they stand, against each other.

    Exact claims are asserted to the bit and inexact ones within the tolerance. ``torch.equal`` takes
    tensors alone; tuples of them to any depth, PackedSequence and None go through ``assert_close``.

    >>> assertion(Claim("a", "equality", "hn[-1]", "output[-1]", ""), Tolerance())
    'assert torch.equal(hn[-1], output[-1])'
    >>> assertion(Claim("b", "shape", "hn.shape", "(1, 3, 20)", ""), Tolerance())
    'assert hn.shape == (1, 3, 20)'
    >>> assertion(Claim("c", "equality", "(output, (hn, cn))", "lstm(input)", ""), Tolerance())
    'torch.testing.assert_close((output, (hn, cn)), lstm(input), rtol=0, atol=0)'
    """
    left, right = claim.left, claim.right
    if claim.exact:
        if right == "None":
            return f"assert {left} is None"
        if _is_literal(left) or _is_literal(right):
            return f"assert {left} == {right}"
        if all(_TENSOR.match(side) and not side.endswith((".tolist()", ".shape")) for side in (left, right)):
            return f"assert torch.equal({left}, {right})"
    allowed = "rtol=0, atol=0" if claim.exact else f"rtol={tolerance.rtol!r}, atol={tolerance.atol!r}"
    return f"torch.testing.assert_close({left}, {right}, {allowed})"


def _is_literal(expression: str) -> bool:
    return not any(isinstance(node, ast.Name) for node in ast.walk(ast.parse(expression)))
