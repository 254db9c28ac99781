"""A spec as a Python script that builds, runs and asserts it: one to read, to run and to take along."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from lstm_inspect.errors import spell_arguments
from lstm_inspect.mistakes.pitfalls import pitfalls
from lstm_inspect.theory import expressions as e
from lstm_inspect.theory.claim import Claim, Pitfall
from lstm_inspect.theory.claims import claims
from lstm_inspect.theory.letters import LETTERS, sizes
from lstm_inspect.theory.shapes import TensorTheory, format_tuple
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.theory.states import StateRow
from lstm_inspect.theory.tolerance import tolerance_of
from lstm_inspect.theory.worked_out import worked_out
from lstm_inspect.views.layout import commented, lay_out, wrapped
from lstm_inspect.views.script.assertions import assertion

STYLES: Final = ("minimal", "annotated")

_KINDS: Final = {
    "shape": "Every shape.",
    "equality": "The same numbers in another place: equal to the bit.",
    "packing": "What packing does.",
}
"""The kinds of claims that a script asserts; the equations in float64 (kind "reference") stay in the program."""
_RNN: Final = "torch.nn.utils.rnn."
_PACKING_IMPORTS: Final = "from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence"


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
        self.spec, self.annotated = spec, annotated
        self.theory = worked_out(spec)
        self.tensors = self.theory.tensors
        self._shown = {f"shape-{name}" for name in self.tensors}  # said where the tensor is made
        self.claims = [claim for claim in claims(self.theory, reference=False) if claim.kind in _KINDS]

    def source(self) -> str:
        paragraphs = [self._opening(), self._imports(), self._device(), self._module(), self._input(), self._state()]
        paragraphs += [self._call(), self._rows(), self._final_states(), *self._assertions(), self._pitfalls()]
        paragraphs.append(['print("output", tuple(output.shape), "hn", tuple(hn.shape), "cn", tuple(cn.shape))'])
        return "\n\n".join("\n".join(paragraph) for paragraph in paragraphs if paragraph) + "\n"

    def _note(self, text: str, *, hanging: str = "") -> list[str]:
        """A comment of the annotated style."""
        return wrapped(text, hanging=hanging) if self.annotated else []

    def _opening(self) -> list[str]:
        notes = self._note("What this LSTM takes and returns. The letters of the shapes:")
        for letter, size in sizes(self.spec).items():
            notes += self._note(f"  {letter} = {size}: {LETTERS[letter].many}")
        for warning in self.theory.warnings:
            notes += self._note(f"Warning: {spell_arguments(warning.message)}.")
        return notes

    def _imports(self) -> list[str]:
        return ["import torch", *([_PACKING_IMPORTS] if self.spec.lengths else [])]

    def _device(self) -> list[str]:
        lines = list(_pick_device(self.spec)) if self.spec.device == "auto" else []
        inexact = any(not claim.exact for claim in self.claims)
        if inexact and self.spec.dtype == "float32" and self.spec.device.startswith(("cuda", "auto")):
            lines += self._note("TF32, cuDNN's default, keeps 10 of float32's 23 bits: too few for the tolerance.")
            lines.append("torch.backends.cudnn.allow_tf32 = False")
        return lines

    def _module(self) -> list[str]:
        constructor = e.constructor(self.spec, "device" if self.spec.device == "auto" else None)
        lines = [f"torch.manual_seed({self.spec.seed})", lay_out(f"lstm = {constructor}")]
        if self.spec.dropout:
            lines += [
                *self._note("In training dropout would make every call another one."),
                "lstm.eval()",
            ]
        return lines

    def _input(self) -> list[str]:
        if self.spec.lengths is not None:
            return self._padded_input(self.spec.lengths)
        return [self._with_shape("input", self._drawn("input", "randn"))]

    def _padded_input(self, lengths: Sequence[int]) -> list[str]:
        drawn = f"torch.randn(length, {self.spec.input_size}{self._options()})"
        return [
            *self._note("The valid time steps of each sequence; pack_padded_sequence wants them on the CPU."),
            lay_out(f"lengths = torch.tensor([{', '.join(map(str, lengths))}])"),
            lay_out(f"sequences = [{drawn} for length in lengths.tolist()]"),
            *self._note("Every cell behind a sequence's end holds the padding value."),
            *self._padding(max(lengths)),
        ]

    def _padding(self, longest: int) -> list[str]:
        spec = self.spec
        pad = f"pad_sequence(sequences{self._batch_first()}{self._padding_value()})"
        if spec.seq_len == longest:
            return [self._with_shape("input", f"input = {pad}")]
        behind = format_tuple((0, 0, *(() if spec.batch_first else (0, 0)), 0, spec.seq_len - longest))
        value = f", value={spec.padding_value!r}" if spec.padding_value else ""
        further = f"input = torch.nn.functional.pad(input, {behind}{value})"
        return [
            lay_out(f"input = {pad}"),
            *self._note(f"Padded further than the longest sequence, to total_length={spec.total_length}."),
            self._with_shape("input", further),
        ]

    def _state(self) -> list[str]:
        kind = "zeros" if self.spec.state == "zeros" else "randn"
        return [self._with_shape(name, self._drawn(name, kind)) for name in ("h0", "c0")]

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
        if self.spec.device != "meta" or self.spec.enforce_sorted:
            return [lay_out(f"output, _ = {e.unpack_call(self.spec).removeprefix(_RNN)}")]
        unpack = e.unpack_call(self.spec, "packed_output._replace(unsorted_indices=None)")
        why = "meta holds no numbers, so there is no order to bring back: torch would fail to"
        return [*wrapped(why), lay_out(f"output, _ = {unpack.removeprefix(_RNN)}")]

    def _rows(self) -> list[str]:
        """Which row of hn and cn is what; the middle of many is left out."""
        if not self.annotated:
            return []
        from lstm_inspect.views.look import first_and_last  # loads rich, which nothing else here needs

        rows, cut = first_and_last(self.theory.states, whole=False)
        lines = wrapped(f"Row of hn and cn = layer * {self.spec.num_directions} + direction:")
        for place, row in enumerate(rows):
            lines += _row(row)
            if cut and place == len(rows) // 2 - 1:
                lines += wrapped(f"  ... {cut} more")
        return lines

    def _final_states(self) -> list[str]:
        hidden = self.tensors["output"].axes[-1]
        axes = ("batch_size", hidden) if self.spec.batched else (hidden,)
        shape = (*e.state_tail(self.spec)[:-1], self.spec.output_size)
        named = _shape_of(TensorTheory("final_state", axes, shape, ""))
        return [
            *self._note("The last layer's final state as one vector per sequence: from hn, and from output."),
            commented(f"final_state = {e.final_state(self.spec)}", named),
            commented(f"final_state_from_output = {e.final_state_from_output(self.spec)}", named),
            *(["assert torch.equal(final_state, final_state_from_output)"] if self.spec.has_values else []),
        ]

    def _assertions(self) -> Iterator[list[str]]:
        """A paragraph for each kind of claim; what says the same twice is said once."""
        for kind, title in _KINDS.items():
            allowed = tolerance_of(self.spec)
            found: dict[str, Claim] = {}
            for claim in self.claims:
                if claim.kind == kind:
                    found.setdefault(assertion(claim, allowed), claim)
            paragraph = self._note(title) if found else []
            for statement, claim in found.items():
                why = claim.why if self.annotated and claim.id not in self._shown else ""
                paragraph.append(commented(statement, why))
            yield paragraph

    def _pitfalls(self) -> list[str]:
        found = pitfalls(self.spec) if self.annotated else ()
        lines = wrapped("Pitfalls: they run, and are not what they seem.") if found else []
        return [*lines, *(line for pitfall in found for line in _pitfall(pitfall))]

    def _drawn(self, name: str, kind: str) -> str:
        sizes = ", ".join(map(str, self.tensors[name].shape))
        return f"{name} = torch.{kind}({sizes}{self._options()})"

    def _options(self) -> str:
        """The arguments that put a tensor where the module is."""
        device = "device" if self.spec.device == "auto" else f'"{self.spec.device}"'
        dtype = f", dtype=torch.{self.spec.dtype}" if self.spec.dtype != "float32" else ""
        return dtype + (f", device={device}" if self.spec.device != "cpu" else "")

    def _batch_first(self) -> str:
        return ", batch_first=True" if self.spec.batch_first else ""

    def _padding_value(self) -> str:
        return f", padding_value={self.spec.padding_value!r}" if self.spec.padding_value else ""

    def _with_shape(self, name: str, statement: str) -> str:
        return commented(statement, _shape_of(self.tensors[name]))

    def _shapes(self, *names: str) -> list[str]:
        """A comment for each tensor that a statement gives: its shape and, annotated, its meaning."""
        lines = []
        for tensor in (self.tensors[name] for name in names):
            lines += wrapped(f"{tensor.expression}: {_shape_of(tensor)}")
            lines += self._note(f"  {tensor.meaning.removeprefix(f'{tensor.expression}: ')}", hanging="  ")
        return lines


def _shape_of(tensor: TensorTheory) -> str:
    return f"{tensor.formula} = {format_tuple(tensor.shape)}"


def _row(row: StateRow) -> list[str]:
    after = "each sequence's last valid step" if row.time_step is None else f"time step {row.time_step}"
    lines = wrapped(f"  {row.row}: layer {row.layer} {row.direction}, after {after}", hanging="    ")
    return lines + (wrapped(f"     {row.hn} == {row.output}", hanging="       ") if row.output else [])


def _pitfall(pitfall: Pitfall) -> list[str]:
    lines = wrapped(f"  {pitfall.tempting} != {pitfall.instead}", hanging="    ")
    return lines + wrapped(f"     {pitfall.why}", hanging="     ")


def _pick_device(spec: LSTMSpec) -> Iterator[str]:
    """The lines that choose the best device there is; MPS has no float64."""
    yield 'device = "cpu"'
    yield from ("if torch.cuda.is_available():", '    device = "cuda"')
    if spec.dtype != "float64":
        yield from ("elif torch.backends.mps.is_available():", '    device = "mps"')
