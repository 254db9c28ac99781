"""What a file holds that can be inspected: its models and factories, and what to type for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from inspect import Parameter, isfunction, signature
from types import ModuleType
from typing import Any, Final

from lstm_inspect.live.given import input_for
from lstm_inspect.live.target import Target, is_defined_there
from lstm_inspect.theory.contract import written
from lstm_inspect.theory.shown import Shown

_COMMAND: Final = "lstm-inspect model"
_OPTIONAL: Final = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)


@written("name kind command")
@dataclass(frozen=True, slots=True)
class Listed:
    """One model, class or factory of a file.

    Attributes:
        name: under which it stands there.
        kind: "class", "model" or "function".
        command: what to type to inspect it.
    """

    name: str
    kind: str
    command: str


@written("target found", command="list")
@dataclass(frozen=True, slots=True)
class Listing(Shown):
    """Everything in a file or a module that can be inspected.

    Attributes:
        target: the file or the module.
        found: in the order in which they stand there.
    """

    view = "listing"
    target: str
    found: Sequence[Listed]


def listing_of(target: Target, module: ModuleType) -> Listing:
    """What a module that was imported holds."""
    return Listing(target.text, tuple(_found(target.place, module)))


def _found(place: str, module: ModuleType) -> Iterator[Listed]:
    from torch.nn import Module

    for name, value in list(vars(module).items()):
        if isinstance(value, Module):
            yield Listed(name, "model", f"{_COMMAND} {place}:{name} {input_for(value)}")
        elif isinstance(value, type) and issubclass(value, Module) and is_defined_there(module, value):
            yield Listed(name, "class", f"{_COMMAND} {place}:{name}{_built(value)}")
        elif isfunction(value) and is_defined_there(module, value) and not _wanted(value):
            yield Listed(name, "function", f"{_COMMAND} {place}:{name}")


def _wanted(made: Any) -> list[str]:
    """The arguments that have no default."""
    parameters = signature(made).parameters.values()
    return [each.name for each in parameters if each.default is each.empty and each.kind not in _OPTIONAL]


def _built(kind: Any) -> str:
    """The flags that build a class and call it: one that builds with its defaults says itself what it reads."""
    wanted = _wanted(kind)
    if wanted:
        return f' --call "{kind.__name__}({", ".join(f"{name}=.." for name in wanted)})" --input 4,7'
    try:
        return f" {input_for(kind())}"
    except Exception:  # whatever the user's own constructor raises: the shape is theirs to say
        return " --input 4,7"
