"""checkpoint(path) -> CheckpointReport: the LSTMs of a checkpoint, by the names and shapes of its parameters."""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from lstm_inspect.checkpoint.content import Content, UnreadableError
from lstm_inspect.checkpoint.formats import headers, torch_file
from lstm_inspect.checkpoint.formats.recognise import recognise
from lstm_inspect.checkpoint.found import recurrent_modules
from lstm_inspect.checkpoint.groups import WRAPPERS
from lstm_inspect.checkpoint.report import LONGEST_NAME, MOST_NAMES, CheckpointReport, FoundLSTM, OtherModule
from lstm_inspect.errors import literal, one_line
from lstm_inspect.theory.warnings import SpecWarning
from lstm_inspect.theory.words import some

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
    try:
        kind, content, modules = _read(file)
    except UnreadableError as error:
        raise error.of(file) from None
    return CheckpointReport(
        file=one_line(str(file)),
        format=kind,
        entries=content.entries,
        lstms=[module for module in modules if isinstance(module, FoundLSTM)],
        others=[module for module in modules if isinstance(module, OtherModule)],
        warnings=tuple(_warnings(modules, content)),
        runs=content.runs,
    )


def _read(file: Path) -> tuple[str, Content, list[FoundLSTM | OtherModule]]:
    kind = recognise(file)
    if kind in ("ONNX", "HDF5", "Keras (.keras)"):
        from lstm_inspect.checkpoint.formats import keras_file, onnx_file

        entries, modules = (onnx_file if kind == "ONNX" else keras_file).content(file)
        return kind, Content(entries), modules
    if kind == "safetensors":
        content = Content(headers.safetensors_entries(file))
    elif kind == "NumPy (.npz)":
        content = Content(headers.npz_entries(file))
    elif kind == "pickle":
        kind, content = torch_file.pickle_content(file)
    else:
        content = torch_file.zip_content(file)
    return kind, content, list(recurrent_modules(content))


def _warnings(modules: Iterable[FoundLSTM | OtherModule], content: Content) -> Iterator[SpecWarning]:
    """What the file would run, how its names are wrapped, and what else is to be known."""
    if content.runs:
        named = literal(some([one_line(name[:LONGEST_NAME]) for name in content.runs], MOST_NAMES))
        message = f"unless weights_only=True refuses it, torch.load would import and call {named}"
        yield SpecWarning("runs-code", f"{message}; nothing of it was run here")
    averaged = {entry.container for entry in content.entries if entry.name == "n_averaged"}
    wrapped = dict.fromkeys((module.wrapper, module.container in averaged) for module in modules if module.wrapper)
    for wrapper, is_average in wrapped:
        which, inner, by_average = "every name", wrapper, list[str]()
        if is_average:  # whose own wrapper is the outermost
            which, inner, by_average = "every name but n_averaged", wrapper.removeprefix("module."), ["AveragedModel"]
        who = " and ".join(by_average + [by for name, by in WRAPPERS.items() if name in inner])
        message = f"{which} begins with {wrapper!r}, put there by {who}"
        yield SpecWarning("wrapped", f"{message}: a model that is not wrapped wants the names without it")
    yield from content.warnings
    if "torch.ScriptObject" in content.runs:
        yield SpecWarning("packed", _PACKED)
    flat = [entry.name for entry in content.entries if _FLAT.search(entry.name)]
    if flat:
        message = f"{flat[0]} is FSDP's flat parameter: the names and shapes of what is in it are not in the file"
        yield SpecWarning("flat-parameter", f"{literal(message)}; save with StateDictType.FULL_STATE_DICT")
