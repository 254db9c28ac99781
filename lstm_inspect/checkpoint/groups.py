"""The recurrent modules of a state dict: by the names of their parameters, and their sizes by a vote of the shapes.

Foreign facts: torch's nn.RNNBase and nn.LSTMCell name the parameters; torch.nn.utils' weight_norm, spectral_norm,
prune and parametrize, and the weight drop of AWD-LSTM (Merity et al., 2017), store them under names of their own.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from os.path import commonprefix
from typing import Final, NamedTuple, TypeVar

from lstm_inspect.checkpoint.content import Container, Entry
from lstm_inspect.checkpoint.report import Found, FoundParameter, Sizes
from lstm_inspect.theory.shapes import Shape

T = TypeVar("T")

GATE_COUNTS: Final = {"LSTM": 4, "GRU": 3, "RNN": 1}
"""Gates of each kind of module: weight_hh has so many times hidden_size rows (torch.nn's documentation)."""

KIND_OF: Final = {count: kind for kind, count in GATE_COUNTS.items()}
"""The kind of module that has so many gates."""

WRAPPERS: Final = {
    "module.": "DataParallel or DistributedDataParallel",
    "_orig_mod.": "torch.compile",
    "_fsdp_wrapped_module.": "FSDP",
    "_checkpoint_wrapped_module.": "activation checkpointing",
}
"""What wrappers put before every name, and who does."""

KINDS: Final = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")
"""The kinds of parameter, in torch's order; weight_hr is the projection's."""

STORED: Final = {
    "": "",
    ".original": "a parametrization (torch.nn.utils.parametrize)",
    ".original1": "weight_norm (torch.nn.utils.parametrizations)",
    "_orig": "pruning or spectral_norm (torch.nn.utils)",
    "_raw": "weight drop (AWD-LSTM)",
    "_v": "weight_norm (torch.nn.utils)",
}
"""What a parameter may be stored as: the suffix of its name, best first, and what put it there.

The shape is the parameter's own. What else those methods store (``_g``, ``_u``, ``_mask``, ``.original0``) is not it.
"""

_NAME: Final = re.compile(
    r"(?:(?P<module>.+)\.)?"
    rf"(?P<kind>{'|'.join(KINDS)})(?:_l(?P<layer>0|[1-9]\d{{0,8}})(?P<reverse>_reverse)?)?"
    rf"(?P<suffix>{'|'.join(map(re.escape, STORED))})",
    re.DOTALL,
)
_QUANTIZED: Final = re.compile(
    r"(?:(?P<module>.+)\.)?(?:layers\.\d+\.layer_(?:fw|bw)\.cell\..+|_all_weight_values\.\d+\..+)", re.DOTALL
)

_BESIDE_WRAPPED: Final = {"n_averaged"}  # torch.optim.swa_utils.AveragedModel's own buffer
_WRAPPED: Final = re.compile(f"(?:{'|'.join(map(re.escape, WRAPPERS))})*")
_RANK: Final = {stored: rank for rank, stored in enumerate(STORED)}


class Slot(NamedTuple):
    """Which parameter of a recurrent module a tensor is: one of KINDS, its layer (None in a cell), its direction."""

    kind: str
    layer: int | None = None
    reverse: bool = False


@dataclass(frozen=True, slots=True)
class Group(Found):
    """The parameters of one recurrent module, by slot; none if it is an LSTM made for quantization."""

    kind: str  #: "layers", "cell" or "quantized".
    parameters: dict[Slot, FoundParameter] = field(default_factory=dict)


def groups(entries: Iterable[Entry]) -> list[Group]:
    """The recurrent modules among a file's tensors, in the file's order.

    >>> found = groups([Entry((), "rnn.weight_ih_l0", (80, 10), "float32"), Entry((), "fc.bias", (2,), "float32")])
    >>> [(group.name, [parameter.name for parameter in group.parameters.values()]) for group in found]
    [('rnn', ['weight_ih_l0'])]
    """
    containers: dict[Container, list[Entry]] = {}
    for entry in entries:
        containers.setdefault(entry.container, []).append(entry)
    return [group for container in containers.values() for group in _groups_of(container)]


def where(module: str, container: Container) -> str:
    """A module's name and, if its state dict stands inside something, in what.

    >>> where("encoder", ("best", 0))
    "encoder, in ['best'][0]"
    """
    keys = "".join(f"[{key!r}]" for key in container)
    return ", in ".join(part for part in (module, keys) if part) or "the LSTM itself"


def parse(name: str) -> tuple[str, Slot, str] | None:
    """The module, the slot and the stored suffix of a recurrent module's parameter; None for any other name.

    >>> parse("encoder.lstm.weight_ih_l0_reverse")
    ('encoder.lstm', Slot(kind='weight_ih', layer=0, reverse=True), '')
    >>> parse("lstm.parametrizations.weight_hh_l0.original1")
    ('lstm', Slot(kind='weight_hh', layer=0, reverse=False), '.original1')
    >>> parse("fc.weight")
    """
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    module, layer = match["module"] or "", match["layer"]
    if match["suffix"].startswith("."):
        module, _, last = module.rpartition(".")
        if last != "parametrizations":
            return None
    slot = Slot(match["kind"], None if layer is None else int(layer), match["reverse"] is not None)
    return module, slot, match["suffix"]


def _groups_of(entries: Sequence[Entry]) -> Iterator[Group]:
    """Those of one state dict: what stands before all of its names was put there by wrappers."""
    names = [entry.name for entry in entries if entry.name not in _BESIDE_WRAPPED]
    wrapped = _WRAPPED.match(commonprefix(names))  # noqa: RUF071 - names are no paths
    wrapper = wrapped[0] if wrapped else ""
    found: dict[tuple[str, str], Group] = {}
    for entry in entries:
        _take(entry, wrapper, found)
    _join_weight_drop(found)
    for group in found.values():
        if group.parameters or group.kind == "quantized":
            slots = sorted(group.parameters, key=lambda slot: (slot.layer or 0, slot.reverse, KINDS.index(slot.kind)))
            yield replace(group, parameters={slot: group.parameters[slot] for slot in slots})


def _take(entry: Entry, wrapper: str, found: dict[tuple[str, str], Group]) -> None:
    """Put a tensor with its module's others; of two ways in which a parameter is stored the better one stays."""
    name = entry.name.removeprefix(wrapper)
    quantized = _QUANTIZED.fullmatch(name)
    if quantized is not None:
        module = quantized["module"] or ""
        found.setdefault((module, "quantized"), Group(entry.container, module, wrapper, "quantized"))
        return
    parsed = parse(name)
    if parsed is None or (parsed[2] == "_v" and len(entry.shape) < 2):  # spectral_norm's; weight_norm's is the weight's
        return
    module, slot, suffix = parsed
    kind, end = ("cell", "") if slot.layer is None else ("layers", f"_l{slot.layer}{'_reverse' * slot.reverse}")
    parameters = found.setdefault((module, kind), Group(entry.container, module, wrapper, kind)).parameters
    if slot not in parameters or _RANK[suffix] < _RANK[parameters[slot].suffix]:
        parameters[slot] = FoundParameter(slot.kind + end, entry.name, entry.shape, entry.dtype, suffix, entry.place)


def _join_weight_drop(found: dict[tuple[str, str], Group]) -> None:
    for (module, kind), group in found.items():
        inner = found.get((f"{module}.module" if module else "module", kind))  # in a wrapper with its raw weights
        if inner is not None and all(parameter.suffix == "_raw" for parameter in group.parameters.values()):
            inner.parameters.update(group.parameters)
            group.parameters.clear()


def sizes(parameters: Mapping[Slot, FoundParameter]) -> Sizes | None:
    """The kind and the sizes of a module, so that one bad shape is outvoted; None if they fit no LSTM, GRU or RNN."""
    directions = 1 + any(slot.reverse for slot in parameters)
    projected = any(slot.kind == "weight_hr" for slot in parameters)
    sound = [(slot, _upright(slot, each.shape)) for slot, each in parameters.items() if _is_sound(slot, each.shape)]
    inputs, recurrent, projections = (
        [(slot.layer, shape[0], shape[1]) for slot, shape in sound if slot.kind == kind]
        for kind in ("weight_ih", "weight_hh", "weight_hr")
    )
    square = [_gates(rows, columns) for _, rows, columns in recurrent]
    above = [_gates(rows * directions, columns) for layer, rows, columns in inputs if layer]
    told = GATE_COUNTS["LSTM"] if projected else _most_common(square) or _most_common(above)
    gates = told or GATE_COUNTS["LSTM"]
    gate_rows = [shape[0] for slot, shape in sound if slot.kind != "weight_hr"]
    seen_rows = set(gate_rows)
    columns_of = [columns for _, _, columns in recurrent]
    hidden = [rows // gates for rows in gate_rows if rows % gates == 0]
    hidden += [columns for _, _, columns in projections]
    if not projected:
        hidden += [columns for columns in columns_of if columns * gates in seen_rows]
    hidden_size = _most_common(hidden)
    if hidden_size is None:
        return None
    return Sizes(
        kind=KIND_OF[gates],
        input_size=_most_common(
            rows if columns == gates * hidden_size != rows else columns for layer, rows, columns in inputs if not layer
        ),
        hidden_size=hidden_size,
        num_layers=1 + max(slot.layer or 0 for slot in parameters),
        bidirectional=directions == 2,
        bias=any(slot.kind.startswith("bias") for slot in parameters),
        dtype=_most_common(each.dtype for each in parameters.values()) or "",
        proj_size=_most_common([rows for _, rows, _ in projections] + columns_of) or 0 if projected else 0,
        assumed=told is None,
    )


def _is_sound(slot: Slot, shape: Shape) -> bool:
    """Whether a shape has as many axes as it should, none of them empty."""
    return len(shape) == (1 if slot.kind.startswith("bias") else 2) and min(shape) > 0


def _upright(slot: Slot, shape: Shape) -> Shape:
    """A shape, or what it was before it was transposed, as a weight_hh is seen to be: its rows are the gates'."""
    return shape[::-1] if slot.kind == "weight_hh" and _gates(shape[1], shape[0]) else shape


def _gates(rows: int, columns: int) -> int | None:
    """The gates that rows make for each hidden feature, which is a column; None if no kind has so many."""
    gates, rest = divmod(rows, columns)
    return gates if rest == 0 and gates in KIND_OF else None


def _most_common(votes: Iterable[T | None]) -> T | None:
    """The value with most votes; of several the one that came first."""
    counted = Counter(vote for vote in votes if vote is not None).most_common(1)
    return counted[0][0] if counted else None
