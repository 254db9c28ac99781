"""The recurrent modules of a state dict, found by the names of their parameters.

Foreign facts: torch's nn.RNNBase and nn.LSTMCell name the parameters; torch.nn.utils' weight_norm, spectral_norm,
prune and parametrize, and the weight drop of AWD-LSTM (Merity et al., 2017), store them under names of their own.
"""

import re
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from os.path import commonprefix
from typing import Any, Final, NamedTuple

from lstm_inspect.theory.shapes import Shape
from lstm_inspect.theory.warnings import SpecWarning

Container = tuple["str | int", ...]
"""The keys that lead from what a file holds to one of its state dicts; empty if it is one itself."""

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
    r"(?P<stored>\.original[01]?|_orig|_raw|_[vgu]|_mask|)",
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

    @property
    def name(self) -> str:
        """torch's name: "weight_ih_l1_reverse"; a cell's has no layer, "bias_hh"."""
        return self.kind if self.layer is None else f"{self.kind}_l{self.layer}{'_reverse' if self.reverse else ''}"

    def order(self) -> tuple[int, bool, int]:
        """Sorts slots as ``module.named_parameters()`` does."""
        return (self.layer or 0, self.reverse, KINDS.index(self.kind))


@dataclass(frozen=True, slots=True)
class Entry:
    """One tensor of a file: its state dict, its name there, its shape and dtype ("float32").

    The place is where its numbers lie, the same for two names of one tensor; None where a format keeps each apart.
    """

    container: Container
    name: str
    shape: Shape
    dtype: str
    place: Hashable = None


@dataclass(slots=True)
class Content:
    """What was read of a file."""

    entries: list[Entry] = field(default_factory=list)  #: every tensor.
    #: of whole recurrent modules, by container and name: what a state dict can't say.
    attributes: dict[tuple[Container, str], dict[str, Any]] = field(default_factory=dict)
    #: pairs of paths that lead to one thing: the first, and another one.
    again: list[tuple[Container, Container]] = field(default_factory=list)
    runs: tuple[str, ...] = ()  #: the globals that it asks for beyond those of tensors and plain containers.
    warnings: list[SpecWarning] = field(default_factory=list)  #: what to know of how it was read.


class Stored(NamedTuple):
    """A parameter as it is stored: the tensor, and the suffix that its name bears (see STORED)."""

    entry: Entry
    suffix: str


@dataclass(frozen=True, slots=True)
class Found:
    """A recurrent module, by where it stands in a file."""

    container: Container  #: the keys that lead to its state dict.
    name: str  #: its qualified name, without what a wrapper put before it; empty if the state dict is its own.
    wrapper: str  #: what a wrapper (DataParallel, torch.compile) put before every name.

    @property
    def prefix(self) -> str:
        """What stands before its parameters' names in the state dict: "module.encoder.lstm."."""
        return f"{self.wrapper}{self.name}." if self.name else self.wrapper


@dataclass(frozen=True, slots=True)
class Group(Found):
    """The parameters of one recurrent module: the tensors by slot; none if it is an LSTM made for quantization."""

    parameters: dict[Slot, Stored] = field(default_factory=dict)

    @property
    def cell(self) -> bool:
        """Whether it is a cell, which has no layers."""
        return any(slot.layer is None for slot in self.parameters)


def groups(entries: Iterable[Entry]) -> list[Group]:
    """The recurrent modules among a file's tensors, in the file's order.

    >>> found = groups([Entry((), "rnn.weight_ih_l0", (80, 10), "float32"), Entry((), "fc.bias", (2,), "float32")])
    >>> [(group.name, [slot.name for slot in group.parameters]) for group in found]
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
    if match["stored"].startswith("."):
        module, _, last = module.rpartition(".")
        if last != "parametrizations":
            return None
    slot = Slot(match["kind"], None if layer is None else int(layer), match["reverse"] is not None)
    return module, slot, match["stored"]


def _groups_of(entries: Sequence[Entry]) -> Iterator[Group]:
    """Those of one state dict: what stands before all of its names was put there by wrappers."""
    names = [entry.name for entry in entries if entry.name not in _BESIDE_WRAPPED]
    wrapped = _WRAPPED.match(commonprefix(names))  # noqa: RUF071 - names are no paths
    wrapper = wrapped[0] if wrapped else ""
    found: dict[tuple[str, str], Group] = {}
    for entry in entries:
        _take(entry, wrapper, found)
    _join_weight_drop(found)
    for (_, kind), group in found.items():
        if group.parameters or kind == "quantized":
            ordered = sorted(group.parameters.items(), key=lambda item: item[0].order())
            yield replace(group, parameters=dict(ordered))


def _take(entry: Entry, wrapper: str, found: dict[tuple[str, str], Group]) -> None:
    """Put a tensor with its module's others; of two ways in which a parameter is stored the better one stays."""
    name = entry.name.removeprefix(wrapper)
    quantized = _QUANTIZED.fullmatch(name)
    if quantized is not None:
        module = quantized["module"] or ""
        found.setdefault((module, "quantized"), Group(entry.container, module, wrapper))
        return
    module, slot, stored = parse(name) or ("", None, "")
    vector = stored == "_v" and len(entry.shape) < 2  # spectral_norm's; weight_norm's has the weight's shape
    if slot is None or stored not in _RANK or vector:
        return
    key = (module, "cell" if slot.layer is None else "layers")
    parameters = found.setdefault(key, Group(entry.container, module, wrapper)).parameters
    if slot not in parameters or _RANK[stored] < _RANK[parameters[slot].suffix]:
        parameters[slot] = Stored(entry, stored)


def _join_weight_drop(found: dict[tuple[str, str], Group]) -> None:
    """Weight drop keeps the raw weight in a wrapper around the LSTM, which is its ``module``."""
    for (module, kind), group in found.items():
        inner = found.get((f"{module}.module" if module else "module", kind))
        if inner is not None and all(stored.suffix == "_raw" for stored in group.parameters.values()):
            inner.parameters.update(group.parameters)
            group.parameters.clear()
