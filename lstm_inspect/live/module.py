"""inspect_module: a live nn.LSTM and a real input, with every check."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace

import torch

from lstm_inspect.errors import CallError
from lstm_inspect.experiment import devices
from lstm_inspect.experiment.run import without_gradients
from lstm_inspect.live.call import as_torch_sorts, call, report_of
from lstm_inspect.live.spec_of import Input, State, check_dtypes, check_weights, spec_of_call
from lstm_inspect.live.standin import aside, copy_of, takes_state, unhooked
from lstm_inspect.theory.costs import need_again
from lstm_inspect.verdict.guard import refuse
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

    A copy of the module runs, in eval mode and without gradients, by its forward alone, without hooks. The copy
    shares the module's weights and nothing else; the module itself is not touched.

    Args:
        lstm: an nn.LSTM, or one of a class derived from it, whose own forward is then what is checked.
        input: (T, B, I), (B, T, I) if the module is batch_first, (T, I), or a PackedSequence.
        hx: h0 (L*D, B, R) and c0 (L*D, B, H), without the batch axis if the input has none; zeros if left out.
        reference, rtol, atol, tf32: as for ``inspect``.

    Raises:
        CallError: an argument does not fit the module, and torch was not called; or it can't be copied.
        RunError: torch can't run the call.
        MemoryNeedError: the checks need more memory than is free.

    >>> import torch
    >>> inspect_module(torch.nn.LSTM(4, 8, bidirectional=True), torch.randn(7, 2, 4)).verified
    True
    """
    spec = spec_of_call(lstm, input, hx)
    check_dtypes(lstm, input, hx)
    if hx is not None and not takes_state(lstm):
        allowed = f"{type(lstm).__qualname__}.forward takes no state"
        raise CallError("hx", "was given", allowed, "inspect_module(lstm, input)")
    refuse(need_again(spec, reference=reference))
    options = Options(reference=reference, rtol=rtol, atol=atol, tf32=tf32)
    with devices.tf32(tf32, spec.device):
        alone = unhooked(copy_of(lstm))
        with aside(), _as_they_were(lstm), without_gradients() if lstm.proj_size else nullcontext():
            check_weights(alone, spec)
            made, sorted_anew = call(spec, alone, input, hx), as_torch_sorts(spec, input)
            if sorted_anew is not input:
                made = replace(made, again=call(spec, alone, sorted_anew, hx))
            return report_of(spec, options, made, computed_in=spec.dtype)


@contextmanager
def _as_they_were(lstm: torch.nn.LSTM) -> Iterator[None]:
    """Leave torch's random numbers as they were, where a forward of the user's own may draw some.

    nn.LSTM's own draws none in eval mode, and then nothing is set: another thread may be drawing.
    """
    if type(lstm).forward is torch.nn.LSTM.forward:
        yield
        return
    with torch.random.fork_rng(devices=[lstm.weight_ih_l0.device] if lstm.weight_ih_l0.is_cuda else []):
        yield
