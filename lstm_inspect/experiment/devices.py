"""The device that a spec names, if it is there."""

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from lstm_inspect.errors import DeviceError
from lstm_inspect.theory.contract import Environment
from lstm_inspect.theory.spec import LSTMSpec


def on_device(spec: LSTMSpec) -> LSTMSpec:
    """The spec with its device resolved: "auto" becomes the best one there is.

    Raises:
        DeviceError: the device is not there, or does not know the dtype.
    """
    available = available_devices()
    device = next(iter(available)) if spec.device == "auto" else spec.device
    if (device + ":0" if device == "cuda" else device) not in available and device != "meta":
        cuda = f"with CUDA {torch.version.cuda}" if torch.version.cuda else "without CUDA"
        there = f"torch {torch.__version__} was built {cuda}; available: {', '.join((*available, 'meta'))}"
        raise DeviceError("{device}", f"{device} is not here", there, "{device=cpu}")
    if device == "mps" and spec.dtype == "float64":
        ways = "{dtype=float32} or {device=cpu}"
        raise DeviceError("{dtype=float64}", "with {device=mps}", "MPS has no float64", ways)
    return spec.replace(device=device)


def available_devices() -> tuple[str, ...]:
    """The devices that can hold numbers here, best first."""
    cuda = tuple(f"cuda:{index}" for index in range(torch.cuda.device_count() if torch.cuda.is_available() else 0))
    mps = ("mps",) if torch.backends.mps.is_available() else ()
    return (*cuda, *mps, "cpu")


def environment(device: str, *, tf32: bool) -> Environment:
    """What ran: the contract's ``environment`` object."""
    name = torch.cuda.get_device_name(device) if device.startswith("cuda") else device
    return {"python": platform.python_version(), "torch": torch.__version__, "device_name": name, "tf32": tf32}


@contextmanager
def tf32(allowed: bool, device: str = "cuda") -> Iterator[None]:
    """cuDNN's LSTM with TF32 or without it; what was set before is set again after.

    Where cuDNN has no part nothing is touched: torch can't be told to forget that a setting was made,
    and one that was made no longer follows ``torch.backends.fp32_precision``.

    TF32 keeps 10 of float32's 23 mantissa bits in matrix products, and cuDNN uses it by default
    (https://docs.pytorch.org/docs/stable/notes/cuda.html).
    """
    if not device.startswith("cuda"):
        yield
        return
    owner, name, on, off = _tf32_switch()
    before = getattr(owner, name)
    setattr(owner, name, on if allowed else off)
    try:
        yield
    finally:
        setattr(owner, name, before)


def tf32_allowed() -> bool:
    """Whether cuDNN's LSTM may use TF32 in this process as it is set now."""
    owner, name, _, off = _tf32_switch()
    return bool(torch.cuda.is_available() and getattr(owner, name) != off)


def _tf32_switch() -> tuple[Any, str, Any, Any]:
    """Where torch keeps it: the owner, the attribute, its value for on and for off."""
    rnn = getattr(torch.backends.cudnn, "rnn", None)  # since torch 2.9 precision is set by operator
    return (rnn, "fp32_precision", "tf32", "ieee") if rnn else (torch.backends.cudnn, "allow_tf32", True, False)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Random numbers of ours alone: the CPU's, as torch.manual_seed wakes every device; the caller's stay."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield
