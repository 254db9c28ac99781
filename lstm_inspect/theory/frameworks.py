"""Gate order and layout of other frameworks beside torch's, and the expressions that convert one into the other.

The layouts, the expressions and the functions that are shown stand in frameworks.toml, with their sources.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from lstm_inspect.errors import SpecError
from lstm_inspect.theory.contract import record
from lstm_inspect.theory.expressions import constructor
from lstm_inspect.theory.parameters import gates
from lstm_inspect.theory.spec import LSTMSpec

_NO_PROJECTION: Final = "LSTM there has no projection: proj_size has no counterpart, so there is nothing to convert to"
_PARTS: Final = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
_TABLE: Final = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


@record()
class Layout:
    """How one framework lays an LSTM's weights out."""

    framework: str  #: its name.
    gates: str  #: the gates in its order, by its own letters.
    kernels: str  #: the layout of its kernels, in letters; in is what the layer reads.
    bias: str  #: the layout of its biases, in letters.
    state: str  #: the layout of its initial and final states, in letters.


LAYOUTS: Final = tuple(Layout(**layout) for layout in _TABLE["layout"])
FRAMEWORKS: Final = ("keras", "onnx", "flax")
"""The frameworks that ``code`` knows."""


@record()
class Assignment:
    """A name in one framework and the expression over the other's names that gives its value."""

    name: str
    expression: str


@record()
class Conversion:
    """One layer's weights from torch to a framework and back."""

    framework: str  #: its name, as in ``LAYOUTS``.
    from_torch: tuple[Assignment, ...]  #: what the framework takes, over ``torch lstm h0 c0``.
    #: what ``lstm.load_state_dict`` takes, over ``torch`` and the framework's own names, as tensors.
    to_torch: tuple[Assignment, ...]
    #: what torch calls output, over the framework's own result; None if it has that form already.
    result: Assignment | None
    note: str  #: what else there is to know.


def conversions(spec: LSTMSpec, layer: int = 0, direction: int = 0) -> tuple[Conversion, ...]:
    """The conversions of one layer; none with a projection, which only torch has.

    Args:
        direction: 0 forward, 1 reverse; ONNX keeps all directions of a layer in one tensor.

    >>> conversions(LSTMSpec())[0].from_torch[0]
    Assignment(name='kernel', expression='lstm.weight_ih_l0.T')
    """
    return () if spec.proj_size else tuple(_conversion(spec, _TABLE[name], layer, direction) for name in FRAMEWORKS)


def code(spec: LSTMSpec, framework: str) -> str:
    """Functions that convert every layer and direction, to a framework and back: Python to paste.

    Raises:
        SpecError: the LSTM has a projection, which only torch has.

    >>> names = {}
    >>> exec(code(LSTMSpec(), "keras"), names)
    >>> sorted(name for name in names if name.startswith("lstm"))
    ['lstm_from_keras', 'lstm_to_keras']
    """
    if spec.proj_size:
        raise SpecError("proj_size", str(spec.proj_size), f"0: {_NO_PROJECTION}", "{proj_size=0}")
    of = _TABLE[framework]
    there = _expressions(spec, of, "there", {part: part for part in _PARTS})
    back = _expressions(spec, of, "back", {name: name for name in there})
    names = of.get("names", ", ".join(there))
    parts = _PARTS if spec.bias else _PARTS[:2]
    lines = ([of["first"]] if "first" in of else []) + [f"{name} = {each}" for name, each in there.items()]
    text: str = _TABLE["functions"]["code"]
    return text.format(
        framework=framework,
        needs=of.get("needs", ""),
        constructor=constructor(spec.replace(batch_first=False, dropout=0.0)),
        ends='"", "_reverse"' if spec.bidirectional else '"",',
        layers=spec.num_layers,
        parts=", ".join(parts),
        quoted=", ".join(f'"{part}"' for part in parts),
        exact=".float()" if spec.dtype == "bfloat16" else "",  # numpy has no such dtype
        told=of["told"],
        there="".join(f"            {line}\n" for line in lines),
        names=names,
        join=of["join"],
        take=of["take"].format(names=names, count=len(there)),
        back="".join(f'            state["{name}" + place] = {each}\n' for name, each in back.items()),
    )


def _expressions(spec: LSTMSpec, of: Mapping[str, Any], way: str, names: Mapping[str, str]) -> dict[str, str]:
    """What a framework takes, or gives back, with a spec's numbers and the names of what it is made of."""
    numbers = {gate.letter: f"{gate.start}:{gate.stop}" for gate in gates(spec)}
    numbers |= {"H": str(spec.hidden_size), "rows": str(4 * spec.hidden_size)}
    texts = of[way] | of.get(f"{way}_{'bias' if spec.bias else 'unbiased'}", {})
    return {name: text.format_map({**numbers, **names}) for name, text in texts.items()}


def _conversion(spec: LSTMSpec, of: Mapping[str, Any], layer: int, direction: int) -> Conversion:
    """One layer's conversion: of one direction, or of all where a framework keeps them in one tensor."""
    stacked, first = "stacked" in of, layer * spec.num_directions
    directions = range(spec.num_directions) if stacked else [direction]
    ends = [f"_l{layer}" + ("_reverse" if each else "") for each in directions]
    each = [_expressions(spec, of, "there", {part: f"lstm.{part}{end}" for part in _PARTS}) for end in ends]
    joined = "torch.stack([{}])" if stacked else "{}"
    there = {name: joined.format(", ".join(one[name] for one in each)) for name in each[0]}
    rows = {"row": first + direction, "layer_rows": f"{first}:{first + spec.num_directions}"}
    there |= {name: text.format_map(rows) for name, text in of["state"].items()}
    back = {
        name + end: expression
        for place, end in enumerate(ends)
        for name, expression in _expressions(spec, of, "back", {name: f"{name}[{place}]" for name in there}).items()
    }
    note = of["note"] if spec.bias else f"{of['note']}; {of['without_bias']}"
    result = next(iter(_assign(of.get("result", {}))), None)
    return Conversion(of["name"], _assign(there), _assign(back), result, note)


def _assign(pairs: Mapping[str, str]) -> tuple[Assignment, ...]:
    return tuple(Assignment(name, expression) for name, expression in pairs.items())
