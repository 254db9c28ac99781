"""checkpoint(path) -> CheckpointReport: the LSTMs of a checkpoint, by the names and shapes of its parameters."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from lstm_inspect.checkpoint.formats import npz, safetensors, torch_file
from lstm_inspect.checkpoint.formats.recognise import recognise
from lstm_inspect.checkpoint.formats.refusal import printable
from lstm_inspect.checkpoint.found import FoundLSTM, recurrent_modules
from lstm_inspect.checkpoint.groups import Content
from lstm_inspect.checkpoint.others import OtherModule
from lstm_inspect.checkpoint.report import CheckpointReport, code_warning, wrapper_warning
from lstm_inspect.errors import literal
from lstm_inspect.theory.warnings import SpecWarning

_FORMATS: Final = {
    **{"zip": "torch.save (zip)", "torchscript": "TorchScript", "safetensors": "safetensors", "npz": "NumPy (.npz)"},
    **{"onnx": "ONNX", "hdf5": "HDF5", "keras": "Keras (.keras)"},
}
_PACKED: Final = "it holds packed weights, as a quantized model does: save the state dict before it is quantized"
_FLAT: Final = re.compile(r"(?:^|\.)_?flat_param(?:_\d+)?$")


def checkpoint(path: str | os.PathLike[str]) -> CheckpointReport:
    """Find the LSTMs in a checkpoint; nothing of it is run and no tensor is read.

    Args:
        path: a file of torch.save or torch.jit.save, any pickle, .safetensors, .npz, .onnx (with onnx installed),
            .h5 or .keras (with h5py installed).

    Raises:
        FileError: it is missing, damaged or no checkpoint.

    >>> import tempfile, torch
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     torch.save({"state_dict": torch.nn.Sequential(torch.nn.LSTM(8, 16)).state_dict()}, f"{folder}/model.pt")
    ...     [lstm] = checkpoint(f"{folder}/model.pt").lstms
    >>> lstm.name, lstm.container, lstm.constructor
    ('0', ('state_dict',), 'torch.nn.LSTM(8, 16)')
    """
    file = Path(path)
    kind, content, (lstms, others) = _read(file)
    return CheckpointReport(
        file=printable(str(file)),
        format=kind,
        entries=content.entries,
        lstms=lstms,
        others=others,
        warnings=tuple(_warnings([*lstms, *others], content)),
        runs=content.runs,
    )


def _read(file: Path) -> tuple[str, Content, tuple[list[FoundLSTM], list[OtherModule]]]:
    """The format of a file, its tensors, and its recurrent modules."""
    kind = recognise(file)
    if kind in ("onnx", "hdf5", "keras"):
        from lstm_inspect.checkpoint.formats import foreign, keras_file, onnx_file

        entries, modules = (onnx_file if kind == "onnx" else keras_file).content(file)
        return _FORMATS[kind], Content(entries), foreign.modules(modules)
    if kind == "pickle":
        name, content = torch_file.pickle_content(file)
    elif kind in ("safetensors", "npz"):
        name, content = _FORMATS[kind], Content((safetensors if kind == "safetensors" else npz).entries(file))
    else:
        name, content = _FORMATS[kind], torch_file.zip_content(file)
    return name, content, recurrent_modules(content)


def _warnings(modules: Iterable[FoundLSTM | OtherModule], content: Content) -> Iterator[SpecWarning]:
    """One warning for each way in which names are wrapped, and what else is to be known."""
    if content.runs:
        yield code_warning(content.runs)
    yield from (wrapper_warning(wrapper) for wrapper in dict.fromkeys(module.wrapper for module in modules) if wrapper)
    yield from content.warnings
    if "torch.ScriptObject" in content.runs:
        yield SpecWarning("packed", _PACKED)
    flat = [entry.name for entry in content.entries if _FLAT.search(entry.name)]
    if flat:
        message = f"{flat[0]} is FSDP's flat parameter: the names and shapes of what is in it are not in the file"
        yield SpecWarning("flat-parameter", f"{literal(message)}; save with StateDictType.FULL_STATE_DICT")
