"""What a model is built with and called with, as it is typed: shapes, whole numbers, lengths, a constructor."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lstm_inspect.errors import SpecError, TargetError, literal

if TYPE_CHECKING:
    from torch import Tensor, nn

_INPUT: Final = re.compile(r"\d+(?:,\d+)*(?::\d+)?")
_LENGTHS: Final = re.compile(r"len|size", re.IGNORECASE)
_STATES: Final = re.compile(r"^(h|hx|h0|h_0|hc|hidden|state|states|hidden_state)$|^(hidden|state)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Given:
    """What a command line says of a model and of its call."""

    #: ``4,7`` for random numbers of that shape, ``4,7:100`` for whole numbers from 0 below 100; in order.
    inputs: Sequence[str] = ()
    lengths: Sequence[int] | None = None  #: an argument of whole numbers, where the call wants one.
    call: str | None = None  #: how the model is built: ``Net(vocab=100)``.
    arguments: Sequence[str] = ()  #: the file's own, its ``sys.argv``.
    calls: int = 1  #: how often the model is called; its state is fed on.

    def __post_init__(self) -> None:
        for text in self.inputs:
            if not _INPUT.fullmatch(text):
                allowed = "sizes with commas between, and what whole numbers stay below behind a colon"
                raise SpecError("input", repr(text), allowed, "{input=4,7} or {input=4,7:100}")
        if self.calls < 1:
            raise SpecError("calls", str(self.calls), "at least 1", "{calls=2}")

    def tensors(self) -> Iterator[Tensor]:
        """The inputs, drawn."""
        import torch

        for text in self.inputs:
            sizes, _, below = text.partition(":")
            shape = [int(size) for size in sizes.split(",")]
            yield torch.randint(int(below), shape) if below else torch.randn(shape)

    def arguments_for(self, forward: Callable[..., Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """What a model's forward is called with: the inputs in order, lengths under the name that wants them.

        A state that it can't be called without is None, which nn.LSTM takes for zeros.
        """
        import torch

        args = list(self.tensors())
        left = list(inspect.signature(forward).parameters.values())[len(args) :]
        wanted = [each.name for each in left if each.default is each.empty]
        kwargs: dict[str, Any] = dict.fromkeys(filter(_STATES.search, wanted))
        name = next(filter(_LENGTHS.search, [each.name for each in left]), None)
        if self.lengths is not None and name is not None:
            kwargs[name] = torch.tensor(self.lengths)
        elif self.lengths is not None:
            args.append(torch.tensor(self.lengths))
        return tuple(args), kwargs


def constructor_call(text: str) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
    """A constructor's name and its arguments, which must be literals: nothing of it is evaluated.

    Raises:
        SpecError: it is something else.

    >>> constructor_call("Net(100, hidden=[4, 8])")
    ('Net', (100,), {'hidden': [4, 8]})
    >>> constructor_call("Net(open('x'))")
    Traceback (most recent call last):
    lstm_inspect.errors.SpecError: call="Net(open('x'))": must be a class and literal values. Try call="Net(vocab=100)".
    """
    try:
        made = ast.parse(text, mode="eval").body
        if not isinstance(made, ast.Call) or None in [keyword.arg for keyword in made.keywords]:
            raise ValueError(text)
        kwargs = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in made.keywords}
        return ast.unparse(made.func), tuple(map(ast.literal_eval, made.args)), kwargs
    except (ValueError, SyntaxError, TypeError):
        raise SpecError("call", f'"{literal(text)}"', "a class and literal values", '{call="Net(vocab=100)"}') from None


def input_for(model: nn.Module) -> str:
    """What to type as a model's input, guessed from the first module in it that says what it reads.

    >>> from torch import nn
    >>> input_for(nn.Sequential(nn.Embedding(100, 16), nn.LSTM(16, 8)))
    '--input-ids 4,7:100'
    """
    from torch import nn

    parameters = inspect.signature(model.forward).parameters.values()
    wanted = any(each.default is each.empty and _LENGTHS.search(each.name) for each in parameters)
    lengths = " --lengths 7,5,2,1" if wanted else ""
    for module in model.modules():
        match module:
            case nn.Embedding(num_embeddings=count):
                return f"--input-ids 4,7:{count}{lengths}"
            case nn.RNNBase(input_size=size) | nn.Linear(in_features=size):
                return f"--input 4,7,{size}{lengths}"
    return f"--input 4,7,16{lengths}"


def fed_on(
    target: str, results: Any, forward: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments of a call of forward, but for the state: that is the last of the results of the call before.

    Raises:
        TargetError: there is no state to feed on.
    """
    call = inspect.signature(forward).bind(*args, **kwargs)
    name = next(filter(_STATES.search, list(call.signature.parameters)[1:]), None)
    if name is None or not isinstance(results, tuple) or len(results) < 2:
        came = "returns no state" if name is not None else "takes no state"
        allowed = "a second call is fed the state that the first one returned, as forward(x, state) -> output, state"
        raise TargetError(target, came, allowed, "one call")
    call.arguments[name] = results[-1]
    return call.args, call.kwargs
