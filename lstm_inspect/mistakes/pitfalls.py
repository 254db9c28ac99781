"""The mistakes that a spec's own numbers can show: those near at hand, or the one that is asked for."""

from collections.abc import Mapping
from typing import Any, Final

from lstm_inspect.errors import LSTMInspectError, SpecError
from lstm_inspect.mistakes.catalogue import BY_ID, CATALOGUE, NEEDS, Mistake, Need, Proof
from lstm_inspect.theory import expressions as e
from lstm_inspect.theory.claim import Pitfall
from lstm_inspect.theory.dtypes import DTYPES
from lstm_inspect.theory.packing import has_equals, sorted_order
from lstm_inspect.theory.packing_claims import sorted_by_hand, valid_cells
from lstm_inspect.theory.spec import LSTMSpec

_NEAR: Final = sorted(
    ((mistake, proof) for mistake in CATALOGUE for proof in mistake.proofs if proof.near),
    key=lambda pair: pair[1].near,
)
ALWAYS: Final = ("numbers", "a sequence")  # what every spec must have before any mistake can be shown on it
_BITS_TO_TELL_APART: Final = 24
"""Two unrelated results of fewer bits in all come out the same by chance too often to prove anything."""


def pitfalls(spec: LSTMSpec) -> tuple[Pitfall, ...]:
    """The pitfalls near at hand that apply to a spec; those whose sides its numbers make the same are left out.

    >>> [pitfall.tempting for pitfall in pitfalls(LSTMSpec(bidirectional=True))][:2]
    ['output[-1]', 'hn[-1]']
    >>> pitfalls(LSTMSpec(seq_len=1, batch_size=1))
    ()
    """
    if not spec.has_values:
        return ()
    holds, differing = holds_of(spec), differing_of(spec)
    shown = [pair for pair in _NEAR if all(holds[need] for need in pair[1].needs) and _tells(pair[1], spec, differing)]
    names = _names(spec) if shown else {}
    return tuple(_pair(mistake, proof, names) for mistake, proof in shown)


def pitfall(id: str, spec: LSTMSpec) -> Pitfall:
    """One mistake's pair of expressions on a spec.

    Raises:
        LSTMInspectError: the mistake can't be made on this spec, or its numbers can't show it.

    >>> pitfall("cell-for-hidden", LSTMSpec()).tempting
    'cn[-1]'
    """
    mistake, holds = BY_ID[id], holds_of(spec)
    proof = next((each for each in mistake.proofs if all(holds[need] for need in each.needs)), mistake.proofs[0])
    for name in (*ALWAYS, *proof.needs):
        if not holds[name]:
            raise _refusal(id, NEEDS[name], getattr(spec, NEEDS[name].field))
    if not proof.exact and spec.itemsize == 2:
        raise SpecError("dtype", spec.dtype, f"float32 or float64, or rounding hides {id}", "{dtype=float32}")
    if not _tells(proof, spec, differing_of(spec)):
        raise SpecError("hidden_size", str(spec.hidden_size), f"larger, or chance may hide {id}", "{hidden_size=20}")
    return _pair(mistake, proof, _names(spec))


def holds_of(spec: LSTMSpec) -> dict[str, bool]:
    """Whether a spec has what a mistake may need, by the catalogue's words for it."""
    lengths = spec.lengths or ()
    unsorted, order = list(lengths) != sorted(lengths, reverse=True), sorted_order(lengths)
    ends_early = min(lengths, default=spec.seq_len) < spec.seq_len
    return {
        "numbers": spec.device != "meta",
        "a sequence": spec.batch_size != 0,
        "one direction": not spec.bidirectional,
        "bidirectional": spec.bidirectional,
        "one layer": spec.num_layers == 1,
        "several layers": spec.num_layers > 1,
        "several rows": spec.num_states > 1,
        "several features": spec.state_size > 1,
        "several steps": spec.seq_len > 1,
        "batched": spec.batched,
        "several sequences": spec.sequences > 1,
        "as many as steps": spec.batch_size == spec.seq_len,
        "as many as rows": spec.batch_size == spec.num_states,
        "random state": spec.state == "random",
        # a reverse state that starts at zero in padding of zeros comes out of it as zero: g = tanh(0) = 0
        "padding moves states": spec.num_layers > 1 or spec.bias or spec.state != "zeros" or spec.padding_value != 0,
        "dropout": 0 < spec.dropout < 1,
        "padded": spec.lengths is None,
        "packed": spec.lengths is not None,
        "none ends early": not ends_early,
        "some end early": ends_early,
        "two lengths": len(set(lengths)) > 1,
        "two steps each": min(lengths, default=0) > 1,
        "unsorted": unsorted,
        # whatever becomes of equals
        "sorting twice moves": [order[place] for place in order] != sorted(order) and not has_equals(lengths),
        "data in another order": unsorted or (spec.batch_first and len(lengths) > 1 and max(lengths) > 1),
        "padded further": max(lengths, default=0) < spec.seq_len,
    }


def differing_of(spec: LSTMSpec) -> dict[str, int]:
    """How many values of a proof's two sides differ at least, by the catalogue's words for them."""
    size = spec.state_size
    return {
        "one row of hn": spec.sequences * size,
        "those that end early": sum(length < spec.seq_len for length in spec.lengths or ()) * size,
        # a view as (R, D) surely takes these from elsewhere
        "all but the first feature": spec.sequences * (size - 1),
        # after hn.reshape(B, -1) these surely stand elsewhere
        "all but the first and last rows": (spec.num_states - 1) * (spec.sequences - 1) * size,
        # 1 for every 25 values that dropout sets to zero on average: then some surely are
        "those that are dropped": int(spec.valid_steps * spec.output_size * spec.dropout) // 25,
        "one sequence": size,
        "two sequences": 2 * size,
        "shapes differ": _BITS_TO_TELL_APART,  # which needs no numbers
    }


def _tells(proof: Proof, spec: LSTMSpec, differing: Mapping[str, int]) -> bool:
    """Whether a spec has numbers enough to show it."""
    enough = differing[proof.values] * DTYPES[spec.dtype].bits >= _BITS_TO_TELL_APART
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
