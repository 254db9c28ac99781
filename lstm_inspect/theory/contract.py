"""The JSON contract, schema lstm-inspect/1: which attributes of a class are written out, said once, beside the class.

    @record()                                                # a frozen dataclass: an object whose keys are its fields
    @record("mode *tally passed line?", command="shapes")    # one with these keys; a document: what --json writes
    @written("tensor axis")                                  # of any other class

A key is a field or a property. ``*tally`` puts that attribute's own keys among these, ``predicted=shape`` writes
``shape`` under another name, ``size=spec.size`` what its spec has, and ``line?`` is left out where it is None. The
JSON Schema follows from the types (``Annotated[int, Limit(minimum=0)]`` says more than int), and its descriptions
from a property's docstring and from what stands after ``#:`` beside a field, or above it.

A new key: the field or property, its name in that line if there is one, and ``pytest tests/verdict/test_schema.py
--rewrite-snapshots``, which writes the shipped schema.json anew. A new document: a class with a ``command=``,
of the base ``Document`` (every ``Shown`` is one); and the same. Keys are only ever added. A merge conflict in
schema.json: write it anew.
"""

import typing
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Annotated, Any, Final, NamedTuple, TypeAlias, TypedDict, TypeVar

from lstm_inspect._version import __version__

SCHEMA: Final = "lstm-inspect/1"


class Limit(dict[str, Any]):
    """What JSON Schema says of a type beyond Python's: ``Annotated[int, Limit(minimum=0)]``."""

    __hash__ = object.__hash__  # type: ignore[assignment] # typing wants to hash what it is given


Natural: TypeAlias = Annotated[int, Limit(minimum=0)]
Positive: TypeAlias = Annotated[int, Limit(minimum=1)]
Direction: TypeAlias = Annotated[str, Limit(enum=["forward", "reverse"])]
Mode: TypeAlias = Annotated[str, Limit(enum=["run", "predict"])]
T = TypeVar("T")


class Environment(TypedDict):
    """What a run ran on."""

    python: str
    torch: str
    device_name: str
    tf32: bool


class Key(NamedTuple):
    """One entry of an object: its name there, and the field or property whose value it has."""

    name: str
    attribute: str
    inline: bool  #: whether the attribute's own keys stand here instead
    optional: bool  #: whether the key is left out where the attribute is None


class Written(NamedTuple):
    """How a class is written: its keys and, if it is a document, the commands that write it."""

    keys: tuple[Key, ...]
    commands: tuple[str, ...]


WRITTEN: Final[dict[type, Written]] = {}
"""Every class that can stand in a document, entered when its module is loaded."""


def written(keys: str, *, command: str = "") -> Callable[[type[T]], type[T]]:
    """Say which attributes of a class are written out, as the module's docstring has it.

    Of several commands that write the document the attribute ``command`` names the one that wrote it.
    """
    found = []
    for word in keys.split():
        name, _, attribute = word.strip("*?").partition("=")
        found.append(Key(name, attribute or name, inline=word.startswith("*"), optional=word.endswith("?")))

    def enter(cls: type[T]) -> type[T]:
        WRITTEN[cls] = Written(tuple(found), tuple(command.split()))
        return cls

    return enter


@typing.dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(keys: str = "", *, command: str = "") -> Callable[[type[T]], type[T]]:
    """A frozen dataclass that is written out: these of its attributes, or every field where none is named."""

    def enter(cls: type[T]) -> type[T]:
        made: Any = dataclass(frozen=True, slots=True)(cls)
        return written(keys or " ".join(made.__dataclass_fields__), command=command)(made)

    return enter


def written_as(cls: type) -> Written:
    """How a class, or the first of its bases that says so, is written."""
    return next(WRITTEN[base] for base in cls.__mro__ if base in WRITTEN)


def to_dict(value: object) -> dict[str, Any]:
    """An object's keys and their values as plain dicts and lists; a document begins with its header.

    >>> @written("predicted=shape worst")
    ... class Found(NamedTuple):
    ...     shape: tuple[int, ...] = (5, 3)
    ...     worst: int | None = None
    >>> to_dict(Found())
    {'predicted': [5, 3], 'worst': None}
    """
    how, found = written_as(type(value)), {}
    if how.commands:
        command = getattr(value, "command", how.commands[0])
        found = {"schema": SCHEMA, "version": __version__, "command": command}
    for key in how.keys:
        part = attrgetter(key.attribute)(value)
        if key.inline and part is None:
            hidden = typing.get_args(typing.get_type_hints(type(value))[key.attribute])[0]  # of ``.. | None``
            found |= dict.fromkeys(each.name for each in written_as(hidden).keys)
        elif key.inline:
            found |= to_dict(part)
        elif part is not None or not key.optional:
            found[key.name] = plain(part)
    return found


class Document:
    """What writes itself as its class says."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Its JSON by the contract, schema lstm-inspect/1."""
        return to_dict(self)


def plain(value: Any) -> Any:
    """A value as JSON has it: numbers, text, lists and dicts."""
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, Mapping):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, AbstractSet):
        return [plain(part) for part in sorted(value)]
    if isinstance(value, Sequence) and type(value) not in WRITTEN:
        numbers = len(value) > 0 and isinstance(value[0], int)  # a packing may have millions of them
        return list(value) if numbers else [plain(part) for part in value]
    return to_dict(value)


def to_json(document: dict[str, Any]) -> str:
    """One line of strict JSON: no NaN, no Infinity, ASCII alone."""
    import json  # nothing needs it before there is a document: a program starts sooner under ``run``

    return json.dumps(document, allow_nan=False)


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of every document that --json writes: the file that tests/schema_generator.py made."""
    import json
    from importlib.resources import files  # slow to import, and wanted by one command alone

    schema: dict[str, Any] = json.loads(files("lstm_inspect").joinpath("schema.json").read_text(encoding="utf-8"))
    return schema
