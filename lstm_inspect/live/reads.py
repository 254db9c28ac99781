"""What a model reads of its recurrent modules' results: every call of them followed through one call of the model."""

import threading
import weakref
from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import chain
from typing import Any, Final, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from lstm_inspect.errors import CallError
from lstm_inspect.live.addresses import KINDS, MOST_ELEMENTS, expression_of, places_in, rows_of
from lstm_inspect.live.following import Following, Operation, Trace, is_transformed, use_of
from lstm_inspect.live.seeing import SEQUENCES, Function, kind_of, seeing, surrounding, tensors_in
from lstm_inspect.live.spec_of import batch_of
from lstm_inspect.live.where import Line
from lstm_inspect.mistakes.addressed import findings_of, once
from lstm_inspect.mistakes.finding import Finding
from lstm_inspect.mistakes.read import Read, Rows, Source

_MOST_EXPRESSIONS: Final = 4
_MOST_FOLLOWED: Final = 16  # calls of a program's models
_MOST_ASKED: Final = 200  # calls of one module: after them nothing new is looked for, and a call costs nothing


class _Seen(NamedTuple):
    """One tensor that one operation read."""

    serial: int  #: of the operation.
    places: Tensor  #: that are in it.
    rows: Rows
    expression: str | None  #: that gives it; not asked for after the first few.
    shape: tuple[int, ...]
    made: Line | None
    masked: bool


class Recorder(Following):
    """Follows one call of a model: told of each call of a recurrent module, it yields what was read of them."""

    def __init__(self, names: dict[int, str]) -> None:
        super().__init__()
        self._names = names
        self._seen: dict[tuple[Any, ...], list[_Seen]] = {}

    def called(self, module: nn.RNNBase, call: int, results: Any) -> None:
        """Give the results of a call of a recurrent module their addresses."""
        output, states = results
        name, ledger = self._names.get(id(module), ""), self.ledger
        source = source_of(module, name, call, output)
        large = any(each.is_meta or each.numel() > MOST_ELEMENTS for each in tensors_in(results))
        if source is None or large or not ledger.has_room_for(source):
            self.lost.append(f"{name}: not followed")
            return
        with torch._C.DisableTorchFunction():
            number, packed = ledger.add(source), isinstance(output, PackedSequence)
            made = [ledger.packed(number, output) if packed else ledger.addresses(number, "output")]
            made += [ledger.addresses(number, kind) for kind in KINDS[1:]]
            tensors = [output.data if packed else output, *tensors_in(states)]
            for tensor, addresses in zip(tensors, made, strict=False):
                if tensor.shape == addresses.shape:
                    self.traces[tensor] = Trace((addresses.to(tensor.device),))

    def returned(self, results: Any) -> None:
        """What the model returns is read by whoever called it."""
        for place, tensor in enumerate(tensors_in(results)):
            trace = self.traces.get(tensor)
            if trace is not None:
                with torch._C.DisableTorchFunction():
                    self.read(Operation("result", (tensor,), line=trace.made, instruction=place), tensor, trace)

    def read(self, operation: Operation, tensor: Tensor, trace: Trace) -> None:
        """Keep what an operation reads, by the reader and its line."""
        ledger, cache = self.ledger, trace.cache
        role, axes = use_of(operation, tensor)
        if axes not in cache:
            places = places_in(trace.parts)
            modules = [ledger.sources[group.number].module for group in ledger.groups_of(places)]
            cache[axes] = places, tuple(dict.fromkeys(modules)), rows_of(ledger, trace.parts, axes)
        places, modules, rows = cache[axes]
        role = role if role in ("features", "state") or rows.several_steps else "features"
        module = operation.module
        reader = None if module is None else (id(module), self._names.get(id(module)))
        argument = next((place for place, each in enumerate(operation.args) if each is tensor), -1)
        key = reader, operation.name, operation.line, role, operation.instruction, argument, modules
        seen = self._seen.setdefault(key, [])
        if len(seen) < _MOST_EXPRESSIONS and "expression" not in cache:
            cache["expression"] = expression_of(ledger, trace.parts)
        shape, expression = tuple(tensor.shape), cache.get("expression")
        seen.append(_Seen(operation.serial, places, rows, expression, shape, trace.made, trace.masked))

    def reads(self) -> list[Read]:
        """What was read, by reader."""
        return [read for key, seen in self._seen.items() for read in self._reads_of(key, seen)]

    def _reads_of(self, key: tuple[Any, ...], seen: list[_Seen]) -> Iterator[Read]:
        """What one reader reads at one line, by the call that is read, in the order of the first one."""
        reader, operation, line, role, *_ = key
        first, name = seen[0], None if reader is None else reader[1]
        by_source = self.ledger.parts(torch.cat([each.places.cpu() for each in seen]))
        known = {each.expression for each in seen[:_MOST_EXPRESSIONS]}
        alike = len(by_source) == len(known) == 1 and all(torch.equal(each.places, first.places) for each in seen)
        for number, parts in by_source.items():
            source = self.ledger.sources[number]
            around = not name or source.module.startswith(f"{name}.")  # the code around it is no reader of its own
            yield Read(
                source=source,
                parts=parts,
                operation=operation,
                reader=None if around else name,
                role=role,
                file=line and line[0],
                line=line and line[1],
                made=first.made,
                expression=first.expression if alike else None,
                shape=first.shape,
                times=len({each.serial for each in seen}),
                masked=any(each.masked for each in seen),
                rows=Rows(*map(any, zip(*(each.rows for each in seen), strict=True))),
            )


def source_of(module: nn.RNNBase, name: str, call: int, output: Any) -> Source | None:
    """What a call was, as far as its results show; None if it can't be followed."""
    try:
        batch = batch_of(module, output)
    except CallError:
        return None
    batched = batch["batch_size"] is not None
    lengths = batch.get("lengths", (batch["seq_len"],) * (batch["batch_size"] if batched else 1))
    size, directions = module.proj_size or module.hidden_size, 2 if module.bidirectional else 1
    sizes = module.num_layers, directions, size, module.hidden_size, lengths
    return Source(name, call, kind_of(module), *sizes, module.batch_first, batched) if lengths else None


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
    return "torch transforms the call (vmap, grad)" if is_transformed() else None


class Tracer:
    """Follows the first outermost calls of each kind: module, shapes and mode.

    Args:
        model: whose recurrent modules are followed; those of whatever is called if None.

    Attributes:
        reads: what was read, call by call.
    """

    def __init__(self, model: nn.Module | None = None) -> None:
        self._model = model  # as long as it lives its modules' ids are theirs alone
        self._names = {} if model is None else {id(module): name for name, module in model.named_modules()}
        self._counts: Counter[weakref.ref[nn.Module]] = Counter()
        self._kinds: set[Hashable] = set()
        self._asked: Counter[weakref.ref[nn.Module]] = Counter()
        self._thread = threading.local()
        self._lost: list[str] = []
        self.faults: list[list[str]] = [[], []]
        self.reads: list[Read] = []
        self._found: list[Finding] = []

    @property
    def mistakes(self) -> tuple[Finding, ...]:
        """The mistakes in it, each place once."""
        return once(self._found)

    @property
    def not_traced(self) -> str | None:
        """Why something was not followed; None if nothing was left out."""
        return next((each.strip().splitlines()[-1] for each in chain(self._lost, *self.faults)), None)

    def after(self, module: nn.Module, args: Any, kwargs: Any, results: Any) -> None:
        """Follow the results of a call within a call that is followed."""
        recorder = getattr(self._thread, "recorder", None)
        if recorder is not None and isinstance(module, SEQUENCES):
            recorder.called(module, self._counts[weakref.ref(module)], results)
        self._counts[weakref.ref(module)] += 1

    def failed(self, module: nn.Module, *call: Any) -> None:
        """Count a call that raised."""
        self._counts[weakref.ref(module)] += 1

    def surround(self, module: nn.Module, args: Any, kwargs: Any) -> AbstractContextManager[Function] | None:
        """What stands around an outermost call: nothing if there is nothing to follow, or enough was."""
        here = weakref.ref(module)
        self._asked[here] += 1
        if self._asked[here] > _MOST_ASKED:
            return None
        kind = here, module.training, tuple(each.shape for each in tensors_in((args, kwargs)))
        if len(self._kinds) >= _MOST_FOLLOWED or kind in self._kinds:
            return None
        names = {id(each): name for name, each in module.named_modules()}
        followed = [each for each in module.modules() if isinstance(each, SEQUENCES)]
        if not followed or (self._names and not any(id(each) in self._names for each in followed)):
            self._asked[here] = _MOST_ASKED
            return None
        self._kinds.add(kind)
        bare = module is not self._model and type(module).forward in [each.forward for each in SEQUENCES]
        reason = "results that the program itself takes, outside any module" if bare else why_not_traced(module)
        if reason is not None:
            self._lost.append(reason)
            return None
        return self._follow(Recorder(names | self._names))

    @contextmanager
    def _follow(self, recorder: Recorder) -> Iterator[Function]:
        """Follow one call, whose results are told to what it gives."""
        self._thread.recorder = recorder
        try:
            with recorder:
                yield recorder.returned
        finally:
            self._thread.recorder = None
            reads, lost = recorder.reads(), recorder.lost
            self.reads += reads
            self._found += findings_of(reads, all_seen=not lost)
            self._lost += lost[:1]


@contextmanager
def following(tracer: Tracer) -> Iterator[Tracer]:
    """Follow what is read while the context lasts."""
    faults = tracer.faults
    with seeing(tracer.after, tracer.failed) as faults[0], surrounding(tracer.surround) as faults[1]:
        yield tracer
