"""The JSON contract as text: strict JSON, and the shipped schema; theory.contract says how to add to it."""

import json
from typing import Any


def to_json(document: dict[str, Any]) -> str:
    """One line of strict JSON: no NaN, no Infinity, ASCII alone."""
    return json.dumps(document, allow_nan=False)


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of every document that --json writes: the file that tests/schema_generator.py made."""
    from importlib.resources import files  # slow to import, and wanted by one command alone

    schema: dict[str, Any] = json.loads(files("lstm_inspect").joinpath("schema.json").read_text(encoding="utf-8"))
    return schema
