"""What a model reads of its recurrent modules' results: every call of them followed through one call of the model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from lstm_inspect.live.addresses import KINDS, MOST_ELEMENTS, unique_places
from lstm_inspect.live.addresses_mode import Following, Here, Operation
from lstm_inspect.live.addresses_move import POOLS, REDUCES, Place, Trace, names, reduced_axes, tensors_in
from lstm_inspect.live.reads_rows import Rows, rows_of
from lstm_inspect.live.reads_said import expression_of
from lstm_inspect.live.spec_of import lengths_of_packed
from lstm_inspect.mistakes.addressed import findings_of
from lstm_inspect.mistakes.finding import Finding
from lstm_inspect.mistakes.read import Read, Role, Source

_RECURRENT: Final = names("lstm gru rnn_tanh rnn_relu lstm_cell gru_cell rnn_tanh_cell rnn_relu_cell")
_PRODUCTS: Final = names("linear matmul mm bmm addmm baddbmm __matmul__ bilinear result")
_MOST_EXPRESSIONS: Final = 4


@dataclass(slots=True)
class _Found:
    """What one reader has read at one line so far."""

    role: Role
    made: Place
    shape: tuple[int, ...]
    masked: bool
    places: list[Tensor] = field(default_factory=list)
    expressions: set[str | None] = field(default_factory=set)
    rows: Rows = field(default_factory=Rows)
    serials: set[int] = field(default_factory=set)


class Recorder:
    """Follows one call of a model: told of each call of a recurrent module, it yields what was read of them."""

    def __init__(self, names: dict[int, str]) -> None:
        self.following = Following(self._read)
        self._names = names
        self._found: dict[tuple[Any, ...], _Found] = {}

    def called(self, module: nn.RNNBase, call: int, results: Any) -> None:
        """Give the results of a call of a recurrent module their addresses."""
        output, states = results
        packed = isinstance(output, PackedSequence)
        source = source_of(module, self._names.get(id(module), ""), call, output)
        if source is None or any(each.is_meta or each.numel() > MOST_ELEMENTS for each in tensors_in(results)):
            self.following.lost.append(f"{self._names.get(id(module), '')}: not followed")
            return
        with torch._C.DisableTorchFunction():
            ledger = self.following.ledger
            number = ledger.add(source)
            states = states if isinstance(states, tuple) else (states,)
            if packed:
                order = None if output.sorted_indices is None else output.sorted_indices.tolist()
                self._give(output.data, ledger.packed(number, output.batch_sizes.tolist(), order))
            else:
                self._give(output, ledger.addresses(number, "output"))
            for kind, state in zip(KINDS[1:], states, strict=False):
                self._give(state, ledger.addresses(number, kind))

    def _give(self, tensor: Tensor, addresses: Tensor) -> None:
        if tensor.shape == addresses.shape:
            self.following.traces[tensor] = Trace((addresses.to(tensor.device),))

    def returned(self, results: Any) -> None:
        """What the model returns is read by whoever called it."""
        for place, tensor in enumerate(tensors_in(results)):
            trace = self.following.traces.get(tensor)
            if trace is not None:
                with torch._C.DisableTorchFunction():
                    self._read(Operation("result", (tensor,), {}, Here(trace.made, None, place)), tensor, trace)

    def _read(self, operation: Operation, tensor: Tensor, trace: Trace) -> None:
        ledger, here = self.following.ledger, operation.here
        role, axes = _use_of(operation, tensor)
        if ("rows", axes) not in trace.cache:
            trace.cache["rows", axes] = rows_of(ledger, trace.parts, axes)
            trace.cache["places"] = unique_places(ledger, trace.parts)
            trace.cache["modules"] = ledger.modules(trace.cache["places"])
        rows: Rows = trace.cache["rows", axes]
        role = role if role in ("features", "state") or rows.several_steps else "features"
        reader = None if here.module is None else (id(here.module), self._names.get(id(here.module)))
        place = next((place for place, each in enumerate(operation.args) if each is tensor), -1)
        key = (reader, operation.name, here.place, role, (here.instruction, place, trace.cache["modules"]))
        found = self._found.setdefault(key, _Found(role, trace.made, tuple(tensor.shape), trace.masked))
        found.places.append(trace.cache["places"])
        found.rows |= rows
        found.masked |= trace.masked
        found.serials.add(operation.serial)
        if len(found.serials) <= _MOST_EXPRESSIONS:
            if "expression" not in trace.cache:
                trace.cache["expression"] = expression_of(ledger, trace.parts)
            found.expressions.add(trace.cache["expression"])

    def reads(self) -> list[Read]:
        """Every read, by reader and by the call that is read, in the order of the first one."""
        return [read for key, found in self._found.items() for read in self._reads_of(key, found)]

    def traced(self, faults: Sequence[str] = ()) -> Traced:
        """The reads and the mistakes in them; where something could not be followed, what nobody reads is not told."""
        reads, lost = tuple(self.reads()), [*self.following.lost, *faults]
        found = findings_of(reads, all_seen=not lost)
        return Traced(reads, found, lost[0].strip().splitlines()[-1] if lost else None)

    def _reads_of(self, key: tuple[Any, ...], found: _Found) -> Iterator[Read]:
        reader, operation, place, role, _ = key
        ledger = self.following.ledger
        by_source = ledger.parts(torch.cat([each.cpu() for each in found.places]))
        for number, parts in by_source.items():
            source = ledger.sources[number]
            name = None if reader is None else reader[1]
            alike = all(torch.equal(each, found.places[0]) for each in found.places)
            expressions = found.expressions if alike and len(by_source) == len(found.expressions) == 1 else {None}
            yield Read(
                source=source, parts=parts, operation=operation, role=role, expression=next(iter(expressions)),
                reader=None if name is None or _holds(name, source.module) else name,
                file=place and place[0], line=place and place[1],
                made_file=found.made and found.made[0], made_line=found.made and found.made[1],
                shape=found.shape, times=len(found.serials), masked=found.masked,
                mixed=found.rows.mixed, interleaved=found.rows.interleaved, over_batch=found.rows.over_batch,
                joined=found.rows.joined,
            )  # fmt: skip


def _holds(outer: str, inner: str) -> bool:
    """Whether a module holds another: its own code is the code around it, no reader of its own."""
    return not outer or inner.startswith(f"{outer}.")


def _use_of(operation: Operation, tensor: Tensor) -> tuple[Role, tuple[int, ...] | None]:
    """What an operation reads a tensor for, and the axes that make one row of it; None where it has no rows."""
    name, args = operation.name, operation.args
    last = (tensor.dim() - 1,)
    if name in _RECURRENT:
        return "features" if args[0] is tensor else "state", last
    first = bool(args) and args[0] is tensor
    if name in REDUCES and first:
        axes = reduced_axes(args, operation.kwargs)
        return ("features", None) if len(axes) == tensor.dim() else (REDUCES[name], tuple({*axes, *last}))
    if name in POOLS and first:
        return POOLS[name], tuple({*last, *(() if tensor.dim() < 2 else (tensor.dim() - 2,))})
    if name in _PRODUCTS and not first and tensor.dim() > 1:
        return "features", (tensor.dim() - 2,)  # a product sums over the right one's axis before the last
    return "features", last if name in _PRODUCTS else None


def source_of(module: nn.RNNBase, name: str, call: int, output: Any) -> Source | None:
    """What a call was, as far as its results show; None if it can't be followed."""
    packed = isinstance(output, PackedSequence)
    if packed:
        lengths = lengths_of_packed(output)
        if lengths is None:
            return None
        batched = True
    else:
        batched = output.dim() == 3
        time = 1 if module.batch_first and batched else 0
        sequences = output.shape[1 - time] if batched else 1
        lengths = (output.shape[time],) * sequences
    kind = "LSTM" if isinstance(module, nn.LSTM) else "GRU" if isinstance(module, nn.GRU) else "RNN"
    size = module.proj_size or module.hidden_size
    return Source(
        name, call, kind, module.num_layers, 2 if module.bidirectional else 1, size, module.hidden_size, lengths,
        module.batch_first, batched, packed,
    ) if lengths else None  # fmt: skip


@dataclass(frozen=True, slots=True)
class Traced:
    """What was read in one call of a model.

    Attributes:
        reads: by reader.
        mistakes: in them.
        not_traced: why nothing, or not everything, was followed; None if all was.
    """

    reads: tuple[Read, ...] = ()
    mistakes: tuple[Finding, ...] = ()
    not_traced: str | None = None


def why_not_traced(model: nn.Module) -> str | None:
    """Why a model's operations can't be seen; None if they can.

    >>> why_not_traced(nn.Linear(1, 1))
    """
    for name, module in model.named_modules():
        who = f"{name} is" if name else "the model is"
        if isinstance(module, torch.jit.ScriptModule):
            return f"{who} TorchScript, whose operations can't be seen"
        if hasattr(module, "_orig_mod") or getattr(module, "_compiled_call_impl", None) is not None:
            return f"{who} compiled, and its operations can't be seen"
    return "torch transforms the call (vmap, grad)" if torch._C._functorch.peek_interpreter_stack() else None
