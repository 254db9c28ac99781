"""Devices, and TF32 on them."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import torch
from support import Cli

from lstm_inspect import LSTMSpec, inspect
from lstm_inspect.errors import DeviceError
from lstm_inspect.experiment import devices

CUDA = torch.cuda.is_available()
RNN = getattr(torch.backends.cudnn, "rnn", None)  # since torch 2.9


def precision() -> object:
    return RNN.fp32_precision if RNN is not None else torch.backends.cudnn.allow_tf32


@pytest.mark.parametrize("allowed", [False, True])
def test_tf32_is_set_and_set_back(allowed: bool) -> None:
    before = precision()
    with devices.tf32(allowed):
        inside = precision()
    assert inside in (("tf32" if allowed else "ieee"), allowed)
    assert precision() == before


def test_tf32_is_set_back_after_an_error() -> None:
    before = precision()
    with pytest.raises(ZeroDivisionError), devices.tf32(before not in ("tf32", True)):
        _ = 1 / 0
    assert precision() == before


@pytest.mark.parametrize("tf32", [False, True])
@pytest.mark.parametrize(
    "device",
    ["cpu", pytest.param("cuda", marks=[pytest.mark.cuda, pytest.mark.skipif(not CUDA, reason="no CUDA device")])],
)
def test_the_run_and_its_checks_are_under_that_setting(
    monkeypatch: pytest.MonkeyPatch, device: str, tf32: bool
) -> None:
    """On a GPU; elsewhere the setting is not touched, as torch would hold it for the caller's own ever after."""
    seen: list[object] = []
    honest = torch.nn.LSTM.forward

    def forward(self: torch.nn.LSTM, *args: Any) -> Any:
        seen.append(precision())
        return honest(self, *args)

    monkeypatch.setattr(torch.nn.LSTM, "forward", forward)
    before = precision()
    report = inspect(LSTMSpec(state="zeros", device=device), tf32=tf32)
    assert report.verified
    assert len(seen) == 2  # the run, and the check that h0 and c0 default to zeros
    assert set(seen) <= ({before} if device == "cpu" else {"tf32" if tf32 else "ieee", tf32})
    assert precision() == before


@pytest.mark.skipif(RNN is None, reason="torch before 2.9 has one setting alone")
def test_a_cpu_run_leaves_the_setting_to_follow_the_general_one() -> None:
    """In a process of its own, as what is set can't be unset."""
    code = (
        "import torch; from lstm_inspect import LSTMSpec, inspect; inspect(LSTMSpec());"
        "torch.backends.fp32_precision = 'ieee'; print(torch.backends.cudnn.rnn.fp32_precision)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown == "ieee\n"


def test_auto_is_the_best_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert devices.on_device(LSTMSpec(device="auto")).device == devices.available_devices()[0]
    monkeypatch.setattr(devices, "available_devices", lambda: ("cuda:0", "cuda:1", "cpu"))
    assert devices.on_device(LSTMSpec(device="auto")).device == "cuda:0"
    assert devices.on_device(LSTMSpec(device="cuda")).device == "cuda"
    assert devices.on_device(LSTMSpec(device="cuda:1")).device == "cuda:1"
    with pytest.raises(DeviceError, match=r"device cuda:2 is not here: .*; available: cuda:0, cuda:1, cpu, meta"):
        devices.on_device(LSTMSpec(device="cuda:2"))


def test_mps_has_no_float64(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "available_devices", lambda: ("mps", "cpu"))
    with pytest.raises(DeviceError, match="MPS has no float64"):
        devices.on_device(LSTMSpec(device="mps", dtype="float64"))


def test_auto_is_never_shown_as_python(cli: Cli) -> None:
    assert cli("shapes", "--predict", "--json", "--device", "auto").document["constructor"] == "torch.nn.LSTM(10, 20)"


@pytest.mark.cuda
@pytest.mark.skipif(not CUDA, reason="no CUDA device")
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
@pytest.mark.parametrize("flags", [[], ["--lengths", "8,9,10"], ["--proj-size", "5"], ["--state", "zeros"], ["--tf32"]])
def test_cuda(cli: Cli, dtype: str, flags: list[str]) -> None:
    before = torch.cuda.get_rng_state()
    outcome = cli("shapes", "--layers", "2", "--bidir", "--device", "cuda", "--dtype", dtype, "--json", *flags)
    assert outcome.status == 0, [check for check in outcome.document["checks"] if not check["passed"]]
    assert outcome.document["environment"]["device_name"] == torch.cuda.get_device_name()
    assert torch.equal(torch.cuda.get_rng_state(), before)
