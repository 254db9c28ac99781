"""What a call refuses in its input, and what nn.LSTMCell refuses."""

from __future__ import annotations

from typing import Final

from lstm_inspect.diagnosis.evidence import Evidence
from lstm_inspect.diagnosis.rule import Cause, Rule, says


def _size(e: Evidence) -> int:
    """The size of the last axis that is expected: input_size."""
    return int(e["expected"])


def _features_elsewhere(e: Evidence) -> int | None:
    """Another axis of the input whose size is input_size."""
    shape = e.known.input_shape
    if shape is None:
        return None
    return next((axis for axis, size in enumerate(shape[:-1]) if size == _size(e)), None)


def _transposed(e: Evidence) -> bool | None:
    return None if e.known.input_shape is None else _features_elsewhere(e) is not None


def _transpose(e: Evidence) -> str:
    axis = _features_elsewhere(e)
    return f"input = input.transpose({1 if axis is None else axis}, -1)"


def _where_features_are(e: Evidence) -> str:
    axis = _features_elsewhere(e)
    if axis is None:
        return f"another axis of input.shape is {_size(e)}: (B, I, T) is the layout of nn.Conv1d"
    return f"axis {axis} of input.shape {e.known.input_shape} is {_size(e)}"


def _univariate(e: Evidence) -> bool | None:
    """One feature is expected, and the axis for it is missing."""
    if _size(e) != 1:
        return False
    return True if e.known.input_shape is None else len(e.known.input_shape) == 2


def _not_embedded(e: Evidence) -> bool | None:
    """A batch of token ids has no feature axis at all."""
    if _size(e) == 1:
        return False
    return None if e.known.input_shape is None else len(e.known.input_shape) == 2 and not _transposed(e)


def _rest(e: Evidence) -> bool | None:
    """Neither the axes nor their number explain it."""
    return None if e.known.input_shape is None or _transposed(e) or len(e.known.input_shape) == 2 else True


FEATURES: Final = Rule(
    "input-size",
    says(
        "input.size(-1) must be equal to input_size. Expected {expected:int}, got {got:int}",
        "input has inconsistent input_size: got {got:int} expected {expected:int}",
        "input has inconsistent input_size: got {got:int}, expected {expected:int}",
    ),
    "input",
    (
        Cause(
            "feature-axis-missing",
            "a series with one feature lacks its feature axis: without it (B, T) is read as (T, I)",
            "input = input.unsqueeze(-1)",
            "input.shape is (B, T), two sizes, and input_size is 1",
            _univariate,
        ),
        Cause(
            "another-input-size",
            lambda e: f"the features of the input, {e['got']}, are not the module's input_size, {e['expected']}",
            lambda e: e.constructor(input_size=e["got"]),
            lambda e: f"{e['got']} features a step is what the data has: the module was built for other data",
            _rest,
        ),
        Cause(
            "features-not-last",
            lambda e: f"the features are not on the last axis: it holds {e['got']}, and input_size is {e['expected']}",
            _transpose,
            _where_features_are,
            _transposed,
        ),
        Cause(
            "not-embedded",
            "the input is 2-D: token ids (B, T) without an embedding, or samples without a time axis",
            "input = torch.nn.Embedding(num_embeddings, {expected})(ids)",
            "input.shape has two sizes, and its numbers are ids",
            _not_embedded,
        ),
    ),
    axis=-1,
)
RULES: Final = (
    FEATURES,
    Rule(
        "input-axes",
        says(
            "LSTM: Expected input to be 2D or 3D, got {got:int}D instead",
            "LSTM: Expected input to be 2D or 3D, got {got:int}D tensor instead",
            "GRU: Expected input to be 2D or 3D, got {got:int}D instead",
            "RNN: Expected input to be 2D or 3D, got {got:int}D tensor instead",
            "LSTM: Expected input to be 2-D or 3-D but received {got:int}-D tensor",
            "GRU: Expected input to be 2-D or 3-D but received {got:int}-D tensor",
            "RNN: Expected input to be 2-D or 3-D but received {got:int}-D tensor",
            "input must have {expected:int} dimensions, got {got:int}",
        ),
        "input",
        (
            Cause(
                "image",
                lambda e: f"the input has {e['got']} axes: images (B, C, H, W), or windows with an axis of their own",
                "input = input.flatten(2)  # (B, T, rest): the last axes become features",
                "two axes belong together, or one has size 1 (then input.squeeze(axis))",
                lambda e: e["got"] > 3,
            ),
            Cause(
                "one-step",
                "the input has one axis: it is one time step, or one series, and not a sequence of steps",
                "input = input.view(1, 1, -1)  # one step of one sequence; input.view(-1, 1, 1): one series",
                "input.shape has a single size",
                lambda e: e["got"] == 1,
            ),
            Cause(
                "scalar",
                "the input is a single number",
                "input = input.view(1, 1, 1)",
                "input.shape is ()",
                lambda e: e["got"] == 0,
            ),
            Cause(
                "no-batch-axis",
                "this torch (before 1.11) takes 3-D input only, and the input is 2-D",
                "input = input.unsqueeze({batch_axis})  # one sequence; unsqueeze(-1): a feature axis",
                "input.shape is (T, I) or (B, T)",
                lambda e: e["got"] == 2,
            ),
            Cause(
                "packed-axes",
                "the data of a PackedSequence is 2-D, (sum(lengths), I): something else was packed",
                "packed_input = pack_padded_sequence(input, lengths, enforce_sorted=False)  # input is 3-D",
                "the input is a PackedSequence",
                lambda e: e.get("expected") == 2,
                argument="packed_input",
            ),
        ),
    ),
    Rule(
        "no-steps",
        says("Expected sequence length to be larger than 0 in RNN"),
        "input",
        (
            Cause(
                "empty-time",
                "the time axis is empty, T = 0: a window longer than the series, or a filter that left nothing "
                "(a batch of no sequences would be accepted)",
                "if input.shape[{time_axis}] == 0: raise ValueError('an empty sequence reached the LSTM')",
                "0 stands on the time axis of input.shape",
            ),
            Cause(
                "axes-swapped",
                "the batch is empty and stands where the module expects time",
                "input = input.transpose(0, 1)",
                "the axis of size 0 is the batch",
            ),
        ),
    ),
    Rule(
        "cell-input-axes",
        says(
            "LSTMCell: Expected input to be 1D or 2D, got {got:int}D instead",
            "LSTMCell: Expected input to be 1-D or 2-D but received {got:int}-D tensor",
        ),
        "input",
        (
            Cause(
                "sequence-into-a-cell",
                "nn.LSTMCell takes one time step, (B, I); a whole sequence goes into nn.LSTM",
                "output, (hn, cn) = torch.nn.LSTM({input_size}, {hidden_size})(input)",
                "input.shape has three sizes: there is a time axis",
            ),
            Cause(
                "loop-missing",
                "the loop over time steps is missing",
                "for step in input: hn, cn = cell(step, (hn, cn))",
                "each step is to be computed by itself, as in decoding",
            ),
        ),
    ),
    Rule(
        "cell-state-axes",
        says(
            "LSTMCell: Expected hx[{index:int}] to be 1D or 2D, got {got:int}D instead",
            "LSTMCell: Expected hx[{index:int}] to be 1-D or 2-D but received {got:int}-D tensor",
        ),
        "h0",
        (
            Cause(
                "states-of-an-lstm",
                "the states are nn.LSTM's, (L*D, B, H); a cell takes (B, H)",
                "hn, cn = cell(input, (h0[0], c0[0]))",
                "h0.shape has three sizes",
            ),
        ),
    ),
    Rule(
        "cell-batch",
        says(
            "Input batch size {expected:int} doesn't match hidden{index:int} batch size {got:int}",
            "Input batch size {expected:int} doesn't match hidden[{index:int}] batch size {got:int}",
            "Input batch size {expected:int} doesn't match hidden batch size {got:int}",
        ),
        lambda e: "c0" if e.get("index") == 1 else "h0",
        (
            Cause(
                "another-batch",
                lambda e: (
                    f"the state has {e['got']} sequences and the input {e['expected']}: it was kept from another "
                    "batch (the last, smaller one?), or made for another size"
                ),
                lambda e: f"h0, c0 = (input.new_zeros({e['expected']}, cell.hidden_size) for _ in range(2))",
                lambda e: f"input.shape[0] is {e['expected']} and h0.shape[0] is {e['got']}",
                axis=0,
            ),
            Cause(
                "batch-axis-missing",
                "the state has no batch axis: its only axis, H, is read as the batch",
                "h0, c0 = h0.unsqueeze(0), c0.unsqueeze(0)",
                "h0.shape is (H,) while input.shape is (B, I)",
                axis=0,
            ),
        ),
        letters=("B", "H"),
    ),
    Rule(
        "cell-hidden-size",
        says(
            "hidden{index:int} has inconsistent hidden_size: got {got:int}, expected {expected:int}",
            "hidden[{index:int}] has inconsistent hidden_size: got {got:int}, expected {expected:int}",
        ),
        lambda e: "c0" if e.get("index") == 1 else "h0",
        (
            Cause(
                "another-width",
                lambda e: f"the state is {e['got']} wide and the cell's hidden_size is {e['expected']}",
                lambda e: f"h0, c0 = (input.new_zeros(input.shape[0], {e['expected']}) for _ in range(2))",
                lambda e: f"h0.shape[-1] is {e['got']}",
                axis=-1,
            ),
            Cause(
                "axes",
                "the state has a batch axis and the input none, or the other way round",
                "h0, c0 = h0.squeeze(0), c0.squeeze(0)",
                "input.shape is (I,) while h0.shape is (B, H)",
            ),
        ),
        letters=("B", "H"),
    ),
)
