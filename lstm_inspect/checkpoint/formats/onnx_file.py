"""The recurrent nodes of an ONNX model: sizes by their initializers, layers that read one another as one module."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from lstm_inspect.checkpoint.content import Entry, UnreadableError
from lstm_inspect.checkpoint.found import Direction, foreign_module
from lstm_inspect.checkpoint.report import FoundLSTM, OtherModule
from lstm_inspect.errors import one_line

_QUANTIZED: Final = "DynamicQuantizeLSTM"
_INT8: Final = "an LSTM of ONNX Runtime, quantized: its weights are int8, with scales beside them"
_WORKED_OUT: Final = "its weights are worked out in the graph, from tensors that it holds in another order"
_KNOWN_BY: Final = {
    "input_size": "shape",
    **dict.fromkeys(("hidden_size", "num_layers", "bidirectional", "bias", "batch_first"), "attribute"),
}
_MOVES_AXES: Final = ("Transpose", "Reshape", "Squeeze", "Unsqueeze", "Identity", "Dropout", "Cast")
_PARTS: Final = (("weight_ih", 1), ("weight_hh", 2), ("bias_ih", 3), ("bias_hh", 3))
_DEFAULTS: Final = {"LSTM": [b"Sigmoid", b"Tanh", b"Tanh"], "GRU": [b"Sigmoid", b"Tanh"], "RNN": [b"Tanh"]}
_DTYPES: Final = {1: "float32", 10: "float16", 11: "float64", 16: "bfloat16", 2: "uint8", 3: "int8", 6: "int32"}


def load(path: Path) -> Any:
    """The model, without what lies in other files."""
    try:
        import onnx
    except ModuleNotFoundError:
        reason = "it is a model of ONNX, and onnx, which reads it, is not installed"
        raise UnreadableError(reason, 'pip install "lstm-inspect[onnx]"') from None
    try:
        model = onnx.load(str(path), load_external_data=False)
    except Exception:  # protobuf's own errors, and more
        raise UnreadableError("it is truncated or damaged: it can't be read as a model of ONNX") from None
    if not model.graph.node:
        raise UnreadableError("it is no model of ONNX: there is no node in it")
    return model


def graphs(graph: Any) -> Iterator[Any]:
    """A graph and every graph in it: the branches of If, the bodies of Loop."""
    yield graph
    attributes = (each for node in graph.node for each in node.attribute)
    for inner in (part for each in attributes for part in (each.g, *each.graphs) if part.node):
        yield from graphs(inner)


def constants(graph: Any) -> dict[str, Any]:
    """The tensors that a graph holds, by name: initializers and constants."""
    found = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant":
            found |= dict.fromkeys(node.output, next((each.t for each in node.attribute if each.name == "value"), None))
        elif node.op_type == "Identity" and node.input[0] in found:
            found[node.output[0]] = found[node.input[0]]
    return found


def arrays(path: Path, wanted: set[str]) -> dict[str, Any]:
    """The numbers of some tensors, by name: those that the file holds."""
    from onnx import numpy_helper

    held = {one_line(name): each for graph in graphs(load(path).graph) for name, each in constants(graph).items()}
    return {name: numpy_helper.to_array(held[name], str(path.parent)) for name in wanted if name in held}


def content(path: Path) -> tuple[list[Entry], list[FoundLSTM | OtherModule]]:
    """Every tensor that it holds, and every recurrent module."""
    model = load(path)
    try:
        return _read(_followed(model))
    except UnreadableError:
        raise
    except Exception as error:  # of a damaged model protobuf gives values of any type
        raise UnreadableError(f"it is damaged ({type(error).__name__} amid its nodes)") from None


def _followed(model: Any) -> Any:
    """The model with the shapes of weights that its graph works out; as it is where there are none, or onnx can't."""
    import onnx

    stored = {name for graph in graphs(model.graph) for name in constants(graph)}
    nodes = [node for graph in graphs(model.graph) for node in graph.node if node.op_type in _DEFAULTS]
    if all(name in stored for node in nodes for name in node.input[1:3]):
        return model
    try:
        return onnx.shape_inference.infer_shapes(model, data_prop=True)
    except Exception:
        return model


def _read(model: Any) -> tuple[list[Entry], list[FoundLSTM | OtherModule]]:
    stored: dict[str, Entry] = {}
    held: dict[str, Entry] = {}  # and what the graph works out
    found: list[FoundLSTM | OtherModule] = []
    for graph in graphs(model.graph):
        for value in graph.value_info:
            kind = value.type.tensor_type
            if kind.shape.dim:
                held[value.name] = _entry(value.name, (axis.dim_value for axis in kind.shape.dim), kind.elem_type)
        tensors = {name: tensor for name, tensor in constants(graph).items() if tensor is not None}
        stored |= {name: _entry(name, each.dims, each.data_type) for name, each in tensors.items()}
        held |= stored
        found += _modules(graph, held, stored)
    return [entry for entry in stored.values() if entry.shape], found


def _entry(name: str, axes: Iterable[int], dtype: int) -> Entry:
    return Entry((), one_line(name)[:500], tuple(axes), _DTYPES.get(dtype, f"data type {dtype}"))


class _Layer:
    """A node as one layer of a module."""

    def __init__(self, node: Any, held: Mapping[str, Entry]) -> None:
        import onnx

        value = onnx.helper.get_attribute_value
        said = {each.name: value(each) for each in node.attribute}
        names = dict(enumerate(node.input))
        parts = {kind: held[names[place]] for kind, place in _PARTS if names.get(place) in held}
        self.node, self.said = node, said
        self.directions: list[Direction] = [parts] * (1 + (said.get("direction") == b"bidirectional"))
        self.form = (node.op_type, said.get("hidden_size"), said.get("direction", b"forward"), bool(names.get(3)))
        self.obstacles = list(self._obstacles())

    def _obstacles(self) -> Iterator[str]:
        """What a node does that nn.LSTM does not."""
        if self.said.get("direction") == b"reverse":
            yield 'direction="reverse" alone: nn.LSTM has the reverse direction beside the forward one only'
        defaults = _DEFAULTS[self.node.op_type] * len(self.directions)
        if self.said.get("activations", defaults) != defaults:
            names = ", ".join(name.decode("utf-8", "replace") for name in self.said["activations"])
            yield f"its activations are {one_line(names)}: nn.LSTM has sigmoid and tanh alone"
        yield from (f"it has {name}: nn.LSTM has none" for name in ("clip", "input_forget") if self.said.get(name))
        if len(self.node.input) > 7 and self.node.input[7]:
            yield "it has peepholes (P): nn.LSTM has none"


def _modules(graph: Any, held: Mapping[str, Entry], stored: Collection[str]) -> Iterator[FoundLSTM | OtherModule]:
    """Each chain of layers as one module."""
    layers = {at: _Layer(node, held) for at, node in enumerate(graph.node) if node.op_type in _DEFAULTS}
    above = _above(graph, layers)
    tops = set(above.values())
    for at, node in enumerate(graph.node):
        if node.op_type == _QUANTIZED:
            yield OtherModule((), one_line(node.name), "", "quantized LSTM", None, _INT8)
        elif at in layers and at not in tops:
            chain = [at]
            while chain[-1] in above:
                chain.append(above[chain[-1]])
            yield _module([layers[each] for each in chain], stored)


def _above(graph: Any, layers: Mapping[int, _Layer]) -> dict[int, int]:
    """Pairs of layers of one module: the upper one reads the whole output of the lower one, and nothing else does."""
    maker = {name: at for at, node in enumerate(graph.node) for name in node.output}
    readers = Counter(name for node in graph.node if node.op_type != "Shape" for name in node.input)
    readers.update(output.name for output in graph.output)
    found = {}
    for at, layer in layers.items():
        name = layer.node.input[0]
        while readers[name] == 1 and name in maker and graph.node[maker[name]].op_type in _MOVES_AXES:
            name = graph.node[maker[name]].input[0]
        below = layers.get(maker.get(name, -1))
        if below is None or readers[name] != 1 or name != below.node.output[0]:
            continue
        if layer.form == below.form and not layer.obstacles and not below.obstacles:
            found[maker[name]] = at
    return found


def _module(chain: Sequence[_Layer], stored: Collection[str]) -> FoundLSTM | OtherModule:
    first = chain[0]
    kernel = first.directions[0].get("weight_ih")
    return foreign_module(
        name=one_line(first.node.name or first.node.output[0]),
        kind=first.node.op_type,
        sizes=(kernel.shape[2] if kernel and len(kernel.shape) == 3 else None, first.said.get("hidden_size", 0)),
        layers=[layer.directions for layer in chain],
        batch_first=first.said.get("layout", 0) == 1,
        known_by=_KNOWN_BY,
        notes=[] if first.node.input[1] in stored else [_WORKED_OUT],
        obstacles=[each for layer in chain for each in layer.obstacles],
    )
