"""The Python API."""

from __future__ import annotations

import dataclasses
import io
import pickle
import warnings

import pytest
import torch
from rich.console import Console

import lstm_inspect
from lstm_inspect import LSTMInspectError, LSTMSpec, Report, inspect

BOTH = LSTMSpec(num_layers=2, bidirectional=True)


def test_a_report_is_verified() -> None:
    report = inspect(BOTH)
    assert isinstance(report, Report)
    assert report.verified is True
    assert report.failed == 0
    assert report.to_dict()["verified"] is True
    assert report.constructor == "torch.nn.LSTM(10, 20, num_layers=2, bidirectional=True)"


def test_without_a_run_nothing_is_verified() -> None:
    report = inspect(BOTH, predict=True)
    assert report.verified is None
    assert report.environment is None
    assert {check.passed for check in report.checks} == {None}


def test_rich_prints_it() -> None:
    console = Console(file=io.StringIO(), width=80)
    console.print(inspect(BOTH))
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert "lstm = torch.nn.LSTM(10, 20, num_layers=2, bidirectional=True)" in shown
    assert "Verified: " in shown


def test_a_notebook_shows_it() -> None:
    page = inspect(BOTH)._repr_html_()
    assert page.lstrip().lower().startswith("<!doctype html>")
    assert "torch.nn.LSTM(10, 20, num_layers=2, bidirectional=True)" in page
    assert "<script" not in page


@pytest.mark.parametrize(
    "spec", [LSTMSpec(), LSTMSpec(lengths=(3, 1), state="zeros"), LSTMSpec(num_layers=2, dropout=0.5)]
)
def test_the_caller_s_torch_is_left_as_it_was(spec: LSTMSpec) -> None:
    """The random state, the gradient mode and the backends' settings; and dropout or oneDNN make no warning."""
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    switches = (torch.is_grad_enabled(), torch.is_inference_mode_enabled(), torch.get_default_dtype())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        inspect(spec)
        inspect(spec.replace(dtype="float64", proj_size=3))
    assert torch.equal(torch.rand(3), expected)
    assert (torch.is_grad_enabled(), torch.is_inference_mode_enabled(), torch.get_default_dtype()) == switches


def test_the_random_state_of_gpus_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    seeded: list[int] = []
    for device in ("cuda", "xpu", "mps"):
        monkeypatch.setattr(
            f"torch.{device}.manual_seed{'' if device == 'mps' else '_all'}", seeded.append, raising=False
        )
    inspect(LSTMSpec())
    assert seeded == []
    torch.manual_seed(0)
    assert 0 in seeded  # so this test can fail


def test_the_same_seed_gives_the_same_numbers() -> None:
    def off_by(seed: int) -> list[float | None]:
        return [pitfall.max_abs_diff for pitfall in inspect(BOTH.replace(seed=seed)).pitfalls]

    assert off_by(1) == off_by(1) != off_by(2)


def test_reports_and_specs_are_frozen_and_can_be_kept() -> None:
    report = inspect(BOTH)
    with pytest.raises(dataclasses.FrozenInstanceError):
        report.command = "other"  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(report)).to_dict() == report.to_dict()
    assert pickle.loads(pickle.dumps(LSTMSpec(lengths=(3, 2)))) == LSTMSpec(lengths=(3, 2))


def test_errors_speak_python() -> None:
    with pytest.raises(LSTMInspectError) as refused:
        LSTMSpec(proj_size=20)
    assert str(refused.value) == (
        "proj_size=20: must be smaller than hidden_size (20), or 0 for no projection. Try proj_size=10."
    )
    assert (refused.value.offender, refused.value.got) == ("proj_size", "20")


@pytest.mark.parametrize("name", ["rtol", "atol"])
@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
def test_a_tolerance_is_a_finite_number(name: str, value: float) -> None:
    with pytest.raises(LSTMInspectError, match=f"{name}=.*: must be a finite number from 0"):
        inspect(LSTMSpec(), **{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "held_to"),
    [
        ({}, (1e-5, 1e-5)),
        ({"rtol": 0.5}, (0.5, 1e-5)),
        ({"atol": 0.25}, (1e-5, 0.25)),
        ({"rtol": 0.0, "atol": 1e-30}, (0.0, 1e-30)),
    ],
)
def test_tolerances_of_one_s_own(given: dict[str, float], held_to: tuple[float, float]) -> None:
    report = inspect(BOTH, **given)  # type: ignore[arg-type]
    inexact = [check for check in report.checks if check.kind == "reference"]
    assert {(check.tolerance.rtol, check.tolerance.atol) for check in inexact} == {held_to}
    assert all(check.tolerance.atol == 0 == check.tolerance.rtol for check in report.checks if check.exact)
    assert report.verified is (given.get("atol") != 1e-30)


def test_a_tolerance_of_zero_is_kept() -> None:
    """float64 against float64: what is equal to the bit passes, and what is not does not."""
    report = inspect(LSTMSpec(dtype="float64"), rtol=0, atol=0)
    for check in report.checks:
        assert check.passed is check.identical


def test_without_the_equations() -> None:
    report = inspect(BOTH, reference=False)
    assert report.verified is True
    assert not [check for check in report.checks if check.kind == "reference"]


def test_too_little_memory_for_the_equations_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(run: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr("lstm_inspect.experiment.verify.reference_of", exhausted)
    with pytest.raises(LSTMInspectError) as refused:
        inspect(BOTH)
    assert "can't allocate memory" in str(refused.value)
    assert "reference=False" in str(refused.value)


def test_whatever_torch_refuses_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> None:
        raise NotImplementedError("no kernel for {this}")

    monkeypatch.setattr(torch.nn.LSTM, "forward", refuse)
    with pytest.raises(LSTMInspectError, match=r"torch can't run torch\.nn\.LSTM\(10, 20\): no kernel for \{this\}"):
        inspect(LSTMSpec())


def test_public_names() -> None:
    assert {name: getattr(lstm_inspect, name) for name in lstm_inspect.__all__}.keys() == set(lstm_inspect.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = lstm_inspect.nothing
