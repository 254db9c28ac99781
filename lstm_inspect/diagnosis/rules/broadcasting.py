"""Messages of broadcasting, view and expand, which name no argument at all: the numbers have to tell."""

from __future__ import annotations

from typing import Final

from lstm_inspect.diagnosis.evidence import Evidence
from lstm_inspect.diagnosis.rule import Cause, Rule, says
from lstm_inspect.diagnosis.rules.packing import CLAMP, LENGTH_OVER_T


def _padding(e: Evidence) -> bool:
    return e.mentions(r"pad_sequence|pack_sequence") is True


def _gates_against_features(e: Evidence) -> bool | None:
    """Whether one size can be 4H and the other a layer's input width."""
    small, large = sorted((e["a"], e["b"]))
    if e["axis"] != 1 or large % 4 or large <= 2 * small or _padding(e):
        return False
    return True if large == 4 * small else None


def _of_gates(e: Evidence) -> bool | None:
    """A 4-D packed tensor: rows of 4H gates meet other axes."""
    if e["axis"] != 1 or _padding(e) or e["a"] < e["b"]:
        return False
    return True if e.mentions(r"rnn\.py") else None


def _shorter(e: Evidence) -> bool | None:
    """An output as long as the longest sequence meets something as long as T."""
    if e["axis"] > 1 or e["a"] >= e["b"] or _padding(e) or e.mentions(r"rnn\.py"):
        return False
    lengths = e.known.lengths
    return None if lengths is None else max(lengths) == e["a"]


BROADCAST: Final = Rule(
    "broadcast-sizes",
    says(
        "The size of tensor a ({a:int}) must match the size of tensor b ({b:int}) at non-singleton dimension {axis:int}"
    ),
    "output",
    (
        Cause(
            "states-batch",
            "the batch of h0 or c0 ({a} or {b}) is not the packed batch: with packed input torch does not check it",
            "h0, c0 = packed_input.data.new_zeros({rows}, {b}, {state_size}), "
            "packed_input.data.new_zeros({rows}, {b}, {hidden_size})",
            "the input is packed, and h0.shape[1] or c0.shape[1] is not the number of sequences, batch_sizes[0]",
            lambda e: None if e["axis"] == 0 and not _padding(e) else False,
            argument="h0",
            axis=1,
            expected="b",
            got="a",
        ),
        Cause(
            "sequences-features",
            "the sequences differ in their features ({a} and {b}), not in their lengths alone",
            "assert len({{sequence.shape[1:] for sequence in sequences}}) == 1",
            "pad_sequence or pack_sequence raises it; time must be the first axis of each sequence",
            _padding,
            argument="sequences",
            axis=1,
            expected="a",
            got="b",
        ),
        Cause(
            "output-shorter",
            "no sequence fills T: the unpacked output is {a} steps long and the mask, or the padded data, {b} "
            "(under DataParallel each replica has its own length, and gathering fails)",
            "output, lengths = pad_packed_sequence(packed_output, batch_first=lstm.batch_first, total_length={b})",
            "max(lengths) is {a} and T of the padded input is {b}",
            _shorter,
            expected="b",
            got="a",
        ),
        Cause(
            "weight-transposed",
            "a weight is copied in the wrong orientation: weights are (4*H, in), Keras' and Flax' kernels are "
            "(in, 4*H)",
            "with torch.no_grad(): lstm.weight_ih_l0.copy_(kernel.T)",
            "{a} and {b} are in and 4*H, and copy_ raises it",
            _gates_against_features,
            argument="weight_ih_l0",
            axis=1,
            expected="a",
            got="b",
        ),
        Cause(
            "packed-4d",
            "a tensor of four axes was packed: the LSTM wants (T, B, I)",
            "input = input.flatten(2)  # before packing: the last axes become features",
            "the packed tensor's data has three axes",
            _of_gates,
            argument="packed_input",
            expected="b",
            got="a",
        ),
        Cause(
            "sequences-features-2",
            "the sequences that are padded or packed differ in their features ({a} and {b}), not in their "
            "lengths alone",
            "assert len({{sequence.shape[1:] for sequence in sequences}}) == 1",
            "pad_sequence or pack_sequence raises it; time must be the first axis of each sequence",
            lambda e: False if _padding(e) or e["axis"] == 0 else None,
            argument="sequences",
            axis=1,
            expected="a",
            got="b",
        ),
        Cause(
            "directions-doubled",
            "output of a bidirectional LSTM is 2*H wide, and what it is added to is H wide",
            "output = output[..., :{b}] + output[..., {b}:]  # or a Linear({a}, {b})",
            "the LSTM has bidirectional=True and hidden_size={b}",
            lambda e: e["axis"] == 2 and e["a"] == 2 * e["b"],
            axis=2,
            expected="b",
            got="a",
        ),
        Cause(
            "residual-width",
            "output is D*R wide and the input I wide: a residual connection needs them to be equal",
            "output = output + torch.nn.Linear({b}, {a})(input)",
            "output.shape[-1] is {a} and input.shape[-1] is {b}",
            lambda e: None if e["axis"] == 2 else False,
            axis=2,
            expected="b",
            got="a",
        ),
        Cause(
            "layouts-mixed",
            "one of the two is (T, B, .) and the other (B, T, .)",
            "output = output.transpose(0, 1)",
            "{a} and {b} are T and B",
            lambda e: None if e["axis"] < 2 else False,
            expected="b",
            got="a",
        ),
    ),
    scope="near",
)


def _product(shape: tuple[int, ...]) -> int:
    result = 1
    for size in shape:
        result *= size
    return result


def _steps(e: Evidence) -> float:
    """The time steps that the data really has, if the shape is (T, B, features) or (steps, B, features)."""
    return float(e["n"]) / max(1, _product(e["shape"][1:]))


def _too_long(e: Evidence) -> bool | None:
    if len(e["shape"]) != 3 or -1 in e["shape"]:
        return False
    return _steps(e) == int(_steps(e)) and _steps(e) < e["shape"][0]


def _view_doubled(e: Evidence) -> bool | None:
    return None if -1 not in e["shape"] and e["n"] == 2 * _product(e["shape"]) else False


VIEW: Final = Rule(
    "view-sizes",
    says("shape '{shape:view}' is invalid for input of size {n:int}"),
    "output",
    (
        Cause(
            "length-over-t",
            lambda e: (
                LENGTH_OVER_T
                + (f": {e['shape'][0]} steps are asked for, {_steps(e):g} are there" if _too_long(e) else "")
            ),
            CLAMP,
            "max(lengths) is more than the input's time axis, {time}; the message comes from the LSTM or from "
            "pad_packed_sequence",
            _too_long,
            argument="lengths",
        ),
        Cause(
            "two-directions",
            "there are twice as many numbers: a bidirectional LSTM has output (.., 2*H) and two rows of hn for "
            "each layer",
            "states = hn.view(num_layers, 2, {batch}, {hidden_size})",
            "the LSTM has bidirectional=True",
            _view_doubled,
        ),
        Cause(
            "packed-features",
            "packed sequences of equal lengths whose features are not input_size, or whose feature axis is "
            "missing, or that "
            "have four axes: torch does not check packed input",
            lambda e: e.constructor(input_size=e["n"] // max(1, _product(e["shape"][:2]))),
            "the input is packed, all lengths are the same, and packed_input.data.shape[-1] is not input_size",
            lambda e: None if len(e["shape"]) == 3 and -1 not in e["shape"] else False,
            argument="packed_input",
        ),
        Cause(
            "view-counts",
            "output or hn is viewed with other sizes than it has: T and B swapped, an axis left out, a smaller "
            "last batch",
            "states = hn.transpose(0, 1).reshape(hn.shape[1], -1)  # (B, L*D*R), whatever the batch is",
            "the line that fails is a view or reshape of yours",
        ),
    ),
    scope="near",
)

RULES: Final = (
    BROADCAST,
    VIEW,
    Rule(
        "expanded-size",
        says(
            "The expanded size of the tensor ({expected:int}) must match the existing size ({got:int}) at "
            "non-singleton "
            "dimension {axis:int}"
        ),
        "h0",
        (
            Cause(
                "bias-size",
                "a bias, or a weight, has the wrong number of rows: they are 4*H",
                "with torch.no_grad(): lstm.bias_ih_l0.copy_(bias)  # copy_ checks the shape",
                "a parameter of the LSTM was assigned",
                lambda e: None if e["expected"] % 4 == 0 or e["got"] % 4 == 0 else False,
                argument="bias_ih_l0",
            ),
            Cause(
                "state-expanded",
                "a state is expanded to a batch, and its own batch axis is not 1",
                "h0, c0 = input.new_zeros({rows}, {batch}, {state_size}), input.new_zeros({rows}, {batch}, "
                "{hidden_size})",
                "expand is called on h0 or c0",
            ),
        ),
        scope="near",
        claims=lambda e: e.at_an_lstm or e["expected"] % 4 == 0,
    ),
)
