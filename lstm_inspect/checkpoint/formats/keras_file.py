"""The recurrent layers of a file of Keras, found by the names and shapes of their weights."""

import json
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from lstm_inspect.checkpoint.content import Entry, UnreadableError
from lstm_inspect.checkpoint.found import Direction, foreign_module
from lstm_inspect.checkpoint.groups import KIND_OF
from lstm_inspect.checkpoint.report import FoundLSTM, OtherModule
from lstm_inspect.errors import one_line

WEIGHTS: Final = "model.weights.h5"
_PARTS: Final = {"kernel": "weight_ih", "recurrent_kernel": "weight_hh", "bias": "bias_ih"}
_DIRECTION: Final = re.compile(r"\b(forward|backward)_")
_DECORATION: Final = re.compile(
    r"model_weights|layers|(?:forward|backward)_layer|_layer_checkpoint_dependencies|vars|(?:\w+_)?cell(?:_\d+)?"
)
_TORCHS: Final[dict[str, Any]] = {
    **{"activation": "tanh", "recurrent_activation": "sigmoid", "go_backwards": False},
    "merge_mode": "concat",
}
_KNOWN_BY: Final = {
    **dict.fromkeys(("input_size", "hidden_size"), "shape"),
    **dict.fromkeys(("num_layers", "bidirectional", "bias"), "name"),
    "batch_first": "attribute",
}
_NEEDS: Final = "no configuration of it was found: what is said holds for tanh, sigmoid and go_backwards=False"
_HARD_SIGMOID: Final = re.compile(r"[01]\.|2\.[012]\.")  # versions of Keras
_WORDS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@contextmanager
def opened(path: Path) -> Iterator[tuple[Any, str]]:
    """The HDF5 file and the configuration of the model, empty if it is not there."""
    try:
        import h5py
    except ModuleNotFoundError:
        reason = "it is a file of Keras (HDF5), and h5py, which reads it, is not installed"
        raise UnreadableError(reason, 'pip install "lstm-inspect[keras]"') from None
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive, archive.open(WEIGHTS) as weights, h5py.File(weights) as file:
                yield file, archive.read("config.json").decode()
        else:
            with h5py.File(path) as file:
                yield file, _text(file.attrs.get("model_config"))
    except Exception:  # HDF5 raises whatever it comes upon
        raise UnreadableError("it is truncated or damaged: it can't be read as HDF5") from None


def content(path: Path) -> tuple[list[Entry], list[FoundLSTM | OtherModule]]:
    """Every array but an optimizer's, and every recurrent layer."""
    with opened(path) as (file, config):
        entries: list[Entry] = []
        file.visititems(lambda name, item: entries.extend(_entries(name, item)))
        version = _text(file.attrs.get("keras_version"))
    configured = _configured(config, by_class=zipfile.is_zipfile(path))
    both: dict[str, dict[str, Direction]] = {}
    for name, cell in _cells(entries).items():
        told = _DIRECTION.search(name)
        direction, layer = told[1] if told else "forward", _layer_name(name)
        both.setdefault(name if direction in both.get(layer, {}) else layer, {})[direction] = cell
    layers = (_layer(name, directions, configured, version) for name, directions in both.items())
    return entries, [layer for layer in layers if layer is not None]


def _text(attribute: Any) -> str:
    return attribute.decode("utf-8", "replace") if isinstance(attribute, bytes) else str(attribute or "")


def _layer_name(path: str) -> str:
    """What a path tells of a layer: neither its direction, nor how Keras keeps it.

    >>> _layer_name("model_weights/both/both/backward_lstm/lstm_cell_2")
    'both/lstm'
    """
    words = [word for word in path.split("/") if not _DECORATION.fullmatch(word)]
    return "/".join(dict.fromkeys(_DIRECTION.sub("", word) for word in words))


def _entries(name: str, item: Any) -> Iterator[Entry]:
    if hasattr(item, "shape") and not name.startswith("optimizer"):
        yield Entry((), one_line(name), tuple(item.shape), str(item.dtype))


def _cells(entries: list[Entry]) -> dict[str, Direction]:
    """The arrays of each cell, by the group that holds them."""
    cells: dict[str, Direction] = {}
    for entry in entries:
        group, _, name = entry.name.rpartition("/")
        name = name.partition(":")[0]
        if group.endswith("cell/vars") and name.isdigit() and int(name) < len(_PARTS):
            name = list(_PARTS)[int(name)]  # Keras 3 keeps a cell's variables by number
        if name in _PARTS:
            cells.setdefault(group, {})[_PARTS[name]] = entry
    return {group: cell for group, cell in cells.items() if cell.keys() >= {"weight_ih", "weight_hh"}}


def _layer(
    name: str, directions: dict[str, Direction], configured: dict[str, dict[str, Any]], version: str
) -> FoundLSTM | OtherModule | None:
    """A layer by the shapes of its cells; None if they are those of no recurrent layer."""
    cells = [directions[name] for name in ("forward", "backward") if name in directions]
    kernel, recurrent = cells[0]["weight_ih"].shape, cells[0]["weight_hh"].shape
    if len(kernel) != 2 or len(recurrent) != 2 or not recurrent[0] or kernel[1] != recurrent[1]:
        return None
    gates, rest = divmod(recurrent[1], recurrent[0])
    if gates not in KIND_OF or rest:
        return None
    said = next((configured[word] for word in name.split("/") if word in configured), {})
    bias = cells[0].get("bias_ih")
    obstacles = list(_obstacles(said, version))
    if "forward" not in directions:
        obstacles.append("only its backward direction is in the file")
    if KIND_OF[gates] == "LSTM" and bias and bias.shape != (recurrent[1],):
        obstacles.append(f"its bias is {bias.shape}: it is a CuDNNLSTM, whose kernels are laid out in another way")
    return foreign_module(
        name=name,
        kind=KIND_OF[gates],
        sizes=(kernel[0], recurrent[0]),
        layers=[cells],
        batch_first=True,
        known_by=_KNOWN_BY,
        notes=[] if said else [_NEEDS],
        obstacles=obstacles,
    )


def _obstacles(said: dict[str, Any], version: str) -> Iterator[str]:
    """What a layer does that nn.LSTM does not, by its configuration or else by the defaults of an old version."""
    if not said and _HARD_SIGMOID.match(version):
        yield f"Keras {one_line(version)} wrote it: its default is hard_sigmoid, nn.LSTM has sigmoid alone"
    for name, value in _TORCHS.items():
        if said.get(name, value) != value:
            what = "joins its directions (concat)" if name == "merge_mode" else f"has {value}"
            yield f"{name} is {one_line(str(said[name])[:40])}: nn.LSTM {what} alone"


def _configured(text: str, *, by_class: bool) -> dict[str, dict[str, Any]]:
    """The configuration of each recurrent layer, by its name, or by its class and number as .keras files name it."""
    try:
        layers = list(_recurrent(json.loads(text)))
    except (ValueError, RecursionError):
        return {}
    found: dict[str, dict[str, Any]] = {}
    counts: Counter[str] = Counter()
    for layer in layers:
        kind = _WORDS.sub("_", str(layer.get("class_name"))).lower()
        name = f"{kind}_{counts[kind]}" if counts[kind] else kind
        counts[kind] += 1
        config = layer["config"]
        inner = config.get("layer")  # of Bidirectional; its own layers bear no names of the file's
        of_layer = inner.get("config") if isinstance(inner, dict) else None
        both = {**(of_layer if isinstance(of_layer, dict) else {}), **config}
        found[name if by_class else str(config.get("name"))] = both
    return found


def _recurrent(part: Any) -> Iterator[dict[str, Any]]:
    """Each recurrent layer in a part of a configuration, none of those inside another."""
    config = part.get("config") if isinstance(part, dict) else None
    if isinstance(config, dict) and config.keys() & {"recurrent_activation", "merge_mode"}:
        yield part
    elif isinstance(part, dict | list):
        for child in part.values() if isinstance(part, dict) else part:
            yield from _recurrent(child)
