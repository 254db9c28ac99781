"""The recurrent nodes of an ONNX model: sizes by their initializers, layers that read one another as one module."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from lstm_inspect.checkpoint.found import Direction, Part, foreign_module
from lstm_inspect.checkpoint.groups import Entry
from lstm_inspect.checkpoint.refusal import UnreadableError, printable
from lstm_inspect.checkpoint.report import FoundLSTM, OtherModule

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

    held = {printable(name): each for graph in graphs(load(path).graph) for name, each in constants(graph).items()}
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
    stored: dict[str, Part] = {}
    held: dict[str, Part] = {}  # and what the graph works out
    found: list[FoundLSTM | OtherModule] = []
    for graph in graphs(model.graph):
        tensors = {name: tensor for name, tensor in constants(graph).items() if tensor is not None}
        stored |= {name: _part(printable(name)[:500], each.dims, each.data_type) for name, each in tensors.items()}
        for value in graph.value_info:
            kind = value.type.tensor_type
            if kind.shape.dim:
                axes = (axis.dim_value for axis in kind.shape.dim)
                held[value.name] = _part(printable(value.name), axes, kind.elem_type)
        held |= stored
        found += _Graph(graph, held, set(stored)).modules()
    return [Entry((), *part) for part in stored.values() if part[1]], found


def _part(name: str, axes: Iterable[int], dtype: int) -> Part:
    return name, tuple(axes), _DTYPES.get(dtype, f"data type {dtype}")


class _Graph:
    """The nodes of one graph by what they make."""

    def __init__(self, graph: Any, held: dict[str, Part], stored: set[str]) -> None:
        import onnx

        self.nodes = [node for node in graph.node if node.op_type in (*_DEFAULTS, _QUANTIZED)]
        self.maker = {name: node for node in graph.node for name in node.output}
        self.readers = Counter(name for node in graph.node if node.op_type != "Shape" for name in node.input)
        self.readers.update(output.name for output in graph.output)
        self.held, self.stored = held, stored
        value = onnx.helper.get_attribute_value
        layers = [node for node in self.nodes if node.op_type in _DEFAULTS]
        self.said = {id(node): {each.name: value(each) for each in node.attribute} for node in layers}

    def modules(self) -> Iterator[FoundLSTM | OtherModule]:
        """Each chain of layers as one module."""
        layers = [node for node in self.nodes if node.op_type in _DEFAULTS]
        above = {id(below): node for node in layers if (below := self._below(node)) is not None}
        tops = {id(node) for node in above.values()}
        for node in self.nodes:
            if node.op_type == _QUANTIZED:
                yield OtherModule((), printable(node.name), "", "quantized LSTM", None, _INT8)
            elif id(node) not in tops:
                chain = [node]
                while id(chain[-1]) in above:
                    chain.append(above[id(chain[-1])])
                yield self._module(chain)

    def _below(self, node: Any) -> Any:
        """The node whose whole output this one reads, and nothing else does, if it is a layer of the same module."""
        name = node.input[0]
        while (maker := self.maker.get(name)) is not None and self.readers[name] == 1:
            if maker.op_type in _DEFAULTS:
                alike = name == maker.output[0] and self._shape_of(maker) == self._shape_of(node)
                return maker if alike and not self._obstacles(maker) and not self._obstacles(node) else None
            if maker.op_type not in _MOVES_AXES:
                return None
            name = maker.input[0]
        return None

    def _shape_of(self, node: Any) -> tuple[Any, ...]:
        """What all layers of one module have in common."""
        said, has_bias = self.said[id(node)], len(node.input) > 3 and bool(node.input[3])
        return node.op_type, said.get("hidden_size"), said.get("direction", b"forward"), has_bias

    def _module(self, chain: list[Any]) -> FoundLSTM | OtherModule:
        first, said = chain[0], self.said[id(chain[0])]
        layers = [self._directions(node) for node in chain]
        kernel = layers[0][0].get("weight_ih")
        return foreign_module(
            name=printable(first.name or first.output[0]),
            kind=first.op_type,
            sizes=(kernel[1][2] if kernel and len(kernel[1]) == 3 else None, said.get("hidden_size", 0)),
            layers=layers,
            batch_first=said.get("layout", 0) == 1,
            known_by=_KNOWN_BY,
            notes=[] if first.input[1] in self.stored else [_WORKED_OUT],
            obstacles=[each for node in chain for each in self._obstacles(node)],
        )

    def _directions(self, node: Any) -> list[Direction]:
        names = dict(enumerate(node.input))
        parts = {kind: self.held[names[place]] for kind, place in _PARTS if names.get(place) in self.held}
        return [parts] * (2 if self.said[id(node)].get("direction") == b"bidirectional" else 1)

    def _obstacles(self, node: Any) -> list[str]:
        """What a node does that nn.LSTM does not."""
        said, found = self.said[id(node)], []
        if said.get("direction") == b"reverse":
            found.append('direction="reverse" alone: nn.LSTM has the reverse direction beside the forward one only')
        defaults = _DEFAULTS[node.op_type] * (2 if said.get("direction") == b"bidirectional" else 1)
        if said.get("activations", defaults) != defaults:
            names = ", ".join(name.decode("utf-8", "replace") for name in said["activations"])
            found.append(f"its activations are {printable(names)}: nn.LSTM has sigmoid and tanh alone")
        found += [f"it has {name}: nn.LSTM has none" for name in ("clip", "input_forget") if said.get(name)]
        if len(node.input) > 7 and node.input[7]:
            found.append("it has peepholes (P): nn.LSTM has none")
        return found
