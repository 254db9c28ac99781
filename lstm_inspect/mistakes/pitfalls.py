"""The mistakes that a spec's own numbers can show: those near at hand, or the one that is asked for."""

from collections.abc import Sequence
from typing import Any, Final

from lstm_inspect.errors import LSTMInspectError, SpecError
from lstm_inspect.mistakes.catalogue import BY_ID, CATALOGUE, NEEDS, Mistake, Need, Proof
from lstm_inspect.mistakes.needs import ALWAYS, BITS_TO_TELL_APART, HOLDS, VALUES
from lstm_inspect.theory import expressions as e
from lstm_inspect.theory.claim import Pitfall
from lstm_inspect.theory.dtypes import DTYPES
from lstm_inspect.theory.packing import sorted_order
from lstm_inspect.theory.packing_claims import sorted_by_hand, valid_cells
from lstm_inspect.theory.spec import LSTMSpec

_NEAR: Final = sorted(
    ((mistake, proof) for mistake in CATALOGUE for proof in mistake.proofs if proof.near),
    key=lambda pair: pair[1].near,
)


def pitfalls(spec: LSTMSpec) -> tuple[Pitfall, ...]:
    """The pitfalls near at hand that apply to a spec; those whose sides its numbers make the same are left out.

    >>> [pitfall.tempting for pitfall in pitfalls(LSTMSpec(bidirectional=True))][:2]
    ['output[-1]', 'hn[-1]']
    >>> pitfalls(LSTMSpec(seq_len=1, batch_size=1))
    ()
    """
    if not spec.has_values:
        return ()
    shown = [(mistake, proof) for mistake, proof in _NEAR if not _missing(proof.needs, spec) and _tells(proof, spec)]
    names = _names(spec) if shown else {}
    return tuple(_pair(mistake, proof, names) for mistake, proof in shown)


def pitfall(id: str, spec: LSTMSpec) -> Pitfall:
    """One mistake's pair of expressions on a spec.

    Raises:
        LSTMInspectError: the mistake can't be made on this spec, or its numbers can't show it.

    >>> pitfall("cell-for-hidden", LSTMSpec()).tempting
    'cn[-1]'
    """
    mistake = BY_ID[id]
    proof = next((each for each in mistake.proofs if not _missing(each.needs, spec)), mistake.proofs[0])
    for name in _missing((*ALWAYS, *proof.needs), spec):
        raise _refusal(id, NEEDS[name], getattr(spec, NEEDS[name].field))
    if not proof.exact and spec.itemsize == 2:
        raise SpecError("dtype", spec.dtype, f"float32 or float64, or rounding hides {id}", "{dtype=float32}")
    if not _tells(proof, spec):
        raise SpecError("hidden_size", str(spec.hidden_size), f"larger, or chance may hide {id}", "{hidden_size=20}")
    return _pair(mistake, proof, _names(spec))


def _missing(needs: Sequence[str], spec: LSTMSpec) -> list[str]:
    """What a spec lacks of what is needed."""
    return [name for name in needs if not HOLDS[name](spec)]


def _tells(proof: Proof, spec: LSTMSpec) -> bool:
    """Whether a spec has numbers enough to show it."""
    enough = VALUES[proof.values](spec) * DTYPES[spec.dtype].bits >= BITS_TO_TELL_APART
    # in 16 bits the tolerance is as large as what a step of padding changes: there two runs can't be told apart
    return enough and (proof.exact or spec.itemsize > 2)


def _refusal(id: str, need: Need, value: Any) -> LSTMInspectError:
    allowed = f"{need.allowed}, or {id} can't be made"
    if value is None and need.field == "lengths":
        return LSTMInspectError("{lengths}", "left out", f"must be {allowed}", need.instead)
    shown = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return SpecError(need.field, shown, allowed, need.instead)


def _pair(mistake: Mistake, proof: Proof, names: dict[str, Any]) -> Pitfall:
    tempting, instead = proof.tempting.format_map(names), proof.instead.format_map(names)
    return Pitfall(mistake.id, tempting, instead, mistake.what, proof.exact)


def _names(spec: LSTMSpec) -> dict[str, Any]:
    """What the braces of the catalogue's proofs stand for on a spec."""
    final, lengths = e.final_state(spec), spec.lengths
    always = {
        "spec": spec,
        "row": spec.num_states * spec.state_size,
        "time": int(spec.batch_first),
        "batch": int(not spec.batch_first),
        "along_time": ":, " if spec.batch_first and spec.batched else "",
        "along_batch": "" if spec.batch_first else ":, ",
        "lead": ", ".join(map(str, e.output_lead(spec))),
        "tail": ", ".join(map(str, e.state_tail(spec))),
        "layout": ", batch_first=True" if spec.batch_first else "",
        "final": final,
        "final_cell": final.replace("hn", "cn"),
        "pack": e.PACK,
        "unpack": e.UNPACK,
    }
    if lengths is None:
        return {**always, "input": "input", "result": "output", "data": ""}
    valid = valid_cells(spec)
    return {
        **always,
        "input": "packed_input",
        "result": "packed_output.data",
        "data": ".data",
        "valid": valid,
        "masked": f"output.mul(({valid})[..., None].to(output))" if spec.padding_value else "output",
        "by_hand": sorted_by_hand(sorted_order(lengths))[0],
        "first": f":1, :{lengths[0]}" if spec.batch_first else f":{lengths[0]}, :1",
    }
