"""The weights of a file as state dicts of torch, each proved by the equations of the format that it comes from."""

import io
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any, Final

import torch

from lstm_inspect.checkpoint.content import STATE_DICT, Container, UnreadableError
from lstm_inspect.checkpoint.report import CheckpointReport, FoundLSTM
from lstm_inspect.errors import one_line
from lstm_inspect.experiment.reference import reference
from lstm_inspect.theory.frameworks import code
from lstm_inspect.theory.spec import LSTMSpec

_GATES: Final = {"ONNX": "iofg", "Keras": "ifgo", "torch": "ifgo"}
_FRAMEWORKS: Final = {"ONNX": "ONNX", "HDF5": "Keras", "Keras (.keras)": "Keras"}
_NOT_READ: Final = "its numbers are not read: only those of plain tensors are, and this file asks for more"
_FAR: Final = 1e-9  # in float64, where honest runs differ by 1e-15 to 1e-13
_BATCH: Final = (5, 5)  # time steps and sequences, whichever stand first

Arrays = Mapping[Any, Any]
"""The numbers of a file, by state dict and name, or those of an LSTM by torch's names."""


@dataclass(frozen=True, slots=True)
class Converted:
    """What a state dict was proved by."""

    name: str  #: of the LSTM in the file.
    framework: str  #: whose equations proved it.
    constructor: str  #: the call whose module takes the state dict, with strict=True.
    furthest: float  #: how far that module's output is from the format's own equations, in float64.
    state_dict: dict[str, torch.Tensor]  #: by torch's names.


def convert(report: CheckpointReport, path: Path) -> list[Converted]:
    """The state dict of each LSTM that a file holds, loaded and proved.

    Args:
        report: of that file.
        path: where it is.

    Raises:
        FileError: it holds none, names code, something looks wrong with one, or its numbers are not in it.
    """
    try:
        _refuse_what_is_never_written(report)
        framework = _FRAMEWORKS.get(report.format, "torch")
        stored = [(lstm.container, each.stored_as) for lstm in report.lstms for each in lstm.parameters]
        arrays = _arrays(report.format, path, stored)
        return [_converted(framework, lstm, arrays) for lstm in report.lstms]
    except UnreadableError as error:
        raise error.of(path) from None
    except Exception as error:  # somebody else's reader, of somebody else's file
        reason = f"its numbers can't be read ({type(error).__name__}: {one_line(str(error)[:200])})"
        raise UnreadableError(reason, STATE_DICT).of(path) from None


def saved(converted: list[Converted]) -> bytes:
    """A file of torch.save: the state dict of the only LSTM, or of each by its name."""
    file = io.BytesIO()
    by_name = {each.name: each.state_dict for each in converted}
    torch.save(by_name if len(converted) > 1 else converted[0].state_dict, file)
    return file.getvalue()


def _refuse_what_is_never_written(report: CheckpointReport) -> None:
    if not report.sound:
        problem = next((problem.message for lstm in report.lstms for problem in lstm.problems), report.verdict)
        raise UnreadableError(f"there is nothing to convert: {problem.rstrip('.')}", "a file whose LSTMs fit torch's")
    if report.runs or report.format in ("pickle", "TorchScript"):
        raise UnreadableError(_NOT_READ, STATE_DICT)


def _arrays(kind: str, path: Path, stored: list[tuple[Container, str]]) -> Arrays:
    """The numbers of some tensors, each read by the library of its format."""
    from lstm_inspect.checkpoint.formats import keras_file, onnx_file

    match kind:
        case "safetensors":
            from safetensors import safe_open

            with safe_open(path, "pt") as file:
                return {(keys, name): file.get_tensor(name) for keys, name in stored}
        case "NumPy (.npz)":
            import numpy

            with numpy.load(path, allow_pickle=False) as file:
                return {(keys, name): torch.from_numpy(file[name]) for keys, name in stored}
        case "ONNX":
            held = onnx_file.arrays(path, {name for _, name in stored})
            return {((), name): array for name, array in held.items()}
        case "HDF5" | "Keras (.keras)":
            with keras_file.opened(path) as (file, _):
                return {(keys, name): file[name][()] for keys, name in stored}
    whole = torch.load(path, map_location="cpu", weights_only=True)
    return {(keys, name): reduce(getitem, keys, whole)[name] for keys, name in stored}


def _converted(framework: str, lstm: FoundLSTM, arrays: Arrays) -> Converted:
    parts = {}
    for parameter in lstm.parameters:
        stored_as = parameter.stored_as
        if framework == "torch" and not stored_as.endswith(parameter.name):
            raise UnreadableError(f"{stored_as} is not the weight itself, which is worked out from it", STATE_DICT)
        if (lstm.container, stored_as) not in arrays:
            reason = f"{stored_as} is worked out in the graph: its numbers are not in the file"
            raise UnreadableError(reason, "the file that it was made from")
        parts[parameter.name] = arrays[lstm.container, stored_as]
    assert lstm.spec is not None and lstm.constructor is not None  # or it would not be sound
    module = eval(lstm.constructor, {"torch": torch})  # noqa: S307 - the call that is shown, made of integers
    module.load_state_dict(_state_dict(framework, lstm.spec, parts), strict=True)
    state_dict = {name: value.clone() for name, value in module.state_dict().items()}
    furthest = _furthest(module.double().eval(), framework, parts)
    if not furthest < _FAR:
        reason = f"{lstm.name} converted is {furthest:.1e} off {framework}'s equations: it was not written"
        raise UnreadableError(reason, "telling us: this is a bug")
    name = ".".join(str(key) for key in (*lstm.container, lstm.name) if key != "")
    return Converted(name, framework, lstm.constructor, furthest, state_dict)


def _state_dict(framework: str, spec: LSTMSpec, parts: Arrays) -> dict[str, Any]:
    """By torch's names, worked out by the functions that ``weights --framework`` shows."""
    if framework == "torch":
        return dict(parts)
    ends = [""] if framework == "ONNX" else ["", "_reverse"]  # ONNX: all directions of a layer in each tensor
    kinds = ("weight_ih", "weight_hh", "bias_ih")
    names = [[f"{kind}_l{layer}{end}" for end in ends for kind in kinds] for layer in range(spec.num_layers)]
    functions: dict[str, Any] = {}
    exec(code(spec, framework.lower()), functions)  # noqa: S102 - made of integers and the house's own strings
    layers = [[parts[name] for name in layer if name in parts] for layer in names]
    found: dict[str, Any] = functions[f"lstm_from_{framework.lower()}"](layers)
    return found


def _furthest(module: torch.nn.LSTM, framework: str, parts: Arrays) -> float:
    """How far a module's output is from the equations over what the file holds, for a batch of random numbers."""
    held = {name: torch.zeros_like(value) for name, value in module.state_dict().items()}  # Keras has one bias
    held |= {name: _in_torchs_order(framework, name, part) for name, part in parts.items()}
    stored = deepcopy(module)
    stored.load_state_dict(held, strict=True)
    shape = (*_BATCH, module.input_size)
    x = torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        output, (hn, cn) = module(x)
        expected = reference(stored, x, torch.zeros_like(hn), torch.zeros_like(cn)).output
    return float((output - expected).abs().max())


def _in_torchs_order(framework: str, name: str, part: Any) -> torch.Tensor:
    """A parameter by what its framework documents: the order of its gates, what is transposed, what is joined."""
    numbers = torch.asarray(part, dtype=torch.float64, copy=True, requires_grad=False)
    if framework == "ONNX":
        numbers = numbers[int(name.endswith("_reverse"))]
        numbers = numbers.chunk(2)[name.startswith("bias_hh")] if name.startswith("bias") else numbers
    if name.startswith("weight_hr"):
        return numbers
    gates = dict(zip(_GATES[framework], (numbers.t() if framework == "Keras" else numbers).chunk(4), strict=True))
    return torch.cat([gates[gate] for gate in "ifgo"])
