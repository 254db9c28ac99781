"""Expected hidden[0] size (a, b, c), got [x, y, z]: the shapes of h0 and c0, compared axis by axis."""

from __future__ import annotations

from typing import Final

from lstm_inspect.diagnosis.evidence import Evidence
from lstm_inspect.diagnosis.rule import Cause, Rule, says

_PAIR: Final = "output, (hn, cn) = lstm(input, (h0, c0))"
_FRESH: Final = (
    "h0, c0 = input.new_zeros({rows}, {batch}, {state_size}), input.new_zeros({rows}, {batch}, {hidden_size})"
)


def _three(e: Evidence) -> bool:
    return len(e.expected) == len(e.got) == 3


def _only(e: Evidence, *axes: int) -> bool:
    """Whether these axes, and no others, differ."""
    return _three(e) and all((e.expected[axis] != e.got[axis]) == (axis in axes) for axis in range(3))


def _swapped(e: Evidence) -> bool:
    return _three(e) and e.got == (e.expected[1], e.expected[0], e.expected[2]) and e.expected[0] != e.expected[1]


def _layout(e: Evidence, *, module_batch_first: bool) -> bool | None:
    """Whether the module reads the batch off the wrong axis; it does if the states have the size of the other one."""
    if (
        not _only(e, 1) or e.known.batch_first is (not module_batch_first) or _of_c0(e)
    ):  # h0 passed: the layout is right
        return False
    if e.known.batched is None or e.known.input_shape is None:
        return None if not module_batch_first or e.known.batch_first else False
    read, other = e.known.input_shape[:2] if module_batch_first else e.known.input_shape[1::-1]
    return (e.expected[1], e.got[1]) == (read, other) and e.known.batched


def _last_batch(e: Evidence) -> bool | None:
    """Only the batch differs, and no axis of the input says why."""
    if not _only(e, 1) or e.got[1] == 1:
        return False
    return None if e.known.input_shape is None else e.got[1] not in e.known.input_shape[:2]


def _directions_in_features(e: Evidence) -> bool:
    return _three(e) and e.got[2] == 2 * e.expected[2] and e.expected[0] == 2 * e.got[0]


def _fewer_rows(e: Evidence) -> bool:
    return _only(e, 0) and e.expected[0] > e.got[0]


def _directions_missing(e: Evidence) -> bool | None:
    if not _fewer_rows(e) or e.expected[0] != 2 * e.got[0] or e.known.bidirectional is False:
        return False
    return True if e.known.bidirectional and e.known.num_layers in (None, e.got[0]) else None


def _layers_missing(e: Evidence) -> bool | None:
    if not _fewer_rows(e):
        return False
    return None if e.known.num_layers is None else e.known.num_layers != e.got[0]


def _two_way_into_one_way(e: Evidence) -> bool | None:
    if not _only(e, 0) or e.got[0] != 2 * e.expected[0]:
        return False
    return None if e.known.bidirectional is None else not e.known.bidirectional


def _joined_directions(e: Evidence) -> bool | None:
    return None if _three(e) and e.got[2] == 2 * e.expected[2] and e.expected[0] != 2 * e.got[0] else False


def _of_c0(e: Evidence) -> bool:
    return bool(e.get("index") == 1)


def _h0_unprojected(e: Evidence) -> bool | None:
    if not _only(e, 2) or _of_c0(e) or e.got[2] < e.expected[2]:
        return False
    return None if e.known.proj_size is None else e.known.proj_size == e.expected[2]


def _c0_projected(e: Evidence) -> bool | None:
    if not _only(e, 2) or not _of_c0(e) or e.got[2] > e.expected[2]:
        return False
    return None if e.known.proj_size is None else e.known.proj_size == e.got[2]


def _first_difference(e: Evidence) -> int | None:
    if len(e.expected) != len(e.got):
        return None
    return next((axis for axis, (a, b) in enumerate(zip(e.expected, e.got, strict=True)) if a != b), None)


def _zeros(e: Evidence) -> str:
    """New states of the expected shape; an unbatched module's states have no batch axis."""
    sizes = [size for axis, size in enumerate(e.expected) if axis != 1 or e.known.batched is not False]
    made = f"input.new_zeros({', '.join(map(str, sizes))})"
    return f"h0, c0 = {made}, {made}" if e.get("index") == 0 else f"{_state(e)} = {made}"


def _projected(e: Evidence) -> str:
    """New states of a module with a projection: h0 is P wide, c0 is H wide."""
    rows, batch, features = e.expected
    other = e.got[2]
    h0, c0 = (other, features) if _of_c0(e) else (features, other)
    return f"h0, c0 = input.new_zeros({rows}, {batch}, {h0}), input.new_zeros({rows}, {batch}, {c0})"


def _state(e: Evidence) -> str:
    return "c0" if _of_c0(e) else "h0"


def _parts(e: Evidence) -> str:
    """What the axes of the two shapes are, in letters and numbers."""
    names = ("L*D", "B", "H" if _of_c0(e) else "R")
    pairs = zip(names, e.expected, e.got, strict=True)
    return ", ".join(f"{name} {'is' if a == b else 'must be'} {a}" for name, a, b in pairs)


SIZE: Final = Rule(
    "hidden-size",
    says(
        "Expected hidden[{index:int}] size {expected:shape}, got {got:shape}",
        "Expected hidden size {expected:shape}, got {got:shape}",
    ),
    _state,
    (
        Cause(
            "states-batch-first",
            "h0 and c0 were made batch-first; the states ignore batch_first, they are always (L*D, B, .)",
            "h0, c0 = h0.transpose(0, 1).contiguous(), c0.transpose(0, 1).contiguous()",
            "axes 0 and 1 of {expected} and {got} are swapped",
            _swapped,
            axis=0,
        ),
        Cause(
            "batch-first-missing",
            lambda e: (
                f"the data is (B, T, I) = ({e.got[1]}, {e.expected[1]}, .) but the module has batch_first=False, "
                f"so it takes T = {e.expected[1]} for the batch"
            ),
            lambda e: e.constructor(batch_first=True) + "  # or input = input.transpose(0, 1)",
            lambda e: (
                f"input.shape starts with ({e.got[1]}, {e.expected[1]}): {e.got[1]} sequences of {e.expected[1]} steps"
            ),
            lambda e: _layout(e, module_batch_first=False),
            axis=1,
        ),
        Cause(
            "batch-first-too-many",
            lambda e: (
                f"the data is (T, B, I) = ({e.expected[1]}, {e.got[1]}, .) but the module has batch_first=True, "
                f"so it takes T = {e.expected[1]} for the batch"
            ),
            lambda e: "input = input.transpose(0, 1)  # or build the module without batch_first=True",
            lambda e: f"input.shape starts with ({e.expected[1]}, {e.got[1]}) and the module has batch_first=True",
            lambda e: _layout(e, module_batch_first=True),
            axis=1,
        ),
        Cause(
            "states-sized-by-time",
            lambda e: (
                f"the data is right, and the states' batch was read off its time axis: {e.got[1]} is T, B is "
                f"{e.expected[1]}"
            ),
            _zeros,
            "the states are made inside forward, from the wrong one of input.size(0) and input.size(1)",
            lambda e: any(_layout(e, module_batch_first=first) is True for first in (False, True)),
            axis=1,
        ),
        Cause(
            "directions-in-features",
            "the directions were put into the last axis (2*H), which is right for output and wrong for the states: "
            "there they are rows of axis 0",
            _zeros,
            "R is doubled and L*D halved: {got} instead of {expected}",
            _directions_in_features,
            axis=0,
        ),
        Cause(
            "directions-missing",
            "the module is bidirectional and the states have no rows for the reverse direction: axis 0 is L*D = 2*L",
            _zeros,
            lambda e: f"the module has bidirectional=True and num_layers={e.got[0]}",
            _directions_missing,
            axis=0,
        ),
        Cause(
            "layers-missing",
            "the states have fewer rows than the module has layers and directions: axis 0 is L*D",
            _zeros,
            lambda e: (
                f"num_layers * directions of the module is {e.expected[0]}, and the states were made for {e.got[0]}"
            ),
            _layers_missing,
            axis=0,
        ),
        Cause(
            "bidirectional-into-one-direction",
            "the states of a bidirectional encoder (L*2, B, H) went into a module of one direction",
            lambda e: (
                "h0, c0 = (torch.cat((state[0::2], state[1::2]), dim=-1) for state in (hn, cn))"
                f"  # (.., 2*H): the decoder needs hidden_size={2 * e.expected[2]}; or add: state[0::2] + state[1::2]"
            ),
            lambda e: f"the states come from a bidirectional LSTM of {e.expected[0]} layers",
            _two_way_into_one_way,
            axis=0,
        ),
        Cause(
            "more-layers",
            "the states have more rows than the module has layers and directions: they come from a deeper module",
            lambda e: (
                f"h0, c0 = h0[-{e.expected[0]}:].contiguous(), c0[-{e.expected[0]}:].contiguous()"
                "  # the top layers' rows"
            ),
            lambda e: f"the states were made for L*D = {e.got[0]}, this module has {e.expected[0]}",
            lambda e: None if _only(e, 0) and e.got[0] > e.expected[0] else False,
            axis=0,
        ),
        Cause(
            "made-for-one-sequence",
            lambda e: f"{_state(e)} has batch 1 and was meant for every sequence; torch does not expand it",
            lambda e: f"h0, c0 = (state.expand(-1, {e.expected[1]}, -1).contiguous() for state in (h0, c0))",
            lambda e: f"B is {e.expected[1]} and the state was made for a single sequence",
            lambda e: _only(e, 1) and e.got[1] == 1,
            axis=1,
        ),
        Cause(
            "last-batch",
            lambda e: (
                f"the state was kept from a batch of {e.got[1]} sequences and met one of {e.expected[1]}: "
                "the DataLoader's last, smaller batch, or validation with another batch size"
            ),
            "output, (hn, cn) = lstm(input)  # new states for each batch; or DataLoader(.., drop_last=True)",
            lambda e: f"B differs ({e.expected[1]}, not {e.got[1]}) and the error comes late in an epoch",
            _last_batch,
            axis=1,
        ),
        Cause(
            "data-parallel",
            lambda e: "DataParallel splits the batch among its replicas, and not the states (it splits axis 0)",
            "output, (hn, cn) = lstm(input)  # or states made inside forward, from input's own batch axis",
            lambda e: f"the model is wrapped in DataParallel: {e.got[1]} sequences, {e.expected[1]} a replica",
            lambda e: None if _only(e, 1) and 0 < e.expected[1] < e.got[1] and e.got[1] % e.expected[1] == 0 else False,
            axis=1,
        ),
        Cause(
            "another-width",
            lambda e: (
                f"{_state(e)} is {e.got[2]} wide and the module's state {e.expected[2]}: "
                "it was made for another hidden_size"
            ),
            _zeros,
            lambda e: f"hidden_size of the module is {e.expected[2]} and the states were made with {e.got[2]}",
            lambda e: None if _only(e, 2) else False,
            axis=2,
        ),
        Cause(
            "h0-not-projected",
            lambda e: (
                f"the module has a projection: h0 is proj_size = {e.expected[2]} wide, only c0 is hidden_size wide"
            ),
            _projected,
            lambda e: f"the module has proj_size={e.expected[2]} and hidden_size={e.got[2]}",
            _h0_unprojected,
            axis=2,
        ),
        Cause(
            "c0-projected",
            lambda e: f"the module has a projection, and c0 is not projected: it keeps hidden_size = {e.expected[2]}",
            _projected,
            lambda e: f"the module has proj_size={e.got[2]} and hidden_size={e.expected[2]}",
            _c0_projected,
            axis=2,
        ),
        Cause(
            "directions-joined",
            "the two directions' states were joined along the last axis, so they are 2*H wide",
            lambda e: (
                f"h0 = torch.nn.Linear({e.got[2]}, {e.expected[2]})(h0)  # or build the module with "
                f"hidden_size={e.got[2]}"
            ),
            "the state is torch.cat of two rows of a bidirectional encoder's hn",
            _joined_directions,
            axis=2,
        ),
        Cause(
            "made-for-another-module",
            lambda e: f"several axes differ: {_parts(e)}" if _three(e) else "the number of axes differs",
            _zeros,
            "the states were made for another module, or for another batch",
            lambda e: None if not any(_only(e, axis) for axis in range(3)) else False,
        ),
    ),
    axis_of=_first_difference,
)
