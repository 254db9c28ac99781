"""The JSON Schema of every document, from the classes that are written out: what makes the shipped schema.json."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterable, Sequence
from types import NoneType, SimpleNamespace, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

from lstm_inspect.theory.contract import SCHEMA, written_as

_PLAIN: Final[dict[Any, dict[str, Any]]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    NoneType: {"type": "null"},
    Any: {},
}
_NAMES: Final = {
    "Claim": "CheckResult",
    "Lesson": "LessonResult",
    "Parameter": "ParameterReport",
    "Pitfall": "PitfallResult",
}
"""What the schema calls a class whose name has changed: who makes classes from a schema takes theirs from here."""
_LISTS: Final = (list, tuple, frozenset, Sequence)
_ATTRIBUTE: Final = re.compile(r"^ {4}(\w+(?:, \w+)*): (.+(?:\n {5,}.+)*)", re.MULTILINE)
_BESIDE: Final = re.compile(r"^((?: {4}#: .+\n)*) {4}(\w+): [^#\n]+(?:  #: (.+))?$", re.MULTILINE)


def schema_of(classes: Iterable[type]) -> dict[str, Any]:
    """The JSON Schema of the documents among some classes, from their types and docstrings.

    Raises:
        TypeError: a key's type has no counterpart in JSON.
    """
    documents = sorted((cls for cls in classes if written_as(cls).commands), key=lambda cls: cls.__name__)
    definitions: dict[str, Any] = {}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": SCHEMA,
        "description": "What lstm-inspect writes with --json. Within schema 1 keys are only added.",
        "anyOf": [_reference(document, definitions) for document in documents],
        "$defs": dict(sorted(definitions.items())),
    }


def _reference(cls: type, definitions: dict[str, Any]) -> dict[str, Any]:
    name = _NAMES.get(cls.__name__, cls.__name__)
    if name not in definitions:
        definitions[name] = {}  # a class may hold others of its kind
        properties, required = _properties(cls, definitions)
        definitions[name] = {
            "description": _first_line(cls),
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": False,
        }
    return {"$ref": f"#/$defs/{name}"}


def _properties(cls: type, definitions: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The schema of each key, and the names of those that are always there."""
    if is_typeddict(cls):
        hints = get_type_hints(cls)
        return {name: _schema(hint, definitions) for name, hint in hints.items()}, list(hints)
    how = written_as(cls)
    properties: dict[str, Any] = {}
    required: list[str] = []
    if how.commands:
        properties = {"schema": {"const": SCHEMA}, "version": _PLAIN[str], "command": {"enum": list(how.commands)}}
        required = list(properties)
    for key in how.keys:
        hint = _hint_of(cls, key.attribute)
        if key.inline:
            more, names = _properties(_without_none(hint), definitions)
            if _without_none(hint) is not hint:
                more = {name: {"anyOf": [part, {"type": "null"}]} for name, part in more.items()}
            properties |= more
            required += names
        else:
            properties[key.name] = {**_schema(hint, definitions), **_said(cls, key.attribute)}
            required += [] if key.optional else [key.name]
    return properties, required


def _said(cls: type, attribute: str) -> dict[str, str]:
    """What is said of an attribute: in a property's own docstring, or where the field is declared, in a base too."""
    attribute, _, further = attribute.partition(".")
    if further:
        return _said(_hint_of(cls, attribute), further)
    found = inspect.getattr_static(cls, attribute, None)
    if isinstance(found, property) and inspect.isfunction(found.fget):
        return {"description": _first_line(found)}
    declared = (_described(base).get(attribute) for base in cls.__mro__ if base.__module__ != "builtins")
    return {"description": text} if (text := next(filter(None, declared), None)) else {}


def _described(cls: type) -> dict[str, str]:
    """What is said of each field of a class: in its docstring, or after ``#:`` beside the field or above it."""
    _, _, section = re.sub(r"^Args:$", "Attributes:", inspect.getdoc(cls) or "", flags=re.M).partition("Attributes:\n")
    found = {name: " ".join(text.split()) for names, text in _ATTRIBUTE.findall(section) for name in names.split(", ")}
    for above, name, beside in _BESIDE.findall(inspect.getsource(cls)):
        found[name] = beside or " ".join(above.replace("#:", "").split()) or found.get(name, "")
    return found


def _first_line(described: Any) -> str:
    return (inspect.getdoc(described) or "").partition("\n")[0]


def _schema(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of a type; a class of its own is defined once and referred to."""
    origin, arguments = get_origin(hint), get_args(hint)
    found: dict[str, Any]
    if hint in _PLAIN:
        found = _PLAIN[hint]
    elif origin is Annotated:
        found = _schema(arguments[0], definitions) | arguments[1]
    elif origin is Literal:
        found = {"enum": list(arguments)}
    elif origin in (Union, UnionType):
        found = {"anyOf": [_schema(argument, definitions) for argument in arguments]}
    elif origin in _LISTS and arguments[1:] in ((), (...,)):
        found = {"type": "array", "items": _schema(arguments[0], definitions)}
    elif isinstance(hint, type) and origin is None:
        found = _reference(hint, definitions)
    else:
        raise TypeError(f"{hint!r} has no counterpart in JSON")
    return dict(found)


def _hint_of(cls: type, attribute: str) -> Any:
    """The type of a field or a property, its metadata included; of ``spec.size`` that of the spec's size."""
    attribute, _, further = attribute.partition(".")
    if further:
        return _hint_of(_hint_of(cls, attribute), further)
    found = inspect.getattr_static(cls, attribute, None)
    if isinstance(found, property) and inspect.isfunction(found.fget):
        return get_type_hints(found.fget, include_extras=True)["return"]
    owner = next(base for base in cls.__mro__ if attribute in inspect.get_annotations(base))
    alone = SimpleNamespace(__annotations__={attribute: inspect.get_annotations(owner)[attribute]})
    return get_type_hints(alone, globalns=vars(sys.modules[owner.__module__]), include_extras=True)[attribute]


def _without_none(hint: Any) -> Any:
    """The other type of ``.. | None``; any other type as it is."""
    rest = [each for each in get_args(hint) if each is not NoneType]
    return rest[0] if NoneType in get_args(hint) else hint
