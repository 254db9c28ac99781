"""The shipped JSON Schema is what the classes that are written out say; and what the generator can't say it refuses."""

from __future__ import annotations

import importlib
import json
import pkgutil
from dataclasses import dataclass, make_dataclass
from pathlib import Path
from typing import Annotated, Any

import jsonschema
import pytest
from schema_generator import schema_of

import lstm_inspect
from lstm_inspect.theory.contract import WRITTEN, Limit, json_schema, to_dict, written

SHIPPED = Path(lstm_inspect.__file__).with_name("schema.json")
COMMANDS = {
    "checkpoint",
    "code",
    "diagnose",
    "draw",
    "explain",
    "model",
    "overview",
    "pack",
    "shapes",
    "verify",
    "weights",
}


def every_written_class() -> list[type]:
    """All classes of the package that say how they are written; those of tests are not among them."""
    for module in pkgutil.walk_packages(lstm_inspect.__path__, "lstm_inspect."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return [cls for cls in WRITTEN if cls.__module__.startswith("lstm_inspect.")]


def test_the_shipped_schema_is_the_generated_one(pytestconfig: pytest.Config) -> None:
    generated = schema_of(every_written_class())
    if pytestconfig.getoption("--rewrite-snapshots"):
        SHIPPED.write_text(json.dumps(generated, indent=2) + "\n", encoding="utf-8")
    assert json_schema() == generated, "run pytest tests/verdict/test_schema.py --rewrite-snapshots, and read the diff"
    jsonschema.Draft202012Validator.check_schema(generated)


def test_every_command_has_its_document() -> None:
    documents = [json_schema()["$defs"][each["$ref"].rpartition("/")[2]] for each in json_schema()["anyOf"]]
    assert {command for document in documents for command in document["properties"]["command"]["enum"]} >= COMMANDS


def test_two_written_classes_never_share_a_name() -> None:
    names = [cls.__name__ for cls in every_written_class()]
    assert len(names) == len(set(names))


@written("size few=numbers *inner note? doubled next", command="try")
@dataclass
class Outer:
    """An example.

    Attributes:
        size: how large
            it is.
    """

    size: Annotated[int, Limit(minimum=1)]
    numbers: tuple[float, ...]
    inner: Inner | None
    note: str | None = None  #: words: to the reader.
    #: another one,
    #: if there is one.
    next: Outer | None = None

    @property
    def doubled(self) -> int:
        """Twice the size."""
        return 2 * self.size


@written("x")
@dataclass
class Inner:
    """A part."""

    x: bool


EXAMPLES = [
    Outer(1, (1.5, 2.0), Inner(True), "here"),
    Outer(3, (), None, next=Outer(2, (1.0,), None)),
]


@pytest.mark.parametrize("value", EXAMPLES)
def test_what_is_written_fits_the_schema(value: Outer) -> None:
    jsonschema.validate(json.loads(json.dumps(to_dict(value))), schema_of([Outer]))


def test_types_and_docstrings_make_the_schema() -> None:
    properties = schema_of([Outer])["$defs"]["Outer"]["properties"]
    assert properties["size"] == {"type": "integer", "minimum": 1, "description": "how large it is."}
    assert properties["few"] == {"type": "array", "items": {"type": "number"}}
    assert properties["x"] == {"anyOf": [{"type": "boolean"}, {"type": "null"}]}
    assert properties["doubled"] == {"type": "integer", "description": "Twice the size."}
    assert properties["note"]["description"] == "words: to the reader."
    assert properties["next"]["description"] == "another one, if there is one."
    assert "note" not in schema_of([Outer])["$defs"]["Outer"]["required"]


@pytest.mark.parametrize(
    "broken",
    [Outer(0, (), None), Outer(1, ("a",), None), Outer(1, (), Inner(3)), Outer(1, (), None, note=5)],  # type: ignore[arg-type]
)
def test_what_has_another_type_does_not_fit(broken: Outer) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(to_dict(broken), schema_of([Outer]))


@pytest.mark.parametrize("hint", [complex, tuple[int, str], set[int], dict[str, int]])
def test_a_type_without_a_counterpart_is_refused(hint: Any) -> None:
    odd: type = written("odd", command="try")(make_dataclass("Odd", [("odd", hint)]))
    with pytest.raises((TypeError, StopIteration)):
        schema_of([odd])
