"""The weights of a file as state dicts of torch, each proved by the equations of the format that it comes from."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lstm_inspect.checkpoint.content import STATE_DICT, Container, UnreadableError, printable
from lstm_inspect.checkpoint.report import CheckpointReport, FoundLSTM
from lstm_inspect.theory.expressions import constructor
from lstm_inspect.theory.frameworks import code
from lstm_inspect.theory.spec import LSTMSpec

if TYPE_CHECKING:
    import torch

_GATES: Final = {"ONNX": "iofg", "Keras": "ifgo", "torch": "ifgo"}
_FRAMEWORKS: Final = {"ONNX": "ONNX", "HDF5": "Keras", "Keras (.keras)": "Keras"}
_KINDS: Final = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")
_FAR: Final = 1e-9  # in float64, where honest runs differ by 1e-15 to 1e-13
_T, _B = 6, 2

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
    import lstm_inspect.experiment  # noqa: F401  the quick way to import torch

    try:
        _refuse_what_is_never_written(report)
        framework = _FRAMEWORKS.get(report.format, "torch")
        stored = [(lstm.container, each.stored_as) for lstm in report.lstms for each in lstm.parameters]
        arrays = _arrays(report.format, path, stored)
        return [_converted(framework, lstm, arrays) for lstm in report.lstms]
    except UnreadableError as error:
        raise error.of(path) from None
    except Exception as error:  # somebody else's reader, of somebody else's file
        reason = f"its numbers can't be read ({type(error).__name__}: {printable(str(error)[:200])})"
        raise UnreadableError(reason, STATE_DICT).of(path) from None


def saved(converted: list[Converted]) -> bytes:
    """A file of torch.save: the state dict of the only LSTM, or of each by its name."""
    import torch

    file = io.BytesIO()
    by_name = {each.name: each.state_dict for each in converted}
    torch.save(by_name if len(converted) > 1 else converted[0].state_dict, file)
    return file.getvalue()


def _refuse_what_is_never_written(report: CheckpointReport) -> None:
    if not report.sound:
        problem = next((problem.message for lstm in report.lstms for problem in lstm.problems), report.verdict)
        raise UnreadableError(f"there is nothing to convert: {problem.rstrip('.')}", "a file whose LSTMs fit torch's")
    if report.runs or report.format in ("pickle", "TorchScript"):
        reason = "its numbers are not read: only those of plain tensors are, and this file asks for more"
        raise UnreadableError(reason, STATE_DICT)


def _arrays(kind: str, path: Path, stored: list[tuple[Container, str]]) -> Arrays:
    """The numbers of some tensors, each read by the library of its format."""
    import torch

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
    import torch

    for parameter in lstm.parameters:
        if framework == "torch" and not parameter.stored_as.endswith(parameter.name):
            raise UnreadableError(
                f"{parameter.stored_as} is not the weight itself, which is worked out from it", STATE_DICT
            )
        if (lstm.container, parameter.stored_as) not in arrays:
            reason = f"{parameter.stored_as} is worked out in the graph: its numbers are not in the file"
            raise UnreadableError(reason, "the file that it was made from")
    assert lstm.spec is not None  # or it would not be sound
    parts = {parameter.name: arrays[lstm.container, parameter.stored_as] for parameter in lstm.parameters}
    module = eval(constructor(lstm.spec), {"torch": torch})  # noqa: S307 - the call that is shown, made of integers
    module.load_state_dict(_state_dict(framework, lstm.spec, parts), strict=True)
    state_dict = {name: value.clone() for name, value in module.state_dict().items()}
    tensors = {name: part if isinstance(part, torch.Tensor) else torch.tensor(part) for name, part in parts.items()}
    furthest = _furthest(module.double().eval(), lstm.spec, framework, tensors)
    if not furthest < _FAR:
        reason = f"{lstm.name} converted is {furthest:.1e} off {framework}'s equations: it was not written"
        raise UnreadableError(reason, "telling us: this is a bug")
    name = ".".join(str(key) for key in (*lstm.container, lstm.name) if key != "")
    return Converted(name, framework, constructor(lstm.spec), furthest, state_dict)


def _suffixes(spec: LSTMSpec) -> Iterator[list[str]]:
    """The suffixes of each layer's directions."""
    for layer in range(spec.num_layers):
        yield [f"_l{layer}", f"_l{layer}_reverse"][: spec.num_directions]


def _state_dict(framework: str, spec: LSTMSpec, parts: Arrays) -> dict[str, Any]:
    """By torch's names, worked out by the functions that ``weights --framework`` shows."""
    if framework == "torch":
        return dict(parts)
    stacked = framework == "ONNX"  # all directions of a layer in each tensor
    layers = [
        [parts[kind + end] for end in (ends[:1] if stacked else ends) for kind in _KINDS[:3] if kind + end in parts]
        for ends in _suffixes(spec)
    ]
    functions: dict[str, Any] = {}
    exec(code(spec, framework.lower()), functions)  # noqa: S102 - made of integers and the house's own strings
    found: dict[str, Any] = functions[f"lstm_from_{framework.lower()}"](layers)
    return found


def _furthest(module: torch.nn.LSTM, spec: LSTMSpec, framework: str, parts: Arrays) -> float:
    """How far a module's output is from the format's equations, over a batch of random numbers."""
    import torch

    x = torch.randn(_T, _B, spec.input_size, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        output, _ = module(x.transpose(0, 1) if spec.batch_first else x)
    for ends in _suffixes(spec):
        halves = []
        for direction, end in enumerate(ends):
            weights = _weights(framework, parts, end, direction)
            steps = _direction(x.flip(0) if direction else x, _GATES[framework], *weights)
            halves.append(steps.flip(0) if direction else steps)
        x = torch.cat(halves, dim=-1)
    return float((output - (x.transpose(0, 1) if spec.batch_first else x)).abs().max())


def _weights(framework: str, parts: Arrays, end: str, direction: int) -> tuple[Any, Any, Any, Any]:
    """Kernel (in, 4H), recurrent kernel (R, 4H), bias (4H,) and projection (H, P) of a direction, gates as stored."""
    found = [parts[kind + end].detach().double() if kind + end in parts else None for kind in _KINDS]
    if framework == "ONNX":
        of_w, of_r, *biases = (part[direction] for part in found if part is not None)
        return of_w.T, of_r.T, sum(biases[0].chunk(2)) if biases else 0.0, None
    kernel, recurrent, bias_ih, bias_hh, projection = found
    bias = sum(part for part in (bias_ih, bias_hh) if part is not None)
    if framework == "Keras":
        return kernel, recurrent, bias, None
    assert kernel is not None and recurrent is not None
    return kernel.T, recurrent.T, bias, None if projection is None else projection.T


def _direction(x: Any, gates: str, kernel: Any, recurrent: Any, bias: Any, projection: Any) -> Any:
    """h of every step (T, B, R): x (T, B, in)."""
    import torch

    h, c = x.new_zeros(x.shape[1], len(recurrent)), x.new_zeros(x.shape[1], kernel.shape[1] // 4)
    steps = []
    for x_t in x:
        gate = dict(zip(gates, (x_t @ kernel + h @ recurrent + bias).chunk(4, dim=1), strict=True))
        c = gate["f"].sigmoid() * c + gate["i"].sigmoid() * gate["g"].tanh()
        h = gate["o"].sigmoid() * c.tanh()
        h = h if projection is None else h @ projection
        steps.append(h)
    return torch.stack(steps)
