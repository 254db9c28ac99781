"""Messages of matrix products, which name no argument at all: the numbers have to tell."""

from __future__ import annotations

from typing import Final

from lstm_inspect.diagnosis.evidence import Evidence
from lstm_inspect.diagnosis.rule import Cause, Rule, says

_LINEAR: Final = "linear = torch.nn.Linear({b}, {d})"


def _gates(e: Evidence) -> bool:
    """Whether the second matrix can be a transposed weight: (in x 4H)."""
    hidden = e.known.hidden_size
    return e["d"] % 4 == 0 and hidden in (None, e["d"] // 4)


def _recurrent(e: Evidence) -> bool:
    """Whether it can be weight_hh: (H x 4H)."""
    return _gates(e) and e["d"] == 4 * e["c"]


def _doubled(e: Evidence) -> bool | None:
    if e["b"] != 2 * e["c"] or e.known.bidirectional is False:
        return False
    return None if _recurrent(e) and not e.mentions(r"linear") else True


def _projected(e: Evidence) -> bool | None:
    known = e.known
    if known.proj_size is not None:
        return known.proj_size > 0 and e["b"] in (known.proj_size, 2 * known.proj_size)
    return True if e["b"] < e["c"] and e["c"] % e["b"] == 0 and not _gates(e) else None if e["b"] < e["c"] else False


def _halved(e: Evidence) -> bool | None:
    return (None if _gates(e) else True) if e["c"] == 2 * e["b"] and not e.known.bidirectional else False


def _flattened(e: Evidence) -> bool | None:
    return None if e["b"] > 2 * e["c"] and e["b"] % e["c"] == 0 else False


def _unflattened(e: Evidence) -> bool | None:
    return None if e["c"] > 2 * e["b"] and e["c"] % e["b"] == 0 else False


def _transposed_weight(e: Evidence) -> bool | None:
    """Whether the second matrix can be a weight that was not transposed: (4H x in), against data of in features."""
    return None if e["c"] % 4 == 0 and e["d"] == e["b"] < e["c"] else False


def _packed_rows(e: Evidence) -> bool | None:
    """Whether the first matrix has as many rows as there are valid steps."""
    lengths = e.known.lengths
    return None if lengths is None else e["a"] == sum(lengths)


def _packed_width(e: Evidence) -> bool | None:
    if not _gates(e) or e["a"] == 1:
        return None if _gates(e) else False
    if e.known.input_size is not None and e.known.input_size != e["c"]:
        return False
    return _packed_rows(e) if not _recurrent(e) or _packed_rows(e) else None


def _packed_vector(e: Evidence) -> bool:
    return _gates(e) and e["a"] == 1 and e["b"] != 2 * e["c"]


def _state_width(e: Evidence) -> bool | None:
    return (True if _packed_rows(e) is not True else None) if _recurrent(e) else False


def _fits(e: Evidence) -> bool:
    """Whether these numbers can come from around an LSTM at all."""
    if e.at_an_lstm:
        return True
    tight = any(decide(e) is True for decide in (_doubled, _projected, _halved, _state_width))
    return (
        tight
        or _transposed_weight(e) is None
        or (e.trace != "silent" and (_gates(e) or _flattened(e) is None or _unflattened(e) is None))
    )


RULES: Final = (
    Rule(
        "product-shapes",
        says(
            "mat1 and mat2 shapes cannot be multiplied ({a:int}x{b:int} and {c:int}x{d:int})",
            "size mismatch, m1: [{a:int} x {b:int}], m2: [{c:int} x {d:int}]",
            "mat1 dim 1 must match mat2 dim 0",
        ),
        "output",
        (
            Cause(
                "linear-after-two-directions",
                "output of a bidirectional LSTM has 2*H = {b} features, and the layer after it takes {c}",
                _LINEAR,
                lambda e: f"the LSTM has bidirectional=True and hidden_size={e['c']}: output.shape[-1] is {e['b']}",
                _doubled,
                expected="c",
                got="b",
            ),
            Cause(
                "weight-transposed",
                "a weight was assigned in the wrong orientation: weights are (4*H, in), Keras' and Flax' "
                "kernels are (in, 4*H)",
                "with torch.no_grad(): lstm.weight_ih_l0.copy_(kernel.T)",
                lambda e: (
                    f"a parameter has the shape ({e['d']}, {e['c']}) (float32 on a CPU would not notice, and be wrong)"
                ),
                _transposed_weight,
                argument="weight_ih_l0",
                expected="c",
                got="b",
            ),
            Cause(
                "packed-without-features",
                "a (T, B) tensor without a feature axis was packed: two axes are enough for packing, not for the LSTM",
                "input = input.unsqueeze(-1)  # before packing; or embed the ids",
                lambda e: f"the packed tensor has two axes: {e['b']} valid steps and no features",
                _packed_vector,
                argument="packed_input",
                axis=1,
                expected="c",
                got="a",
            ),
            Cause(
                "states-width",
                "h0 is {b} wide and the module's state {c}: with packed input torch does not check it, and the "
                "product of "
                "h0 (B x {b}) with weight_hh ({c} x 4*H) fails",
                "h0 = packed_input.data.new_zeros({rows}, {batch}, {c})",
                lambda e: f"h0.shape[-1] is {e['b']}: the first matrix is (B x h0's width), the second (H x 4*H)",
                _state_width,
                argument="h0",
                axis=2,
                expected="c",
                got="b",
            ),
            Cause(
                "packed-features",
                "the packed data has {b} features and the module's input_size is {c}: read it as (sum of "
                "lengths x features) "
                "and (input_size x 4*H)",
                lambda e: e.constructor(input_size=e["b"], hidden_size=e["d"] // 4),
                lambda e: f"packed_input.data.shape is ({e['a']}, {e['b']}), and hidden_size is {e['d'] // 4}",
                _packed_width,
                argument="packed_input",
                axis=1,
                expected="c",
                got="b",
            ),
            Cause(
                "linear-after-projection",
                "with proj_size output has proj_size features a direction, {b}, not hidden_size",
                _LINEAR,
                lambda e: f"the LSTM has proj_size={e['b']} and the layer after it takes hidden_size={e['c']}",
                _projected,
                expected="c",
                got="b",
            ),
            Cause(
                "linear-for-two-directions",
                "the layer takes 2*H = {c} features, and gets one direction's: hn[-1] or half of output",
                "features = torch.cat((hn[-2], hn[-1]), dim=-1)  # (B, 2*H), of a bidirectional LSTM",
                "hn[-1] was passed alone, or the LSTM is not bidirectional",
                _halved,
                expected="c",
                got="b",
            ),
            Cause(
                "steps-flattened",
                lambda e: (
                    f"the features are {e['b'] // e['c']} times what the layer takes: the time steps, or the "
                    "rows of hn, "
                    "were flattened into them"
                ),
                "logits = linear(output)  # a label for each step; linear(hn[-1]): one for each sequence",
                lambda e: f"view or reshape(B, -1) comes before the layer: {e['b']} = {e['b'] // e['c']} * {e['c']}",
                _flattened,
                expected="c",
                got="b",
            ),
            Cause(
                "steps-not-flattened",
                lambda e: f"the layer takes T*H = {e['c']} features, and gets those of one step, {e['b']}",
                "logits = linear(output.flatten(1))  # (B, T*H), with batch_first; T may never change then",
                lambda e: f"T is {e['c'] // e['b']}",
                _unflattened,
                expected="c",
                got="b",
            ),
            Cause(
                "layer-width",
                "the layer after the LSTM takes {c} features and gets {b}",
                _LINEAR,
                "output.shape[-1] is {b}: D*R",
                expected="c",
                got="b",
            ),
        ),
        axis=-1,
        scope="near",
        claims=lambda e: e.get("b") is not None and _fits(e),
    ),
)
