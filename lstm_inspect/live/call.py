"""inspect_module: a live nn.LSTM and a real input, with every check; a live call as a Run, and its report."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from lstm_inspect.errors import CallError, RunError, literal, spell_arguments
from lstm_inspect.experiment import devices
from lstm_inspect.experiment.run import Run, without_gradients
from lstm_inspect.live.judge import judged
from lstm_inspect.live.spec_of import Input, State, check_dtypes, check_weights, data_of, spec_of_call
from lstm_inspect.live.standin import aside, copy_of, takes_state, unhooked
from lstm_inspect.theory.claim import Claim
from lstm_inspect.theory.costs import need_again
from lstm_inspect.theory.dtypes import tolerance
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.theory.warnings import SpecWarning
from lstm_inspect.verdict.guard import refuse
from lstm_inspect.verdict.report import Options, Report, measured, predicted

DROPOUT: Final = "dropout-active"
"""The warning's id where dropout was at work in a call."""


def inspect_module(
    lstm: nn.LSTM,
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
    if hx is not None and not takes_state(lstm.forward):
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


def _as_they_were(lstm: nn.LSTM) -> AbstractContextManager[None]:
    """Leave torch's random numbers as they were, where a forward of the user's own may draw some.

    nn.LSTM's own draws none in eval mode, and then nothing is set: another thread may be drawing.
    """
    if type(lstm).forward is nn.LSTM.forward:
        return nullcontext()
    return torch.random.fork_rng(devices=[lstm.weight_ih_l0.device] if lstm.weight_ih_l0.is_cuda else [])


def call(spec: LSTMSpec, lstm: nn.LSTM, input: Input, hx: State) -> Run:
    """Call a live module, with the zeros written out where no state is given and all in the weights' dtype.

    Raises:
        RunError: torch can't run it.
        CallError: an overridden forward returns something else than an LSTM does.
    """
    dtype = getattr(torch, spec.dtype)
    input, hx = input.to(dtype), hx and (hx[0].to(dtype), hx[1].to(dtype))  # under autocast they may be of another
    try:
        results = lstm(input, hx or _zeros(spec, input))
    except (RuntimeError, TypeError, ValueError, MemoryError) as error:
        alone = "the same call alone: lstm(input, hx)"
        raise RunError("torch", "can't run this call", literal(str(error)), alone) from error
    return run_of(spec, lstm, input, hx, results)


def as_torch_sorts(spec: LSTMSpec, input: Input) -> Input:
    """The same sequences, equals in the order that torch sorts them in; the very input if they stand so already.

    A PackedSequence made by hand may have another order. In another row of a batch a sequence comes out
    the same to rounding alone, so what is called anew has to start from the same order.
    """
    if not isinstance(input, PackedSequence) or input.sorted_indices is None or input.sorted_indices.is_meta:
        return input
    lengths = torch.tensor(spec.lengths)
    if input.sorted_indices.tolist() == torch.argsort(lengths, descending=True).tolist():
        return input
    padded = _padded(spec, _detached(input))
    return pack_padded_sequence(padded, lengths, batch_first=spec.batch_first, enforce_sorted=False)


def _zeros(spec: LSTMSpec, input: Input) -> tuple[Tensor, Tensor]:
    like = data_of(input)
    rows = (spec.num_states,) if spec.batch_size is None else (spec.num_states, spec.batch_size)
    return like.new_zeros(*rows, spec.state_size), like.new_zeros(*rows, spec.hidden_size)


def run_of(spec: LSTMSpec, module: nn.RNNBase, input: Input, hx: Any, results: Any) -> Run:
    """A call that was made, of an nn.LSTM, nn.GRU or nn.RNN, as a Run: every tensor by the name that expressions use.

    Raises:
        CallError: the results are not (output, (hn, cn)) or (output, hn), output packed if and only if input is.
    """
    output, states = _results(module, results, PackedSequence if isinstance(input, PackedSequence) else Tensor)
    given = (hx,) if isinstance(hx, Tensor) else hx or _zeros(spec, input)
    states |= dict(zip(("h0", "c0"), given, strict=False))
    named = {name: state.detach() for name, state in states.items()}
    lstm: Any = module  # to whoever looks for weights: a GRU's are not asked for
    if not isinstance(input, PackedSequence):
        return Run(lstm, {"input": input.detach(), "output": output.detach(), **named})
    packed = {"packed_input": _detached(input), "packed_output": _detached(output)}
    padded = {name.removeprefix("packed_"): _padded(spec, each) for name, each in packed.items()}
    return Run(lstm, {**padded, **named, **packed, "lengths": torch.tensor(spec.lengths)})


def _results(module: nn.RNNBase, results: Any, form: type) -> tuple[Any, dict[str, Tensor]]:
    is_lstm = isinstance(module, nn.LSTM)
    match results:
        case (output, (Tensor() as hn, Tensor() as cn)) if is_lstm and isinstance(output, form):
            return output, {"hn": hn, "cn": cn}
        case (output, Tensor() as hn) if not is_lstm and isinstance(output, form):
            return output, {"hn": hn}
    who, what = ("an LSTM", "output, (hn, cn)") if is_lstm else ("it", "output, hn")
    allowed = f"{who} returns {what}, and output is a {form.__name__} here"
    came = f"returned a {type(results).__name__}"
    raise CallError(f"{module.__class__.__qualname__}.forward", came, allowed, f"return {what}")


def _detached(packed: PackedSequence) -> PackedSequence:
    return packed._replace(data=packed.data.detach())


def _padded(spec: LSTMSpec, packed: PackedSequence) -> Tensor:
    return pad_packed_sequence(packed, batch_first=spec.batch_first)[0]


def report_of(
    spec: LSTMSpec, options: Options, run: Run, *, computed_in: str, warnings: Sequence[SpecWarning] = ()
) -> Report:
    """The report of a live call.

    Args:
        spec: of the call.
        options: how it is checked; tolerances that are left out are those of the dtype that it computed in.
        run: the call itself; what one call's tensors say of each other is checked on it. Its ``again`` is the
            same call in eval mode without gradients, where what calls the module anew has to start from that
            one, because a call for gradients may run another kernel. Where dropout was at work in the call,
            the equations are held against it too.
        computed_in: the dtype that the results must have: the weights', or autocast's under it.
        warnings: to stand in the report beside the spec's own.
    """
    report = predicted(spec, "model", _tolerances(options, computed_in, spec))
    said = [replace(warning, message=spell_arguments(warning.message)) for warning in (*report.warnings, *warnings)]
    checks, equations = [*report.checks, *dtype_checks(computed_in)], run
    if any(warning.id == DROPOUT for warning in warnings):
        checks, equations = [_without_dropout(check) for check in checks], run.again or run
    found = measured(replace(report, checks=checks, warnings=said), run, aside)
    not_there = {"h0", "c0"} if spec.state == "zeros" else set()  # zeros that nobody gave were not measured
    not_there |= {"input", "output"} if spec.lengths is not None else set()  # the padded form of a packed call
    tensors = [replace(each, actual=None) if each.name in not_there else each for each in found.tensors]
    return judged(replace(found, tensors=tensors), equations)


def dtype_checks(dtype: str, names: Sequence[str] = ("output", "hn", "cn")) -> list[Claim]:
    """What sees that each result is of the dtype that the call computed in."""
    why = "a result is of the dtype that the call computes in"
    return [Claim(f"dtype-{name}", "shape", f"{name}.dtype", f"torch.{dtype}", why) for name in names]


def _without_dropout(check: Claim) -> Claim:
    """The equations know no dropout: they are held against the call that was made anew."""
    return replace(check, reruns=check.reruns or check.kind == "reference")


def _tolerances(options: Options, dtype: str, spec: LSTMSpec) -> Options:
    """Under autocast a call computes in another dtype than its weights', and is held to that one's tolerance."""
    if dtype == spec.dtype:
        return options
    default = tolerance(dtype)
    rtol = default.rtol if options.rtol is None else options.rtol
    return replace(options, rtol=rtol, atol=default.atol if options.atol is None else options.atol)
