"""The JSON contract, schema lstm-inspect/1: plain dicts and lists, and nothing a strict parser refuses."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from lstm_inspect._version import __version__
from lstm_inspect.theory.batch_grid import grid
from lstm_inspect.theory.claim import CheckResult, PitfallResult
from lstm_inspect.theory.expressions import constructor
from lstm_inspect.theory.packing import Packing, pack
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.theory.unrolled import unroll

if TYPE_CHECKING:
    from lstm_inspect.verdict.report import Report, TensorReport

SCHEMA: Final = "lstm-inspect/1"


def to_json(document: dict[str, Any]) -> str:
    """One line of strict JSON: no NaN, no Infinity, ASCII alone."""
    return json.dumps(document, allow_nan=False)


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of every document that --json writes.

    It is put together from the files of ``schema/``: each names its documents and defines their parts.
    """
    from importlib.resources import files  # slow to import, and wanted by one command alone

    parts = sorted(files("lstm_inspect").joinpath("schema").iterdir(), key=lambda part: part.name)
    loaded = [json.loads(part.read_text(encoding="utf-8")) for part in parts if part.name.endswith(".json")]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": SCHEMA,
        "description": "What lstm-inspect writes with --json. Within schema 1 keys are only added.",
        "anyOf": [{"$ref": f"#/$defs/{document}"} for part in loaded for document in part["documents"]],
        "$defs": {name: definition for part in loaded for name, definition in part["$defs"].items()},
    }


def header(command: str) -> dict[str, Any]:
    """The keys that every document opens with."""
    return {"schema": SCHEMA, "version": __version__, "command": command}


def report_dict(report: Report) -> dict[str, Any]:
    """A Report's document."""
    return {
        **header(report.command),
        "mode": report.mode,
        "spec": report.spec.to_dict(),
        "constructor": report.constructor,
        "environment": report.environment,
        "tensors": [tensor_dict(tensor) for tensor in report.tensors],
        "states": [asdict(state) for state in report.states],
        "checks": [_check_dict(check) for check in report.checks],
        "pitfalls": [_pitfall_dict(pitfall) for pitfall in report.pitfalls],
        "recipes": [{**asdict(recipe), "shape": list(recipe.shape)} for recipe in report.recipes],
        "packing": _packing_dict(report.packing),
        "warnings": [asdict(warning) for warning in report.warnings],
        "verified": report.verified,
    }


def drawing_dict(spec: LSTMSpec) -> dict[str, Any]:
    """The document of what is drawn of a spec."""
    packed = None if spec.lengths is None else asdict(grid(pack(spec.lengths, spec.seq_len)))
    return {
        **header("draw"),
        "spec": spec.to_dict(),
        "constructor": constructor(spec),
        **asdict(unroll(spec)),
        "packed": packed,
    }


def tensor_dict(tensor: TensorReport) -> dict[str, Any]:
    """One tensor, predicted and measured."""
    theory = tensor.theory
    return {
        "name": theory.name,
        "axes": list(theory.axes),
        "formula": theory.formula,
        "predicted": list(theory.shape),
        "actual": _list(tensor.actual),
        "dtype": tensor.dtype,
        "meaning": theory.meaning,
    }


def _check_dict(check: CheckResult) -> dict[str, Any]:
    claim = check.claim
    return {
        "id": claim.id,
        "kind": claim.kind,
        "left": claim.left,
        "right": claim.right,
        "why": claim.why,
        "identical": check.identical,
        "max_abs_diff": check.max_abs_diff,
        "rtol": check.tolerance.rtol,
        "atol": check.tolerance.atol,
        "passed": check.passed,
        "worst": _list(check.worst),
        "error": check.error,
    }


def _pitfall_dict(result: PitfallResult) -> dict[str, Any]:
    pitfall = result.pitfall
    return {
        "id": pitfall.id,
        "tempting": pitfall.tempting,
        "instead": pitfall.instead,
        "why": pitfall.why,
        "max_abs_diff": result.max_abs_diff,
        "tempting_shape": _list(result.tempting_shape),
        "instead_shape": _list(result.instead_shape),
        "passed": result.passed,
        "error": result.error,
    }


def _packing_dict(packing: Packing | None) -> dict[str, Any] | None:
    if packing is None:
        return None
    values = {name: getattr(packing, name) for name in Packing.__slots__}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def _list(values: tuple[int, ...] | None) -> list[int] | None:
    return None if values is None else list(values)
