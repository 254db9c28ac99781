"""checkpoint(path) -> CheckpointReport: the LSTMs of a checkpoint, by the names and shapes of its parameters."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from lstm_inspect.checkpoint.formats import safetensors
from lstm_inspect.checkpoint.formats.recognise import recognise
from lstm_inspect.checkpoint.formats.refusal import printable
from lstm_inspect.checkpoint.found import FoundLSTM, OtherModule, recurrent_modules
from lstm_inspect.checkpoint.groups import Entry
from lstm_inspect.checkpoint.report import CheckpointReport, wrapper_warning
from lstm_inspect.theory.warnings import SpecWarning

_FORMATS: Final = {"zip": "torch.save (zip)", "pickle": "torch.save (legacy)", "safetensors": "safetensors"}


def checkpoint(path: str | os.PathLike[str]) -> CheckpointReport:
    """Find the LSTMs in a checkpoint; nothing of it is run and no tensor is read.

    Args:
        path: a file of torch.save that holds a state dict somewhere, or a .safetensors file.

    Raises:
        FileError: it is missing, damaged, no checkpoint, or asks for more than tensors and plain containers.

    >>> import tempfile, torch
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     torch.save({"state_dict": torch.nn.Sequential(torch.nn.LSTM(8, 16)).state_dict()}, f"{folder}/model.pt")
    ...     [lstm] = checkpoint(f"{folder}/model.pt").lstms
    >>> lstm.name, lstm.container, lstm.constructor
    ('0', ('state_dict',), 'torch.nn.LSTM(8, 16)')
    """
    file = Path(path)
    kind = recognise(file)
    entries = _entries(file, kind)
    lstms, others = recurrent_modules(entries)
    return CheckpointReport(
        file=printable(str(file)),
        format=_FORMATS[kind],
        entries=entries,
        lstms=lstms,
        others=others,
        warnings=tuple(_warnings([*lstms, *others])),
    )


def _entries(file: Path, kind: str) -> list[Entry]:
    if kind == "safetensors":
        return safetensors.entries(file)
    from lstm_inspect.checkpoint.formats import torch_file

    return torch_file.zip_entries(file) if kind == "zip" else torch_file.legacy_entries(file)


def _warnings(modules: Iterable[FoundLSTM | OtherModule]) -> Iterator[SpecWarning]:
    """One warning for each way in which names are wrapped."""
    return (wrapper_warning(wrapper) for wrapper in dict.fromkeys(module.wrapper for module in modules) if wrapper)
