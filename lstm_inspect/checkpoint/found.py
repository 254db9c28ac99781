"""What a checkpoint's names and shapes say: each LSTM with its spec and what looks wrong, and the modules beside it."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from lstm_inspect.checkpoint.content import Container, Content, Entry, UnreadableError
from lstm_inspect.checkpoint.groups import GATE_COUNTS, STORED, Group, groups, sizes, where
from lstm_inspect.checkpoint.report import FoundLSTM, FoundParameter, OtherModule, Problem, Sizes
from lstm_inspect.errors import SpecError
from lstm_inspect.theory.dtypes import DTYPES
from lstm_inspect.theory.expressions import construct
from lstm_inspect.theory.parameters import Parameter, layer_parameters
from lstm_inspect.theory.shapes import Shape, format_tuple
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.theory.warnings import SpecWarning
from lstm_inspect.theory.words import some

Direction = dict[str, Entry]
"""The arrays of one layer and direction in another framework, by the parameter of torch that they become."""

_BY_NAMES: Final = {
    **dict.fromkeys(("input_size", "hidden_size", "proj_size"), "shape"),
    **dict.fromkeys(("num_layers", "bidirectional", "bias"), "name"),
}
"""What tells each argument of nn.LSTM where parameters bear torch's names."""

_MOST_RANGES: Final = 8
_MOST_MODULES: Final = 2_000
_CELL: Final = "it runs one time step at a time and has no"
_WHY_NOT: Final = {
    "GRU": "its one state h has no cell state beside it",
    "RNN": "its one state h has no cell state beside it; tanh or relu is not in a checkpoint",
    "LSTMCell": f"{_CELL} layers or directions",
    "GRUCell": f"{_CELL} cell state",
    "RNNCell": f"{_CELL} cell state",
}
_QUANTIZED: Final = "an LSTM made for quantization (torch.ao.nn): its parameters bear names of their own"


def recurrent_modules(content: Content) -> Iterator[FoundLSTM | OtherModule]:
    """Every recurrent module among a file's tensors; one that stands there twice, once.

    >>> shapes = {"weight_ih_l0": (80, 10), "weight_hh_l0": (80, 20)}
    >>> entries = [Entry((), f"rnn.{name}", shape, "float32") for name, shape in shapes.items()]
    >>> [lstm] = recurrent_modules(Content(entries))
    >>> lstm.name, lstm.constructor, lstm.problems
    ('rnn', 'torch.nn.LSTM(10, 20, bias=False)', ())
    """
    found = groups(content.entries)
    if len(found) > _MOST_MODULES:
        message = f"it holds {len(found):,} recurrent modules: the first {_MOST_MODULES:,} were looked at"
        content.warnings.append(SpecWarning("too-many", message))
    owners: dict[Hashable, str] = {}
    for group, *twins in _together_by_numbers(found[:_MOST_MODULES]):
        agreed = sizes(group.parameters)
        if agreed is None or group.kind == "cell" or agreed.kind != "LSTM":
            yield _other(group, agreed)
        else:
            attributes = content.attributes.get((group.container, group.prefix[:-1]), {})
            notes = (*_stored_otherwise(group), *_also(group, twins, content.again), *_shared(group, owners))
            yield _lstm(group, agreed, attributes, notes)


def _together_by_numbers(found: Iterable[Group]) -> Iterable[list[Group]]:
    same: dict[Hashable, list[Group]] = defaultdict(list)
    for group in found:
        placed = [(slot, each.place) for slot, each in group.parameters.items() if each.place is not None]
        same[frozenset(placed) if len(placed) == len(group.parameters) > 0 else id(group)].append(group)
    return same.values()


def _stored_otherwise(group: Group) -> Iterator[str]:
    stored = [each for each in group.parameters.values() if each.suffix]
    for suffix in dict.fromkeys(each.suffix for each in stored):
        names = [each.stored_as for each in stored if each.suffix == suffix]
        yield f"{some(names, 1)}: stored so by {STORED[suffix]}; a plain nn.LSTM has other names"


def _also(group: Group, twins: Iterable[Group], again: Iterable[tuple[Container, Container]]) -> Iterator[str]:
    """Where else it is to be found, or what holds it; what holds itself leads nowhere else."""
    yield from (f"also as {where(twin.name, twin.container)}: the same numbers, counted once" for twin in twins)
    path = (*group.container, *group.prefix.split(".")[:-1])
    elsewhere = (other for first, other in again if path[: len(first)] == first and other[: len(first)] != first)
    yield from (f"also under {where('', other)}: the same numbers, counted once" for other in elsewhere)


def _shared(group: Group, owners: dict[Hashable, str]) -> Iterator[str]:
    """Its parameters that are an earlier module's too; the others become its own."""
    placed = [each for each in group.parameters.values() if each.place is not None]
    twice = [(each.stored_as, owners[each.place]) for each in placed if each.place in owners]
    owners |= {each.place: each.stored_as for each in placed if each.place not in owners}
    if twice:
        more = f", and {len(twice) - 1} more so" if len(twice) > 1 else ""
        yield f"{twice[0][0]} and {twice[0][1]} are one tensor under two names{more}"


def _lstm(group: Group, agreed: Sizes, attributes: Mapping[str, Any], notes: Sequence[str]) -> FoundLSTM:
    refusal, spec = [], None
    try:
        spec = agreed.spec(attributes)
    except SpecError as error:
        refusal = [Problem("sizes", f"no nn.LSTM has these sizes: {error.message().partition('. ')[0]}")]
    return FoundLSTM(
        group.container,
        group.name,
        group.wrapper,
        sizes=agreed,
        spec=None if agreed.input_size is None else spec,
        parameters=tuple(group.parameters.values()),
        known_by={**_BY_NAMES, **dict.fromkeys(attributes, "attribute")},
        notes=notes,
        problems=(*refusal, *_problems(group, agreed, spec)),
    )


def _problems(group: Group, agreed: Sizes, spec: LSTMSpec | None) -> Iterator[Problem]:
    if agreed.assumed:
        rows = f"{GATE_COUNTS['LSTM']} x {agreed.hidden_size} gate rows"
        yield Problem("kind", f"no weight_hh tells an LSTM from a GRU or an RNN: taken for an LSTM, with {rows}")
    yield from _missing_layers(sorted({slot.layer or 0 for slot in group.parameters}))
    if spec is not None:
        yield from _misfits(group, agreed, spec)
    if agreed.dtype not in DTYPES:
        yield Problem("dtype", f"its dtype is {agreed.dtype}: what is built here is {', '.join(DTYPES)}")
    odd = [parameter for parameter in group.parameters.values() if parameter.dtype != agreed.dtype]
    if odd:
        more = f" and {len(odd) - 1} more" if len(odd) > 1 else ""
        message = f"mixed dtypes: {odd[0].name} is {odd[0].dtype}{more}, most are {agreed.dtype}"
        yield Problem("mixed-dtypes", message, odd[0].name)


def _missing_layers(there: Sequence[int]) -> Iterator[Problem]:
    gaps = [(low + 1, high - 1) for low, high in zip([-1, *there], there, strict=False) if high - low > 1]
    for first, last in gaps[:_MOST_RANGES]:
        layers = f"layer {first} is" if first == last else f"layers {first} to {last} are"
        yield Problem("missing-layer", f"{layers} missing, below layer {last + 1}, which is there")
    if len(gaps) > _MOST_RANGES:
        yield Problem("missing-layer", f"and {len(gaps) - _MOST_RANGES} more gaps between the layers that are there")


def _misfits(group: Group, agreed: Sizes, spec: LSTMSpec) -> Iterator[Problem]:
    """What each layer and direction lacks, and shapes that the others contradict."""
    there = {(slot.layer or 0, slot.reverse) for slot in group.parameters}
    found = {each.name: each.shape for each in group.parameters.values()}
    for layer in sorted({layer for layer, _ in there}):
        for direction in spec.directions:
            if (layer, direction == "reverse") not in there:
                yield Problem("missing-direction", f"layer {layer} has no {direction} direction")
                continue
            for parameter in layer_parameters(spec, layer, direction):
                known = agreed.input_size is not None or "I" not in parameter.formula
                fits = f"{format_tuple(parameter.shape)} = {parameter.formula}" if known else parameter.formula
                if found.get(parameter.name) != parameter.shape:
                    yield _misfit(parameter, found.get(parameter.name), fits)


def _misfit(parameter: Parameter, shape: Shape | None, fits: str) -> Problem:
    name = parameter.name
    if shape is None:
        return Problem("missing-parameter", f"{name} is missing: {fits}", name)
    turned = "it is transposed, " if shape[::-1] == parameter.shape else ""
    return Problem("shape", f"{name} is {format_tuple(shape)}: {turned}{fits} would fit the others", name)


def _other(group: Group, agreed: Sizes | None) -> OtherModule:
    place = group.container, group.name, group.wrapper
    if group.kind == "quantized":
        return OtherModule(*place, "quantized LSTM", None, _QUANTIZED)
    if agreed is None:
        first = next(iter(group.parameters.values()))
        shape = f"{first.name} is {format_tuple(first.shape)}"
        message = f"named like a recurrent module, but its shapes fit no LSTM, GRU or RNN: {shape}"
        return OtherModule(*place, "unknown", None, message)
    return other_module(*place, agreed.kind + ("Cell" if group.kind == "cell" else ""), agreed)


def other_module(container: Container, name: str, wrapper: str, kind: str, agreed: Sizes) -> OtherModule:
    """A recurrent module that is no nn.LSTM, with a sentence that says what it is."""
    width = "?" if agreed.input_size is None else agreed.input_size
    given = {name: getattr(agreed, name) for name in ("num_layers", "bias", "bidirectional")}
    call = construct(kind, width, agreed.hidden_size, **given)
    gates = GATE_COUNTS[agreed.kind]
    rows = f"{gates} x {agreed.hidden_size} gate rows" if gates > 1 else f"{agreed.hidden_size} rows, no gates"
    message = f"{'an' if kind[0] in 'LR' else 'a'} {kind} ({rows}), {call}: {_WHY_NOT[kind]}"
    return OtherModule(container, name, wrapper, kind, agreed, message)


def foreign_module(
    name: str,
    kind: str,
    sizes: tuple[int | None, int],
    layers: Sequence[Sequence[Direction]],
    *,
    batch_first: bool,
    known_by: Mapping[str, str],
    notes: Sequence[str] = (),
    obstacles: Iterable[str] = (),
) -> FoundLSTM | OtherModule:
    """A recurrent module of another framework as torch's: which of its arrays become which parameter.

    Args:
        sizes: input_size, None if nothing tells it, and hidden_size.
        layers: from the lowest, each with its directions, forward first.
        obstacles: what it does that torch's module does not.
    """
    parameters = [
        FoundParameter(f"{part}_l{layer}{end}", array.name, array.shape, array.dtype)
        for layer, directions in enumerate(layers)
        for end, direction in zip(("", "_reverse"), directions, strict=False)
        for part, array in direction.items()
    ]
    agreed = Sizes(
        kind=kind,
        input_size=sizes[0],
        hidden_size=sizes[1],
        num_layers=len(layers),
        bidirectional=len(layers[0]) == 2,
        bias="bias_ih" in layers[0][0],
        dtype=parameters[0].dtype if parameters else "float32",
    )
    if kind != "LSTM":
        return other_module((), name, "", kind, agreed)
    try:
        spec = agreed.spec({"batch_first": batch_first})
    except SpecError as error:
        raise UnreadableError(f"no nn.LSTM has the sizes of {name}: {error.message().partition('. ')[0]}") from None
    problems = [Problem("foreign", obstacle) for obstacle in obstacles]
    return FoundLSTM((), name, "", agreed, None if sizes[0] is None else spec, parameters, known_by, notes, problems)
