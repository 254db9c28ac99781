"""The mistakes that a spec's own numbers can show: those near at hand, or the one that is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lstm_inspect.errors import LSTMInspectError, SpecError
from lstm_inspect.mistakes.proofs import PROOFS, VALUES, Need
from lstm_inspect.theory.claim import Pitfall
from lstm_inspect.theory.spec import LSTMSpec


def pitfalls(spec: LSTMSpec) -> tuple[Pitfall, ...]:
    """The pitfalls near at hand that apply to a spec; those whose sides its numbers make the same are left out.

    >>> [pitfall.tempting for pitfall in pitfalls(LSTMSpec(bidirectional=True))][:2]
    ['output[-1]', 'hn[-1]']
    >>> pitfalls(LSTMSpec(seq_len=1, batch_size=1))
    ()
    """
    return tuple(_found(spec)) if spec.has_values else ()


def _found(spec: LSTMSpec) -> Iterator[Pitfall]:
    for proof in PROOFS:
        if proof.near(spec) and all(need.holds(spec) for need in proof.needs) and proof.tells(spec):
            yield proof.pitfall(spec)


def pitfall(id: str, spec: LSTMSpec) -> Pitfall:
    """One mistake's pair of expressions on a spec.

    Raises:
        LSTMInspectError: the mistake can't be made on this spec, or its numbers can't show it.

    >>> pitfall("cell-for-hidden", LSTMSpec()).tempting
    'cn[-1]'
    """
    proof = next(proof for proof in PROOFS if proof.id == id)
    for need in (*VALUES, *proof.needs):
        if not need.holds(spec):
            raise _refusal(id, need, getattr(spec, need.field))
    if not proof.exact and spec.itemsize == 2:
        raise SpecError("dtype", spec.dtype, f"float32 or float64, or rounding hides {id}", "{dtype=float32}")
    if not proof.tells(spec):
        raise SpecError("hidden_size", str(spec.hidden_size), f"larger, or chance may hide {id}", "{hidden_size=20}")
    return proof.pitfall(spec)


def _refusal(id: str, need: Need, value: Any) -> LSTMInspectError:
    allowed = f"{need.allowed}, or {id} can't be made"
    if value is None and need.field == "lengths":
        return LSTMInspectError("{lengths}", "left out", f"must be {allowed}", need.instead)
    shown = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return SpecError(need.field, shown, allowed, need.instead)
