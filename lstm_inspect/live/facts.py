"""A call that torch refused, as diagnose's facts: the module's sizes and the shapes of its arguments."""

from typing import Any

from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from lstm_inspect.diagnosis.check_call import diagnose_call
from lstm_inspect.diagnosis.finding import Diagnosis
from lstm_inspect.diagnosis.known import Known
from lstm_inspect.errors import LSTMInspectError
from lstm_inspect.live.prove import arguments_of
from lstm_inspect.live.spec_of import lengths_of_packed, spec_of_module
from lstm_inspect.theory.expressions import PARAMETERS


def diagnosis_of(text: str, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Diagnosis | None:
    """What a message, or a traceback that ends with it, means of the call that raised it; None if nothing is known."""
    if not isinstance(module, nn.LSTM):
        return None
    found = diagnose_call(text, Known(**facts_of(module, args, kwargs)))
    return found if found.matched and found.kind != "trap" else None


def facts_of(lstm: nn.LSTM, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """What is known of a call, by the names of diagnose's facts."""
    facts: dict[str, Any] = {"lstm_call": True}
    try:
        module = spec_of_module(lstm)
    except LSTMInspectError:
        return facts
    facts |= {name: getattr(module, name) for name in (*PARAMETERS, "dtype", "device")}
    input, hx = arguments_of(args, kwargs)
    if isinstance(input, Tensor):
        facts["input_shape"] = tuple(input.shape)
    lengths = lengths_of_packed(input) if isinstance(input, PackedSequence) and input.data.dim() == 2 else None
    if lengths is not None:  # None where it contradicts itself
        lead = (len(lengths), max(lengths)) if module.batch_first else (max(lengths), len(lengths))
        facts |= {"input_shape": (*lead, input.data.shape[1]), "lengths": lengths}
        facts["enforce_sorted"] = input.sorted_indices is None
    if isinstance(hx, (tuple, list)) and len(hx) == 2:
        shapes = zip(("h0_shape", "c0_shape"), hx, strict=True)
        facts |= {name: tuple(state.shape) for name, state in shapes if isinstance(state, Tensor)}
    return facts
