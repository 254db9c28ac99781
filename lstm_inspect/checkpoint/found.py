"""What a checkpoint's names and shapes say: each LSTM with its spec and what looks wrong, and the modules beside it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from lstm_inspect.checkpoint.groups import Container, Content, Group, Stored, groups, prefix, where
from lstm_inspect.checkpoint.names import STORED
from lstm_inspect.checkpoint.others import OtherModule, other_of
from lstm_inspect.checkpoint.sizes import GATE_COUNTS, Sizes, sizes
from lstm_inspect.errors import SpecError
from lstm_inspect.theory.contract import Limit, Natural, written
from lstm_inspect.theory.dtypes import DTYPES
from lstm_inspect.theory.expressions import constructor
from lstm_inspect.theory.parameters import Parameter, layer_parameters
from lstm_inspect.theory.shapes import Shape, format_tuple
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.theory.warnings import SpecWarning

CERTAINTY: Final = ("shape", "name", "attribute")
"""What may tell an argument of nn.LSTM, the most certain first."""

SHAPELESS: Final = ("batch_first", "dropout")
"""Arguments of nn.LSTM that shape no parameter: only a whole module tells them."""

BY_NAMES: Final = {
    **dict.fromkeys(("input_size", "hidden_size", "proj_size"), "shape"),
    **dict.fromkeys(("num_layers", "bidirectional", "bias"), "name"),
}
"""What tells each argument of nn.LSTM where parameters bear torch's names."""

_PROBLEMS: Final = (
    "missing-layer",
    "missing-direction",
    "missing-parameter",
    "shape",
    "mixed-dtypes",
    "dtype",
    "sizes",
    "kind",
    "foreign",
)
_MOST_RANGES: Final = 8
_MOST_MODULES: Final = 2_000


@written("id message parameter")
@dataclass(frozen=True, slots=True)
class Problem:
    """Something that looks wrong with an LSTM's parameters.

    Attributes:
        id: missing-layer, missing-direction, missing-parameter, shape, mixed-dtypes, dtype, sizes, kind or foreign.
        message: what it is, in words.
        parameter: torch's name of the parameter at fault; None if it is about more than one.
    """

    id: Annotated[str, Limit(enum=list(_PROBLEMS))]
    message: str
    parameter: str | None = None


@written("name stored_as shape dtype")
@dataclass(frozen=True, slots=True)
class FoundParameter:
    """One parameter of a found LSTM: torch's name, the name that it is stored under, its shape and dtype."""

    name: str
    stored_as: str
    shape: Shape
    dtype: str


@written("argument by")
@dataclass(frozen=True, slots=True)
class Told:
    """An argument of nn.LSTM, and how certain it is: a shape confirms it, or a name or an attribute says it."""

    argument: str
    by: Annotated[str, Limit(enum=list(CERTAINTY))]


@written(
    "name container prefix *sizes parameter_count parameters unknown known_by=told notes problems constructor next"
)
@dataclass(frozen=True, slots=True)
class FoundLSTM:
    """An nn.LSTM that a checkpoint holds.

    Attributes:
        container: the keys that lead to its state dict.
        name: its qualified name, without what a wrapper put before it; empty if the state dict is its own.
        wrapper: what a wrapper (DataParallel, torch.compile) put before every name.
        sizes: what most of its parameters agree on.
        spec: the module to build; None if the sizes are not all known, or not allowed.
        parameters: every parameter that is there, in torch's order.
        known_by: what tells each argument: "shape", "name" or "attribute"; what nothing tells is left out.
        notes: how it is stored, where that is not as it is.
        problems: what looks wrong; empty if everything fits.
    """

    container: Container
    name: str
    wrapper: str
    sizes: Sizes
    spec: LSTMSpec | None
    parameters: Sequence[FoundParameter]
    known_by: Mapping[str, str] = field(default_factory=lambda: BY_NAMES)
    notes: Sequence[str] = ()
    problems: Sequence[Problem] = ()

    @property
    def prefix(self) -> str:
        """What stands before its parameters' names in the state dict."""
        return prefix(self.wrapper, self.name)

    @property
    def unknown(self) -> Sequence[str]:
        """The arguments of nn.LSTM that nothing in the file tells."""
        return [name for name in SHAPELESS if name not in self.known_by]

    @property
    def told(self) -> Sequence[Told]:
        """What tells each argument of nn.LSTM."""
        return [Told(argument, by) for argument, by in self.known_by.items()]

    @property
    def next(self) -> str | None:
        """What to type to go on from there."""
        return None  # spelt by whoever writes the report

    @property
    def parameter_count(self) -> Natural:
        """Numbers in the parameters that are there."""
        return sum(math.prod(shape) for shape in {each.stored_as: each.shape for each in self.parameters}.values())

    @property
    def constructor(self) -> str | None:
        """The call that builds it, as far as a checkpoint can tell; None if its sizes are not all known."""
        return None if self.spec is None else constructor(self.spec)


def recurrent_modules(content: Content) -> tuple[list[FoundLSTM], list[OtherModule]]:
    """Every LSTM among a file's tensors, and every other recurrent module; one that stands there twice, once.

    >>> from lstm_inspect.checkpoint.groups import Entry
    >>> shapes = {"weight_ih_l0": (80, 10), "weight_hh_l0": (80, 20)}
    >>> entries = [Entry((), f"rnn.{name}", shape, "float32") for name, shape in shapes.items()]
    >>> [lstm], _ = recurrent_modules(Content(entries))
    >>> lstm.name, lstm.constructor, lstm.problems
    ('rnn', 'torch.nn.LSTM(10, 20, bias=False)', ())
    """
    lstms: list[FoundLSTM] = []
    others: list[OtherModule] = []
    found = groups(content.entries)
    if len(found) > _MOST_MODULES:
        message = f"it holds {len(found):,} recurrent modules: the first {_MOST_MODULES:,} were looked at"
        content.warnings.append(SpecWarning("too-many", message))
    owners: dict[Hashable, str] = {}
    for group, *twins in _by_numbers(found[:_MOST_MODULES]):
        agreed = None if group.quantized else sizes(group)
        if agreed is None or group.cell or agreed.kind != "LSTM":
            others.append(other_of(group, agreed))
        else:
            attributes = content.attributes.get((group.container, prefix(group.wrapper, group.module)[:-1]), {})
            also = [*_same(twins), *_again(group, content.again), *_shared(group, owners)]
            lstms.append(_lstm(group, agreed, attributes, also))
    return lstms, others


def _by_numbers(found: Iterable[Group]) -> Iterable[list[Group]]:
    """The groups, those together whose parameters are the very same numbers."""
    same: dict[Hashable, list[Group]] = {}
    for group in found:
        places = frozenset((slot, stored.entry.place) for slot, stored in group.parameters.items())
        known = places and all(place is not None for _, place in places)
        same.setdefault(places if known else id(group), []).append(group)
    return same.values()


def _same(twins: Iterable[Group]) -> Iterator[str]:
    return (f"also as {where(twin.module, twin.container)}: the same numbers, counted once" for twin in twins)


def _shared(group: Group, owners: dict[Hashable, str]) -> Iterator[str]:
    """Its parameters that are an earlier module's too; the others become its own."""
    stored = [each.entry for each in group.parameters.values() if each.entry.place is not None]
    twice = [(entry.name, owners[entry.place]) for entry in stored if entry.place in owners]
    owners.update({entry.place: entry.name for entry in stored if entry.place not in owners})
    if twice:
        more = f", and {len(twice) - 1} more so" if len(twice) > 1 else ""
        yield f"{twice[0][0]} and {twice[0][1]} are one tensor under two names{more}"


def _again(group: Group, again: Iterable[tuple[Container, Container]]) -> Iterator[str]:
    """Where else what holds the module is to be found; what holds itself leads nowhere else."""
    path = (*group.container, *prefix(group.wrapper, group.module).split(".")[:-1])
    for first, other in again:
        if path[: len(first)] == first and other[: len(first)] != first:
            yield f"also under {where('', other)}: the same numbers, counted once"


def _lstm(group: Group, agreed: Sizes, attributes: Mapping[str, Any], also: Sequence[str]) -> FoundLSTM:
    try:
        spec, refusal = _spec(agreed, attributes), None
    except SpecError as error:
        spec, refusal = None, Problem("sizes", f"no nn.LSTM has these sizes: {error.message().partition('. ')[0]}")
    parameters = tuple(
        FoundParameter(slot.name, stored.entry.name, stored.entry.shape, stored.entry.dtype)
        for slot, stored in group.parameters.items()
    )
    return FoundLSTM(
        container=group.container,
        name=group.module,
        wrapper=group.wrapper,
        sizes=agreed,
        spec=None if agreed.input_size is None else spec,
        parameters=parameters,
        known_by={**BY_NAMES, **dict.fromkeys(attributes, "attribute")},
        notes=(*_notes(group.parameters.values()), *also),
        problems=(*([refusal] if refusal else ()), *_problems(group, agreed, spec, parameters)),
    )


def _spec(agreed: Sizes, attributes: Mapping[str, Any]) -> LSTMSpec:
    return LSTMSpec(
        input_size=1 if agreed.input_size is None else agreed.input_size,
        hidden_size=agreed.hidden_size,
        num_layers=agreed.num_layers,
        bias=agreed.bias,
        bidirectional=agreed.bidirectional,
        proj_size=agreed.proj_size,
        dtype=agreed.dtype if agreed.dtype in DTYPES else "float32",
        **attributes,
    )


def _notes(parameters: Iterable[Stored]) -> Iterator[str]:
    by_suffix: dict[str, list[str]] = {}
    for stored in parameters:
        if stored.suffix:
            by_suffix.setdefault(stored.suffix, []).append(stored.entry.name)
    for suffix, names in by_suffix.items():
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        yield f"{names[0]}{more}: stored so by {STORED[suffix]}; a plain nn.LSTM has other names"


def _problems(
    group: Group, agreed: Sizes, spec: LSTMSpec | None, parameters: Sequence[FoundParameter]
) -> Iterator[Problem]:
    if agreed.assumed:
        rows = f"{GATE_COUNTS['LSTM']} x {agreed.hidden_size} gate rows"
        yield Problem("kind", f"no weight_hh tells an LSTM from a GRU or an RNN: taken for an LSTM, with {rows}")
    yield from _missing_layers(group, agreed)
    if spec is not None:
        yield from _misfits(group, agreed, spec)
    yield from _dtype_problems(agreed, parameters)


def _missing_layers(group: Group, agreed: Sizes) -> Iterator[Problem]:
    there = sorted({slot.layer or 0 for slot in group.parameters})
    gaps = [(low + 1, high - 1) for low, high in zip([-1, *there], there, strict=False) if high - low > 1]
    for first, last in gaps[:_MOST_RANGES]:
        layers = f"layer {first} is" if first == last else f"layers {first} to {last} are"
        yield Problem("missing-layer", f"{layers} missing, below layer {last + 1}, which is there")
    if len(gaps) > _MOST_RANGES:
        yield Problem("missing-layer", f"and {len(gaps) - _MOST_RANGES} more gaps between the layers that are there")


def _misfits(group: Group, agreed: Sizes, spec: LSTMSpec) -> Iterator[Problem]:
    """What each layer and direction lacks, and shapes that the others contradict."""
    slots: dict[int, set[bool]] = {}
    for slot in group.parameters:
        slots.setdefault(slot.layer or 0, set()).add(slot.reverse)
    found = {slot.name: stored.entry.shape for slot, stored in group.parameters.items()}
    for layer, directions in sorted(slots.items()):
        for direction in spec.directions:
            if (direction == "reverse") not in directions:
                yield Problem("missing-direction", f"layer {layer} has no {direction} direction")
                continue
            for parameter in layer_parameters(spec, layer, direction):
                yield from _misfit(parameter, found.get(parameter.name), agreed)


def _misfit(parameter: Parameter, shape: Shape | None, agreed: Sizes) -> Iterator[Problem]:
    numbers = parameter.formula
    if agreed.input_size is not None or "I" not in parameter.formula:
        numbers = f"{format_tuple(parameter.shape)} = {parameter.formula}"
    if shape is None:
        yield Problem("missing-parameter", f"{parameter.name} is missing: {numbers}", parameter.name)
    elif shape != parameter.shape:
        message = f"{parameter.name} is {format_tuple(shape)}: {numbers} would fit the others"
        yield Problem("shape", message, parameter.name)


def _dtype_problems(agreed: Sizes, parameters: Sequence[FoundParameter]) -> Iterator[Problem]:
    if agreed.dtype not in DTYPES:
        allowed = ", ".join(DTYPES)
        yield Problem("dtype", f"its dtype is {agreed.dtype}: what is built here is {allowed}")
    counts = Counter(parameter.dtype for parameter in parameters)
    if len(counts) > 1:
        odd = [parameter for parameter in parameters if parameter.dtype != agreed.dtype]
        more = f" and {len(odd) - 1} more" if len(odd) > 1 else ""
        message = f"mixed dtypes: {odd[0].name} is {odd[0].dtype}{more}, most are {agreed.dtype}"
        yield Problem("mixed-dtypes", message, odd[0].name)
