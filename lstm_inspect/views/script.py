"""A spec as a Python script that builds, runs and asserts it: one to read, to run and to take along."""

import ast
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
_PACKING_IMPORTS: Final = "from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence"
_FURTHER: Final = "Padded further than the longest sequence"
_TENSORS: Final = {"input", "h0", "c0", "output", "hn", "cn", "lengths"}
_MAKERS: Final = {"torch.cat", "torch.stack", "torch.arange", "torch.argsort", "torch.tensor"}
_METHODS: Final = {"view", "reshape", "transpose", "detach", "new_full"}


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
    """The paragraphs of a script; each is a list of statements and comments."""

    def __init__(self, spec: LSTMSpec, *, annotated: bool) -> None:
        self.spec, self.annotated, self.theory = spec, annotated, worked_out(spec)
        self.claims = [claim for claim in claims(self.theory, reference=False) if claim.kind in _KINDS]
        device = {"cpu": "", "auto": ", device=device"}.get(spec.device, f', device="{spec.device}"')
        dtype = "" if spec.dtype == "float32" else f", dtype=torch.{spec.dtype}"
        self.options = dtype + device  # the arguments that put a tensor where the module is

    def source(self) -> str:
        imports = ["import torch", *([_PACKING_IMPORTS] if self.spec.lengths else [])]
        paragraphs = [self._opening(), imports, self._device(), self._module(), self._input(), self._state()]
        paragraphs += [self._call(), self._rows(), self._final_states(), *self._assertions(), self._pitfalls()]
        paragraphs.append(['print("output", tuple(output.shape), "hn", tuple(hn.shape), "cn", tuple(cn.shape))'])
        return "\n\n".join("\n".join(paragraph) for paragraph in paragraphs if paragraph) + "\n"

    def _note(self, text: str, *, hanging: str = "") -> list[str]:
        """A comment of the annotated style."""
        return wrapped(text, hanging=hanging) if self.annotated else []

    def _opening(self) -> list[str]:
        notes = ["What this LSTM takes and returns. The letters of the shapes:"]
        notes += [f"  {letter} = {size}: {LETTERS[letter].many}" for letter, size in sizes(self.spec).items()]
        notes += [f"Warning: {spell_arguments(warning.message)}." for warning in self.theory.warnings]
        return [line for note in notes for line in self._note(note)]

    def _device(self) -> list[str]:
        """The lines that choose the best device there is, where none is named; MPS has no float64."""
        lines = []
        if self.spec.device == "auto":
            lines += ['device = "cpu"', "if torch.cuda.is_available():", '    device = "cuda"']
            if self.spec.dtype != "float64":
                lines += ["elif torch.backends.mps.is_available():", '    device = "mps"']
        inexact = any(not claim.exact for claim in self.claims)
        if inexact and self.spec.dtype == "float32" and self.spec.device.startswith(("cuda", "auto")):
            lines += self._note("TF32, cuDNN's default, keeps 10 of float32's 23 bits: too few for the tolerance.")
            lines.append("torch.backends.cudnn.allow_tf32 = False")
        return lines

    def _module(self) -> list[str]:
        constructor = e.constructor(self.spec, "device" if self.spec.device == "auto" else None)
        lines = [f"torch.manual_seed({self.spec.seed})", lay_out(f"lstm = {constructor}")]
        if self.spec.dropout:
            lines += [*self._note("In training dropout would make every call another one."), "lstm.eval()"]
        return lines

    def _input(self) -> list[str]:
        spec = self.spec
        if spec.lengths is None:
            return [self._drawn("input", "randn")]
        layout = ", batch_first=True" if spec.batch_first else ""
        padding = f", padding_value={spec.padding_value!r}" if spec.padding_value else ""
        pad, longer = f"input = pad_sequence(sequences{layout}{padding})", spec.seq_len - max(spec.lengths)
        lines = [
            *self._note("The valid time steps of each sequence; pack_padded_sequence wants them on the CPU."),
            lay_out(f"lengths = torch.tensor({list(spec.lengths)})"),
            lay_out(
                f"sequences = [torch.randn(length, {spec.input_size}{self.options}) for length in lengths.tolist()]"
            ),
            *self._note("Every cell behind a sequence's end holds the padding value."),
        ]
        if longer:
            lines += [lay_out(pad), *self._note(f"{_FURTHER}, to total_length={spec.total_length}.")]
            behind = (0, 0, 0, longer) if spec.batch_first else (0, 0, 0, 0, 0, longer)
            pad = f"input = torch.nn.functional.pad(input, {behind}{padding.replace('padding_value', 'value')})"
        return [*lines, self._with_shape("input", pad)]

    def _state(self) -> list[str]:
        return [self._drawn(name, "zeros" if self.spec.state == "zeros" else "randn") for name in ("h0", "c0")]

    def _call(self) -> list[str]:
        if self.spec.lengths is None:
            return [lay_out(e.call(self.spec)), *self._shapes("output", "hn", "cn")]
        return [
            lay_out(f"packed_input = {e.pack_call(self.spec).removeprefix(_RNN)}"),
            *self._shapes("packed_input"),
            lay_out(e.call(self.spec)),
            *self._shapes("packed_output", "hn", "cn"),
            *self._unpack(),
            *self._shapes("output"),
        ]

    def _unpack(self) -> list[str]:
        packed, why = "packed_output", []
        if self.spec.device == "meta" and not self.spec.enforce_sorted:
            packed = "packed_output._replace(unsorted_indices=None)"
            why = wrapped("meta holds no numbers, so there is no order to bring back: torch would fail to")
        return [*why, lay_out(f"output, _ = {e.unpack_call(self.spec, packed).removeprefix(_RNN)}")]

    def _rows(self) -> list[str]:
        """Which row of hn and cn is what; the middle of many is left out."""
        if not self.annotated:
            return []
        from lstm_inspect.views.look import first_and_last  # loads rich, which nothing else here needs

        rows, cut = first_and_last(self.theory.states, whole=False)
        lines = wrapped(f"Row of hn and cn = layer * {self.spec.num_directions} + direction:")
        for place, row in enumerate(rows):
            after = "each sequence's last valid step" if row.time_step is None else f"time step {row.time_step}"
            lines += wrapped(f"  {row.row}: layer {row.layer} {row.direction}, after {after}", hanging="    ")
            lines += wrapped(f"     {row.hn} == {row.output}", hanging="       ") if row.output else []
            lines += wrapped(f"  ... {cut} more") if cut and place == len(rows) // 2 - 1 else []
        return lines

    def _final_states(self) -> list[str]:
        hidden = self.theory.tensors["output"].axes[-1]
        axes = ("batch_size", hidden) if self.spec.batched else (hidden,)
        shape = (*e.state_tail(self.spec)[:-1], self.spec.output_size)
        named = _shape_of(replace(self.theory.tensors["output"], axes=axes, shape=shape))
        return [
            *self._note("The last layer's final state as one vector per sequence: from hn, and from output."),
            commented(f"final_state = {e.final_state(self.spec)}", named),
            commented(f"final_state_from_output = {e.final_state_from_output(self.spec)}", named),
            *(["assert torch.equal(final_state, final_state_from_output)"] if self.spec.has_values else []),
        ]

    def _assertions(self) -> Iterator[list[str]]:
        """A paragraph for each kind of claim; what says the same twice is said once."""
        said = {f"shape-{name}" for name in self.theory.tensors}  # where the tensor is made
        for kind, title in _KINDS.items():
            whys: dict[str, str] = {}
            for claim in self.claims:
                if claim.kind == kind:
                    why = claim.why if self.annotated and claim.id not in said else ""
                    whys.setdefault(assertion(claim, tolerance_of(self.spec)), why)
            yield [*(self._note(title) if whys else []), *starmap(commented, whys.items())]

    def _pitfalls(self) -> list[str]:
        found = pitfalls(self.spec) if self.annotated else ()
        lines = wrapped("Pitfalls: they run, and are not what they seem.") if found else []
        for pitfall in found:
            lines += wrapped(f"  {pitfall.tempting} != {pitfall.instead}", hanging="    ")
            lines += wrapped(f"     {pitfall.why}", hanging="     ")
        return lines

    def _drawn(self, name: str, kind: str) -> str:
        sizes = ", ".join(map(str, self.theory.tensors[name].shape))
        return self._with_shape(name, f"{name} = torch.{kind}({sizes}{self.options})")

    def _with_shape(self, name: str, statement: str) -> str:
        return commented(statement, _shape_of(self.theory.tensors[name]))

    def _shapes(self, *names: str) -> list[str]:
        """A comment for each tensor that a statement gives: its shape and, annotated, its meaning."""
        lines = []
        for tensor in (self.theory.tensors[name] for name in names):
            lines += wrapped(f"{tensor.expression}: {_shape_of(tensor)}")
            lines += self._note(f"  {tensor.meaning.removeprefix(f'{tensor.expression}: ')}", hanging="  ")
        return lines


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
    sides = [ast.parse(side, mode="eval").body for side in (left, right)]
    literal = any(not any(isinstance(node, ast.Name) for node in ast.walk(side)) for side in sides)
    if claim.exact:
        if right == "None":
            return f"assert {left} is None"
        if literal:
            return f"assert {left} == {right}"
        if all(map(_is_tensor, sides)):
            return f"assert torch.equal({left}, {right})"
    allowed = "rtol=0, atol=0" if claim.exact else f"rtol={tolerance.rtol!r}, atol={tolerance.atol!r}"
    return f"torch.testing.assert_close({left}, {right}, {allowed})"


def _is_tensor(node: ast.expr) -> bool:
    """Whether an expression is sure to be one tensor, as far as its syntax tells."""
    match node:
        case ast.Name(id=name):
            return name in _TENSORS
        case ast.Subscript(value=value):
            return _is_tensor(value)
        case ast.Attribute(value=ast.Name(id="packed_input" | "packed_output"), attr="data" | "batch_sizes"):
            return True
        case ast.Call(func=ast.Attribute(value=value, attr=method) as function):
            return ast.unparse(function) in _MAKERS or (method in _METHODS and _is_tensor(value))
    return False
