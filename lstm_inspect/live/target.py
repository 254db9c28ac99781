"""TARGET: a factory, a class or a model in a file or a module, found and made into a model and its call."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from inspect import Parameter, isfunction, signature
from operator import attrgetter
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from lstm_inspect.errors import TargetError
from lstm_inspect.live.given import Given, constructor_call, input_for
from lstm_inspect.theory.words import plural, some

if TYPE_CHECKING:
    from torch.nn import Module

    ModelCall: TypeAlias = tuple[Module, tuple[Any, ...], dict[str, Any]]
    """A model and what to call it with."""

_FORMS: Final = "it must be path/to/file.py:name or package.module:name"
_MOST_NAMES: Final = 8
_OPTIONAL: Final = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
_RETURNS: Final = "a factory returns (model, args) or (model, args, kwargs)"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a factory, a class or a model stands: in a file or in a module, and under which name; "" for all there."""

    text: str
    place: str
    factory: str

    @property
    def path(self) -> Path | None:
        """The file, if the target names one."""
        return Path(self.place) if self.place.endswith(".py") or "/" in self.place or "\\" in self.place else None


def parse_target(text: str) -> Target:
    """Split a target into where it stands and its name; a file or a module alone has none.

    Raises:
        TargetError: there is nothing before or behind its colon; the file is not there.

    >>> parse_target("examples/tagger.py:make").factory
    'make'
    """
    place, colon, factory = text.rpartition(":")
    if not colon:
        place, factory = text, ""
    elif not place or not all(part.isidentifier() for part in factory.split(".")):
        raise TargetError(text, "names nothing", _FORMS, "model.py:Net")
    target = Target(text, place, factory)
    path = target.path
    if path is None or (path.is_file() and path.suffix == ".py"):
        return target
    if path.is_dir():
        allowed, instead = f"{path} is a folder", f"{path / 'model.py'}:{factory}"
    elif path.is_file():
        allowed, instead = f"{path} is no Python file", "path/to/file.py:factory"
    else:
        allowed = f"there is no file {path} in {Path.cwd()}"
        instead = "a path from this folder, or package.module:factory"
    raise TargetError(text, "can't be read", allowed, instead)


@contextmanager
def imported(target: Target, arguments: Sequence[str] = ()) -> Iterator[ModuleType]:
    """The module that a target names, run as ``import`` runs it, with ``sys.argv`` and what stands beside it.

    Raises:
        TargetError: there is no such module.
        Exception: whatever the user's code raises.
    """
    before, argv = list(sys.path), sys.argv
    sys.argv = [target.place, *arguments]
    sys.path.insert(0, str(target.path.resolve().parent) if target.path else str(Path.cwd()))
    try:
        if target.path:
            with _from_file(target.path) as module:
                yield module
        else:
            yield _by_name(target)
    finally:
        sys.path[:], sys.argv = before, argv


@contextmanager
def _from_file(path: Path) -> Iterator[ModuleType]:
    """A file as a module, which bears its name only as long as it is used: another file may have the same."""
    name = path.stem if path.stem not in sys.modules else f"{path.stem}_of_the_target"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None  # its suffix is .py
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickle look a class's module up there
    try:
        spec.loader.exec_module(module)
        yield module
    finally:
        sys.modules.pop(name, None)


def _by_name(target: Target) -> ModuleType:
    try:
        return importlib.import_module(target.place)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{target.place}.".startswith(f"{error.name}."):
            raise  # something that the user's module imports
    except (ValueError, TypeError):
        pass  # a relative or an empty name
    allowed = f"there is no module {target.place} to import from {Path.cwd()}"
    raise TargetError(target.text, "can't be imported", allowed, "path/to/file.py:factory, or another name")


def model_and_call(target: Target, module: ModuleType, given: Given) -> ModelCall:
    """The model that a target names, and what to call it with.

    A class is built with its defaults or with the constructor that was given; a factory is called, and returns a
    model, or a model and its arguments.

    Raises:
        TargetError: there is none of that name, it wants arguments, or nothing says what the model is called with.
    """
    from torch.nn import Module  # here, so that a target of the wrong form is refused before torch is loaded

    found = _found_in(target, module)
    if not isinstance(found, Module):
        args, kwargs = constructor_call(given.call)[1:] if given.call is not None else ((), {})
        _see_that_it_takes(target, found, args, kwargs)
        found = found(*args, **kwargs)
        if not isinstance(found, Module):
            return _returned(target, found)
    return found, *_arguments_of(target, found, given)


def _arguments_of(target: Target, model: Module, given: Given) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if not given.inputs:
        allowed = f"nothing says what the {type(model).__name__} is called with"
        raise TargetError(target.text, "is a model alone", allowed, f"{target.text} {input_for(model)}")
    args, kwargs = given.arguments_for(model.forward)
    try:
        signature(model.forward, follow_wrapped=False).bind(*args, **kwargs)  # as it is called
    except TypeError as error:
        came = f"can't be called with {plural(len(given.inputs), 'input')}"
        allowed = f"{error}: forward takes {', '.join(signature(model.forward).parameters) or 'nothing'}"
        instead = "{input=4,7} for each argument, in order, or a function that returns model, args, kwargs"
        raise TargetError(target.text, came, allowed, instead) from None
    return args, kwargs


def wanted_by(made: Any) -> list[str]:
    """The arguments that a class or a function can't do without, to be filled in: ``size=..``."""
    parameters = signature(made).parameters.values()
    return [f"{each.name}=.." for each in parameters if each.default is each.empty and each.kind not in _OPTIONAL]


def is_defined_there(module: ModuleType, value: Any) -> bool:
    """Whether a value is a function or a class of the module's own."""
    return (isfunction(value) or isinstance(value, type)) and value.__module__ == module.__name__


def _found_in(target: Target, module: ModuleType) -> Any:
    """What a target names: a model, or what is called to make one; the error names what else stands there."""
    from torch.nn import Module

    there = [name for name, value in vars(module).items() if is_defined_there(module, value)]
    first = f"{target.place}:{there[0]}" if there else None
    try:
        found = attrgetter(target.factory)(module)
    except AttributeError:
        allowed = f"{target.place} has no {target.factory}; there are: {some(there, _MOST_NAMES) or 'none'}"
        instead = first or f"def {target.factory}(): return model, args"
        raise TargetError(target.text, "can't be found", allowed, instead) from None
    if isinstance(found, Module) or callable(found):
        return found
    instead = first or f"{target.place}:make with def make(): return model, (input,)"
    raise TargetError(target.text, f"is {_article(found)}, not a function", _RETURNS, instead)


def _see_that_it_takes(target: Target, factory: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    try:
        signature(factory).bind(*args, **kwargs)
    except TypeError as error:
        allowed = f"{error}: a class is built, and a factory called, with no arguments but those of {{call}}"
        name = target.factory.rpartition(".")[2]
        instead = f'{{call="{name}({", ".join(wanted_by(factory))})"}}'
        raise TargetError(target.text, "wants arguments", allowed, instead) from None
    except ValueError:
        pass  # a builtin that doesn't tell its signature


def _returned(target: Target, returned: Any) -> ModelCall:
    from torch.nn import Module
    from torch.nn.utils.rnn import PackedSequence

    def refused(value: Any, role: str, allowed: str, instead: str = "return model, (input,)") -> TargetError:
        return TargetError(target.text, f"returned {_article(value)}{role}", allowed, instead)

    if not isinstance(returned, tuple) or len(returned) not in (2, 3) or isinstance(returned, PackedSequence):
        raise refused(returned, "", _RETURNS)
    model, args, kwargs = returned if len(returned) == 3 else (*returned, {})
    if not isinstance(model, Module):
        raise refused(model, " as its model", "the model must be a torch.nn.Module")
    if not isinstance(args, (tuple, list)) or isinstance(args, PackedSequence):
        raise refused(args, " as args", "args must be a tuple, of one argument too")
    if not isinstance(kwargs, dict) or not all(isinstance(name, str) for name in kwargs):
        raise refused(kwargs, " as kwargs", "kwargs must be a dict by name", 'return model, (input,), {"hx": hx}')
    return model, tuple(args), kwargs


def _article(value: Any) -> str:
    if value is None:
        return "None"
    size = f" of {len(value)}" if type(value) in (tuple, list) else ""
    name = type(value).__name__
    return f"a{'n' if name[0].lower() in 'aeiou' else ''} {name}{size}"
