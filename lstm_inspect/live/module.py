"""inspect_module: a live nn.LSTM and a real input, with every check."""

from __future__ import annotations

import torch

from lstm_inspect.errors import CallError
from lstm_inspect.experiment import devices
from lstm_inspect.live.call import as_torch_sorts, call, report_of
from lstm_inspect.live.spec_of import Input, State, see_that_dtypes_agree, see_that_weights_fit, spec_of_call
from lstm_inspect.live.untouched import takes_state, untouched
from lstm_inspect.verdict.guard import refuse_too_large_again
from lstm_inspect.verdict.report import Options, Report


def inspect_module(
    lstm: torch.nn.LSTM,
    input: Input,
    hx: State = None,
    *,
    reference: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    tf32: bool = False,
) -> Report:
    """Run a module of your own on an input of your own, and hold the call against what must come out.

    The module runs in eval mode and without gradients, by its forward alone: its hooks are not called.
    Afterwards its weights, gradients, mode, hooks and torch's random state are as they were.

    Args:
        lstm: an nn.LSTM, or one of a class derived from it, whose own forward is then what is checked.
        input: (T, B, I), (B, T, I) if the module is batch_first, (T, I), or a PackedSequence.
        hx: h0 (L*D, B, R) and c0 (L*D, B, H), without the batch axis if the input has none; zeros if left out.
        reference: whether the run is held against the equations in float64.
        rtol, atol: the tolerance of the inexact checks; the dtype's own where left out.
        tf32: whether cuDNN may use TF32 in float32.

    Raises:
        CallError: an argument's shape, dtype or device does not fit the module; torch was not called.
        RunError: torch can't run the call.
        MemoryNeedError: the checks need more memory than is free.

    >>> import torch
    >>> inspect_module(torch.nn.LSTM(4, 8, bidirectional=True), torch.randn(7, 2, 4)).verified
    True
    >>> inspect_module(torch.nn.LSTM(4, 8), torch.randn(7, 2, 5))
    Traceback (most recent call last):
    lstm_inspect.errors.CallError: input (7, 2, 5): axis 2 (I) must be 4. Try 4 features a step, or a module \
with input_size=5.
    """
    spec = spec_of_call(lstm, input, hx)
    see_that_dtypes_agree(lstm, input, hx)
    if hx is not None and not takes_state(lstm):
        name = f"{type(lstm).__qualname__}.forward"
        raise CallError("hx", "was given", f"{name} takes no state", "inspect_module(lstm, input)")
    refuse_too_large_again(spec, reference=reference)
    with devices.tf32(tf32, spec.device), untouched(lstm) as unhooked:
        see_that_weights_fit(unhooked, spec)
        made, sorted_anew = call(spec, unhooked, input, hx), as_torch_sorts(spec, input)
        again = made if sorted_anew is input else call(spec, unhooked, sorted_anew, hx)
        return report_of(spec, Options(reference=reference, rtol=rtol, atol=atol, tf32=tf32), made, again)
