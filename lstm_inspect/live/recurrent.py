"""nn.GRU and nn.RNN: the same output and hn as an nn.LSTM, so the same shapes and equalities, without the equations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, cast

from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from lstm_inspect.errors import CallError
from lstm_inspect.experiment.run import Run
from lstm_inspect.experiment.verify import Verifier
from lstm_inspect.live.call import dtype_checks, unpacked
from lstm_inspect.live.prove import check_has_numbers, under
from lstm_inspect.live.report import Measured, RecurrentReport
from lstm_inspect.live.spec_of import batch_of
from lstm_inspect.live.standin import aside, standin_of, unhooked
from lstm_inspect.theory.claim import CheckResult, Claim
from lstm_inspect.theory.claims import claims
from lstm_inspect.theory.shapes import tensors
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.theory.worked_out import worked_out

_OF_AN_LSTM_ALONE: Final = re.compile(r"\b(c0|cn|lstm|reference)\b")


def prove_recurrent(module: nn.RNNBase, input: Any, hx: Tensor | None, results: Any) -> RecurrentReport:
    """The report of a call of an nn.GRU or nn.RNN that was just made.

    Raises:
        CallError: the results are not (output, hn).
        NotCoveredError: the call has no numbers to check.
    """
    check_has_numbers(input)
    computed_in = under(module, input).computed_in
    with aside():
        spec = _spec(module, input, hx)
        run = Run(unhooked(standin_of(module)), dict(_tensors(spec, module, input, hx, results)))
        output = run.tensor("output")
        weights = str(cast(Tensor, module._flat_weights[0]).dtype).removeprefix("torch.")
        came = str(output.dtype).removeprefix("torch.")
        dtype = came if came == computed_in else weights
        checks = [CheckResult(claim) for claim in _claims(spec)] + dtype_checks(dtype, ("output", "hn"))
        verifier = Verifier(run)
        found = [verifier.check(check.claim, check.tolerance) for check in checks]
    sizes = [Measured(name, tuple(run.tensor(name).shape)) for name in _shown(spec, hx)]
    return RecurrentReport(f"torch.nn.{_kind(module)}({module.extra_repr()})", sizes, found)


def _kind(module: nn.RNNBase) -> str:
    return next(kind.__name__ for kind in (nn.GRU, nn.RNN) if isinstance(module, kind))


def _spec(module: nn.RNNBase, input: Any, hx: Tensor | None) -> LSTMSpec:
    """The spec of an nn.LSTM of the same sizes."""
    sizes = {name: getattr(module, name) for name in ("input_size", "hidden_size", "num_layers", "batch_first")}
    spec = LSTMSpec(**sizes, bidirectional=module.bidirectional, state="zeros" if hx is None else "random")
    return spec.replace(**batch_of(spec, input))


def _tensors(
    spec: LSTMSpec, module: nn.RNNBase, input: Any, hx: Tensor | None, results: Any
) -> Iterator[tuple[str, Any]]:
    match results:
        case (Tensor() | PackedSequence() as output, Tensor() as hn):
            pass
        case _:
            came = f"returned a {type(results).__name__}"
            raise CallError(f"{type(module).__name__}.forward", came, "output, hn", "return output, hn")
    for name, value in (("input", input), ("output", output)):
        if isinstance(value, PackedSequence):
            packed = value._replace(data=value.data.detach())
            yield f"packed_{name}", packed
            yield name, unpacked(spec, packed)
        else:
            yield name, value.detach()
    yield "hn", hn.detach()
    yield "h0", hn.detach().new_zeros(hn.shape) if hx is None else hx.detach()
    if spec.lengths is not None:
        import torch

        yield "lengths", torch.tensor(spec.lengths)


def _claims(spec: LSTMSpec) -> Iterator[Claim]:
    """The claims of an nn.LSTM that name no cell state and call nothing anew."""
    for claim in claims(worked_out(spec), reference=False):
        if not _OF_AN_LSTM_ALONE.search(f"{claim.left} {claim.right}"):
            yield claim


def _shown(spec: LSTMSpec, hx: Tensor | None) -> list[str]:
    """What the caller gave and got."""
    left = {"c0", "cn"} | (set() if hx is not None else {"h0"}) | ({"input", "output"} if spec.lengths else set())
    return [name for name in tensors(spec) if name not in left]
