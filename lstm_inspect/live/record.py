"""The observer of watch, run and model: calls folded by kind, the first of each kind proved, the others counted."""

import threading
import traceback
import weakref
from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from typing import Any, Final, cast

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from lstm_inspect.errors import CallError, LSTMInspectError, RunError, literal
from lstm_inspect.live.prove import arguments_of, prove, prove_recurrent
from lstm_inspect.live.report import Call, Calls, NotProved
from lstm_inspect.live.spec_of import NotCoveredError
from lstm_inspect.verdict.report import Options

_MOST_KINDS: Final = 16  # of one module: lengths that never repeat would be proved for ever
_MOST_PROOFS: Final = 256  # of one program
_MOST_SHOWN: Final = 300


@dataclass(slots=True)
class _Kind:
    """Calls of one module of the same shapes, mode and dtype."""

    call: Call | None  #: the first of them, not yet checked; None if the module is not watched.
    seen: int = 0  #: how many there were.
    due: list[int] = field(default_factory=list)  #: which of them, from 1, were to be proved.
    places: list[int] = field(default_factory=list)  #: where these stand in the list of calls.


class Recorder:
    """Told of calls by ``seeing``, it fills a list of them.

    Of a kind the first call is proved, and each so-many-th after it where ``every`` says so; ``find`` gives the
    call of a module that is being made, or None if nobody watches the module.
    """

    def __init__(self, calls: Calls, options: Options, every: int | None, find: Callable[..., Call | None]) -> None:
        self._calls, self._options, self._every, self._find = calls, options, every, find
        self._kinds: dict[Hashable, _Kind] = {}
        self._modules: dict[weakref.ref[nn.Module], list[int]] = {}  # calls and kinds of each
        self._lock = threading.Lock()

    def after(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], results: Any) -> None:
        """Prove a call that is the first of its kind, and count it."""
        kind, due = self._count(module, _kind_of(module, args, kwargs))
        if due is not None:
            self._add(kind, _checked(due, module, (*arguments_of(args, kwargs), results), self._options))

    def failed(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], error: Exception) -> None:
        """Record a call that torch refused, with what that means."""
        if type(error).__name__.startswith("_"):
            return  # torch leaves a computation that it makes anew, for a checkpoint: nothing has failed
        words = "".join(traceback.format_exception_only(error)).strip()
        kind, due = self._count(module, (_kind_of(module, args, kwargs), words))
        if due is not None:
            from lstm_inspect.live.facts import diagnosis_of  # the rules are wanted for a refused call alone

            found = diagnosis_of(words, module, args, kwargs)
            first_line = words.splitlines()[0][:_MOST_SHOWN]
            self._add(kind, replace(due, outcome="refused", error=first_line, diagnosis=found))

    def _count(self, module: nn.Module, key: Hashable) -> tuple[_Kind, Call | None]:
        """The kind of a call, and the call itself if it is to be proved."""
        with self._lock:
            counts = self._modules.setdefault(weakref.ref(module), [0, 0])
            counts[0] += 1
            kind = self._kinds.get(key)
            if kind is None:
                kind = self._kinds[key] = _Kind(self._find(module))
                counts[1] += 1
            kind.seen += 1
            if kind.call is None:
                return kind, None
            few = counts[1] <= _MOST_KINDS and len(self._calls) < _MOST_PROOFS
            again = self._every is not None and kind.places and (kind.seen - 1) % self._every == 0
            if not (few and isinstance(module, nn.RNNBase) and (kind.seen == 1 or again)):
                return kind, None
            kind.due.append(kind.seen)
            return kind, replace(kind.call, index=counts[0] - 1)

    def _add(self, kind: _Kind, call: Call) -> None:
        with self._lock:
            kind.places.append(len(self._calls))
            self._calls.append(call)

    def settle(self) -> None:
        """Write down how often each kind was called: the program is through."""
        counted: Counter[tuple[str, str]] = Counter()
        with self._lock:
            for kind in self._kinds.values():
                for place, first, after in zip(kind.places, kind.due, [*kind.due[1:], kind.seen + 1], strict=False):
                    self._calls[place] = replace(self._calls[place], times=after - first)
                if kind.call is not None and not kind.places:
                    counted[kind.call.name, kind.call.kind] += kind.seen
        self._calls.counted = [NotProved(*name, times) for name, times in counted.items()]


def _kind_of(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Hashable:
    """What makes two calls alike: module, shapes, packed or not, mode, gradients, dtype."""
    input, hx = arguments_of(args, kwargs)
    form: Hashable = None
    if isinstance(input, Tensor):
        form = input.shape, input.dtype
    elif isinstance(input, PackedSequence):  # their lengths are hardly ever the same
        form = "packed", input.data.shape[1:], input.data.dtype, input.sorted_indices is None
    modes = module.training, torch.is_grad_enabled(), torch._C._is_any_autocast_enabled()
    return weakref.ref(module), form, hx is None, modes


def _checked(call: Call, module: nn.Module, made: tuple[Any, Any, Any], options: Options) -> Call:
    """The call with its report, or with the reason why there is none."""
    outcome = "unchecked"
    try:
        if isinstance(module, nn.LSTM):
            return replace(call, report=prove(module, *made, options))
        return replace(call, recurrent=prove_recurrent(cast(nn.RNNBase, module), *made))
    except LSTMInspectError as refused:
        error = str(refused)
        if isinstance(refused, CallError) and not isinstance(refused, NotCoveredError):
            outcome = "misfit"
    except (RuntimeError, MemoryError) as failed:
        error = str(RunError("torch", "can't check this call", literal(str(failed)), "watch(model, reference=False)"))
    except Exception as fault:  # of ours: it is said, and the user's program goes on
        error = f"lstm-inspect failed here: {fault!r}"
    return replace(call, outcome=outcome, error=error)
