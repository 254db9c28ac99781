"""What a call refuses in h0 and c0 (hx, hidden[0], hidden[1], cx in torch's words)."""

from __future__ import annotations

from typing import Final

from lstm_inspect.diagnosis.evidence import Evidence
from lstm_inspect.diagnosis.rule import Cause, Rule, says
from lstm_inspect.diagnosis.rules.hidden_size import SIZE

_PAIR: Final = "output, (hn, cn) = lstm(input, (h0, c0))"
_FRESH: Final = (
    "h0, c0 = input.new_zeros({rows}, {batch}, {state_size}), input.new_zeros({rows}, {batch}, {hidden_size})"
)
_ONE_TENSOR: Final = "hx is one tensor, not the tuple (h0, c0): hx[0] and hx[1] are then its first two rows"


def _dims(e: Evidence, *numbers: int) -> bool:
    return (e["a"], e["b"]) == numbers


def _h0_dims(e: Evidence) -> int | None:
    return None if e.known.h0_shape is None else len(e.known.h0_shape)


def _single_tensor(e: Evidence) -> bool | None:
    """A single 3-D tensor looks like two 2-D states; real 2-D states are known to be so."""
    if e["a"] != e["b"] or e["a"] > 2:
        return False
    dims = _h0_dims(e)
    return None if dims is None else dims != e["a"]


def _rows_missing(e: Evidence) -> bool | None:
    if not _dims(e, 2, 2):
        return False
    return True if _h0_dims(e) == 2 else None


def _packed_tensor(e: Evidence) -> bool:
    return "(Tensor, Tensor, Tensor, list" in e.message


RULES: Final = (
    SIZE,
    Rule(
        "states-axes-batched",
        says(
            "For batched 3-D input, hx and cx should also be 3-D but got ({a:int}-D, {b:int}-D) tensors",
            "For batched 3-D input, hx should also be 3-D but got {a:int}-D tensor",
        ),
        "h0",
        (
            Cause(
                "states-differ",
                lambda e: f"h0 has {e['a']} axes and c0 has {e['b']}; both need three, (L*D, B, .)",
                _FRESH,
                "one of the two lost an axis (indexing, squeeze) or gained one",
                lambda e: e["a"] != e["b"],
            ),
            Cause(
                "one-tensor",
                _ONE_TENSOR + ", which have an axis less",
                _PAIR,
                lambda e: f"lstm(input, hx) is called with one {e['a'] + 1}-D tensor whose axis 0 is at least 2",
                _single_tensor,
                argument="hx",
            ),
            Cause(
                "rows-axis-missing",
                "h0 and c0 lack the axis L*D: (B, H) is what nn.LSTMCell takes",
                "h0, c0 = h0.unsqueeze(0), c0.unsqueeze(0)  # for one layer and one direction",
                "h0.shape and c0.shape have two sizes each",
                _rows_missing,
                axis=0,
            ),
            Cause(
                "lengths-as-states",
                "something else was passed where the states belong: lengths, say, which nn.LSTM does not take",
                "packed_input = pack_padded_sequence(input, lengths, batch_first=lstm.batch_first, "
                "enforce_sorted=False)",
                "the second argument of the call is a vector",
                lambda e: True if _dims(e, 0, 0) else None if _dims(e, 1, 1) else False,
                argument="hx",
            ),
            Cause(
                "states-1d",
                "h0 and c0 are vectors: the axes L*D and B are missing",
                "h0, c0 = (state.expand({rows}, {batch}, -1).contiguous() for state in (h0, c0))",
                "h0.shape is (H,)",
                lambda e: None if _dims(e, 1, 1) else False,
            ),
            Cause(
                "layers-and-directions-apart",
                "layers and directions stand on axes of their own; torch wants them merged, layer by layer",
                "h0, c0 = h0.flatten(0, 1), c0.flatten(0, 1)  # (L, D, B, .) -> (L*D, B, .)",
                "h0.shape is (L, D, B, H), or has an axis of size 1 too many: then h0.squeeze(axis)",
                lambda e: e["a"] == e["b"] and e["a"] > 3,
            ),
        ),
    ),
    Rule(
        "states-axes-unbatched",
        says(
            "For unbatched 2-D input, hx and cx should also be 2-D but got ({a:int}-D, {b:int}-D) tensors",
            "For unbatched 2-D input, hx should also be 2-D but got {a:int}-D tensor",
        ),
        "h0",
        (
            Cause(
                "states-differ",
                lambda e: f"h0 has {e['a']} axes and c0 has {e['b']}; for 2-D input both need two, (L*D, .)",
                "h0, c0 = input.new_zeros({rows}, {state_size}), input.new_zeros({rows}, {hidden_size})",
                "one of the two lost an axis or gained one",
                lambda e: e["a"] != e["b"],
            ),
            Cause(
                "input-lost-its-batch",
                "the input is 2-D, which torch takes for one unbatched sequence (T, I); it lost its batch axis, "
                "by squeeze or by taking one sample",
                "input = input.unsqueeze({batch_axis})",
                "a batch was meant: input.shape has two sizes, h0.shape has three",
                argument="input",
            ),
            Cause(
                "states-batched",
                "one unbatched sequence was meant, and its states have a batch axis",
                "h0, c0 = h0.squeeze(1), c0.squeeze(1)",
                "a single sequence was meant: h0.shape is (L*D, 1, .)",
                axis=1,
            ),
        ),
    ),
    Rule(
        "two-states",
        says("lstm expects two hidden states", "lstm_cell expects two hidden states"),
        "hx",
        (
            Cause(
                "not-two",
                "hx holds one tensor, or more than two",
                _PAIR,
                "len(hx) is not 2",
            ),
        ),
    ),
    Rule(
        "hx-types",
        says(
            "lstm() received an invalid combination of arguments - got ({types:text}), but expected one of:",
            "lstm(): argument 'hx' (position {n:int}) must be tuple of Tensors, not {got}",
            "lstm_cell(): argument 'hx' (position {n:int}) must be tuple of Tensors, not {got}",
        ),
        "hx",
        (
            Cause(
                "one-tensor",
                "hx is one tensor, not the tuple (h0, c0)",
                lambda e: (
                    "hn, cn = cell(input, (h0, c0))"
                    if "cell" in e.message
                    else _PAIR.replace("input", "packed_input" if _packed_tensor(e) else "input")
                ),
                "type(hx) is torch.Tensor",
                lambda e: True if "must be tuple" in e.message or _packed_tensor(e) else None,
            ),
            Cause(
                "stacked",
                "h0 and c0 were stacked into one tensor, whose axis 0 tells them apart",
                "output, (hn, cn) = lstm(input, tuple(hx))",
                "hx.shape is (2, L*D, B, H): two states in one 4-D tensor",
                lambda e: False if "must be tuple" in e.message else None,
            ),
            Cause(
                "not-a-tensor",
                "one of the two states is not a tensor",
                _FRESH,
                "hx holds None, a list or an array",
                lambda e: False if "must be tuple" in e.message else None,
            ),
        ),
    ),
    Rule(
        "call-arguments",
        says(
            "LSTM.forward() takes from 2 to 3 positional arguments but {got:int} were given",
            "LSTMCell.forward() takes from 2 to 3 positional arguments but {got:int} were given",
            "forward() takes from 2 to 3 positional arguments but {got:int} were given",
        ),
        "hx",
        (
            Cause(
                "two-arguments",
                "h0 and c0 were passed as two arguments; they are one, a tuple",
                lambda e: "hn, cn = cell(input, (h0, c0))" if "Cell" in e.message else _PAIR,
                "the call reads lstm(input, h0, c0)",
            ),
            Cause(
                "lengths-to-the-call",
                "lengths, or a mask, were passed to the call: nn.LSTM takes them inside a PackedSequence only",
                "packed_input = pack_padded_sequence(input, lengths, batch_first=lstm.batch_first, "
                "enforce_sorted=False)",
                "the call reads lstm(input, hx, lengths)",
            ),
        ),
        scope="near",
    ),
    Rule(
        "call-keyword",
        says(
            "LSTM.forward() got an unexpected keyword argument '{name:name}'",
            "LSTMCell.forward() got an unexpected keyword argument '{name:name}'",
            "forward() got an unexpected keyword argument '{name:name}'",
        ),
        "{name}",
        (
            Cause(
                "lengths-to-the-call",
                "nn.LSTM does not take {name}: unequal lengths come in a PackedSequence",
                "packed_input = pack_padded_sequence(input, lengths, batch_first=lstm.batch_first, "
                "enforce_sorted=False)",
                "{name} says which steps are valid",
                lambda e: "len" in e["name"] or "mask" in e["name"],
            ),
            Cause(
                "hx-by-name",
                "the states are one argument, hx, a tuple; {name} is not its name",
                "output, (hn, cn) = lstm(input, hx=(h0, c0))",
                "{name} is an initial state",
                lambda e: (
                    e["name"]
                    in {
                        "hidden",
                        "h0",
                        "c0",
                        "h_0",
                        "c_0",
                        "h",
                        "c",
                        "state",
                        "states",
                        "initial_state",
                        "cx",
                        "hc",
                        "hidden_state",
                    }
                ),
            ),
            Cause(
                "input-by-name",
                "the data is called input, and is best passed without a name",
                _PAIR,
                "{name} is the data",
                lambda e: e["name"] in {"x", "inputs", "data", "X", "seq", "src"},
            ),
            Cause(
                "unknown-argument",
                "the call takes input and hx, and no {name}: batch_first, dropout and the sizes belong to the "
                "constructor",
                _PAIR,
                "{name} is a setting, or another library's argument",
            ),
        ),
        claims=lambda e: e.message.startswith("LSTM") or e.at_an_lstm,
    ),
    Rule(
        "call-without-input",
        says(
            "LSTM.forward() missing {n:int} required positional argument: 'input'",
            "LSTMCell.forward() missing {n:int} required positional argument: 'input'",
        ),
        "input",
        (
            Cause(
                "no-input",
                "the LSTM was called without its data",
                _PAIR,
                "the data was passed under another name, or the arguments were unpacked from something empty",
            ),
        ),
    ),
)
