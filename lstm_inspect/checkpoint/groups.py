"""The recurrent modules of a state dict, found by the names of their parameters."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

from lstm_inspect.checkpoint.names import STORED, Slot, parse, quantized_module
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

_BESIDE_WRAPPED: Final = {"n_averaged"}  # torch.optim.swa_utils.AveragedModel's own buffer
_LONGEST_WRAPPER: Final = 200  # characters
_RANK: Final = {stored: rank for rank, stored in enumerate(STORED)}


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
    """What was read of a file.

    Attributes:
        entries: every tensor.
        attributes: of whole recurrent modules, by container and name: what a state dict can't say.
        again: pairs of paths that lead to one thing: the first, and another one.
        runs: the globals that it asks for beyond those of tensors and plain containers.
        warnings: what to know of how it was read.
    """

    entries: list[Entry] = field(default_factory=list)
    attributes: dict[tuple[Container, str], dict[str, Any]] = field(default_factory=dict)
    again: list[tuple[Container, Container]] = field(default_factory=list)
    runs: tuple[str, ...] = ()
    warnings: list[SpecWarning] = field(default_factory=list)


class Stored(NamedTuple):
    """A parameter as it is stored: the tensor, and the suffix that its name bears (see STORED)."""

    entry: Entry
    suffix: str


@dataclass(frozen=True, slots=True)
class Group:
    """The parameters of one recurrent module.

    Attributes:
        container: the state dict's place in the file.
        module: the module's qualified name, without what a wrapper put before it; empty for the model itself.
        wrapper: what a wrapper put before it.
        parameters: the tensors by slot, in torch's order; none if it is an LSTM made for quantization.
    """

    container: Container
    module: str
    wrapper: str
    parameters: dict[Slot, Stored] = field(default_factory=dict)

    @property
    def cell(self) -> bool:
        """Whether it is a cell, which has no layers."""
        return any(slot.layer is None for slot in self.parameters)


def groups(entries: Iterable[Entry]) -> list[Group]:
    """The recurrent modules among a file's tensors, in the file's order.

    >>> found = groups([Entry((), "rnn.weight_ih_l0", (80, 10), "float32"), Entry((), "fc.bias", (2,), "float32")])
    >>> [(group.module, [slot.name for slot in group.parameters]) for group in found]
    [('rnn', ['weight_ih_l0'])]
    """
    containers: dict[Container, list[Entry]] = {}
    for entry in entries:
        containers.setdefault(entry.container, []).append(entry)
    return [group for container in containers.values() for group in _groups_of(container)]


def prefix(wrapper: str, module: str) -> str:
    """What stands before the names of a module's parameters in the state dict.

    >>> prefix("module.", "encoder.lstm"), prefix("", "")
    ('module.encoder.lstm.', '')
    """
    return f"{wrapper}{module}." if module else wrapper


def where(module: str, container: Container) -> str:
    """A module's name and, if its state dict stands inside something, in what.

    >>> where("encoder", ("best", 0))
    "encoder, in ['best'][0]"
    """
    keys = "".join(f"[{key!r}]" for key in container)
    return ", in ".join(part for part in (module, keys) if part) or "the LSTM itself"


def _wrapper_of(names: Iterable[str]) -> str:
    """What wrappers put before all names of a state dict; empty if nothing."""
    found, rest = "", [name for name in names if name not in _BESIDE_WRAPPED]
    while rest and len(found) < _LONGEST_WRAPPER:
        wrapper = next((each for each in WRAPPERS if all(name.startswith(each) for name in rest)), None)
        if wrapper is None:
            break
        found, rest = found + wrapper, [name.removeprefix(wrapper) for name in rest]
    return found


def _groups_of(entries: Sequence[Entry]) -> Iterator[Group]:
    wrapper = _wrapper_of(entry.name for entry in entries)
    found: dict[tuple[str, str], Group] = {}
    for entry in entries:
        _take(entry, wrapper, found)
    _join_weight_drop(found)
    for (_, kind), group in found.items():
        if group.parameters or kind == "quantized":
            ordered = dict(sorted(group.parameters.items(), key=lambda item: item[0].order))
            yield replace(group, parameters=ordered)


def _take(entry: Entry, wrapper: str, found: dict[tuple[str, str], Group]) -> None:
    """Put a tensor with its module's others; of two ways in which a parameter is stored the better one stays."""
    name = entry.name.removeprefix(wrapper)
    quantized = quantized_module(name)
    if quantized is not None:
        found.setdefault((quantized, "quantized"), Group(entry.container, quantized, wrapper))
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
