"""What the tests share: the command line called in-process, snapshots of text, and ways to break nn.LSTM."""

from __future__ import annotations

import io
import json
import os
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeAlias
from unittest.mock import patch

import pytest
import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence
from torch.torch_version import TorchVersion

from lstm_inspect.cli import run

TORCH_VERSION = "2.13.0+cpu"
"""What every command line says of torch here, whatever is installed."""

_MASKS = (
    (re.compile(r"[\d.]+ \w+ are free here"), "SOME are free here"),
    (
        re.compile(r"(differs by|furthest) [\d.e+-]+\d"),
        r"\1 ...",
    ),  # in the last bits, and those are the processor's own
)


@dataclass(frozen=True)
class Outcome:
    """What a command line came to."""

    status: int
    stdout: str
    stderr: str

    @property
    def document(self) -> Any:
        """stdout as strict JSON, NaN and Infinity refused."""
        return strict_json(self.stdout)


def strict_json(text: str) -> Any:
    """Parse JSON as a strict parser does: no NaN, no Infinity."""

    def refuse(constant: str) -> NoReturn:
        raise ValueError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


def command_line(
    *arguments: str, columns: int = 80, encoding: str = "utf-8", stdin: str = "", env: dict[str, str] | None = None
) -> Outcome:
    """Call the command line in this process, its output a file of that width and encoding.

    A character that the encoding does not know raises UnicodeEncodeError, as it would there.
    """
    stdout, stderr = (io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="\n") for _ in range(2))
    environment = {**os.environ, "COLUMNS": str(columns), "TERM": "dumb", **(env or {})}
    for forced in {"FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"} - set(env or {}):
        environment.pop(forced, None)
    with (
        patch.dict(os.environ, environment, clear=True),
        patch.object(
            torch, "__version__", TorchVersion(TORCH_VERSION)
        ),  # lines break at the same places on every torch
        patch("sys.stdin", io.StringIO(stdin)),
        redirect_stdout(stdout),
        redirect_stderr(stderr),
    ):
        status = run(arguments)
    return Outcome(status, _written(stdout), _written(stderr))


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    raw = stream.detach()
    assert isinstance(raw, io.BytesIO)
    return raw.getvalue().decode("utf-8")


Cli: TypeAlias = Callable[..., Outcome]


@dataclass(frozen=True)
class Snapshot:
    """Text held against a file of tests/snapshots; what changes from machine to machine is masked."""

    folder: Path
    rewrite: bool

    def __call__(self, name: str, text: str) -> None:
        """Hold text against the file ``name``.txt, or write it there with --rewrite-snapshots."""
        path, masked = self.folder / f"{name}.txt", mask(text)
        if self.rewrite:
            self.folder.mkdir(exist_ok=True)
            path.write_text(masked, encoding="utf-8")
        assert path.exists(), f"no snapshot {path.name}: look at the text and run pytest --rewrite-snapshots"
        assert masked == path.read_text(encoding="utf-8"), "look at what changed and run pytest --rewrite-snapshots"


def mask(text: str) -> str:
    """Text without what differs from machine to machine."""
    for pattern, stand_in in _MASKS:
        text = pattern.sub(stand_in, text)
    return text


Output: TypeAlias = Tensor | PackedSequence
Results: TypeAlias = tuple[Output, tuple[Tensor, Tensor]]
Change: TypeAlias = Callable[[torch.nn.LSTM, Output, Tensor, Tensor], Results]


def break_lstm(monkeypatch: pytest.MonkeyPatch, change: Change) -> None:
    """Let every nn.LSTM return what ``change(lstm, output, hn, cn)`` makes of its results."""
    honest = torch.nn.LSTM.forward

    def forward(self: torch.nn.LSTM, *args: Any) -> Results:
        output, (hn, cn) = honest(self, *args)
        return change(self, output, hn, cn)

    monkeypatch.setattr(torch.nn.LSTM, "forward", forward)


def on_output(output: Output, change: Callable[[Tensor], Tensor]) -> Output:
    """Output with its numbers changed, whether it is packed or not."""
    return output._replace(data=change(output.data)) if isinstance(output, PackedSequence) else change(output)


@contextmanager
def permuted_gates(lstm: torch.nn.LSTM, order: Sequence[int]) -> Iterator[None]:
    """A module whose four gates stand in another order while the context lasts."""
    before = {name: parameter.detach().clone() for name, parameter in lstm.named_parameters()}
    with torch.no_grad():
        for name, parameter in lstm.named_parameters():
            if not name.startswith("weight_hr"):
                gates = parameter.detach().clone().chunk(4)
                parameter.copy_(torch.cat([gates[gate] for gate in order]))
        try:
            yield
        finally:
            for name, parameter in lstm.named_parameters():
                parameter.copy_(before[name])


@contextmanager
def native_kernel() -> Iterator[None]:
    """Let the CPU's LSTM run step by step, not in oneDNN's one fused kernel, which no counter looks into."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="TF32 acceleration on top of oneDNN")  # of the switch itself
        with torch.backends.mkldnn.flags(enabled=False):
            yield
