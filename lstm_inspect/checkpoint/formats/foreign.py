"""LSTMs of other frameworks as torch's nn.LSTM: which of their arrays become which parameter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lstm_inspect.checkpoint.formats.refusal import UnreadableError
from lstm_inspect.checkpoint.found import other_module
from lstm_inspect.checkpoint.report import BY_NAMES, FoundLSTM, FoundParameter, OtherModule, Problem
from lstm_inspect.checkpoint.sizes import Sizes
from lstm_inspect.errors import SpecError
from lstm_inspect.theory.shapes import Shape

Part = tuple[str, Shape, str]
"""An array: its name in the file, its shape, its dtype."""

Direction = dict[str, Part]
"""The arrays of one layer and direction, by the parameter of torch that they become."""


def module(
    name: str,
    kind: str,
    sizes: tuple[int | None, int],
    layers: Sequence[Sequence[Direction]],
    *,
    batch_first: bool,
    by_attribute: Sequence[str] = (),
    notes: Sequence[str] = (),
    obstacles: Iterable[str] = (),
) -> FoundLSTM | OtherModule:
    """A recurrent module of another framework.

    Args:
        name: the file's own name of it.
        kind: "LSTM", "GRU" or "RNN".
        sizes: input_size, None if nothing tells it, and hidden_size.
        layers: from the lowest, each with its directions, forward first.
        batch_first: whether it reads (B, T, I).
        by_attribute: what the file says in words, where torch's names or shapes would have said it.
        notes: how it is stored.
        obstacles: what it does that torch's module does not.
    """
    parameters = [
        FoundParameter(f"{part}_l{layer}{end}", *array)
        for layer, directions in enumerate(layers)
        for end, direction in zip(("", "_reverse"), directions, strict=False)
        for part, array in direction.items()
    ]
    agreed = Sizes(
        kind=kind,
        assumed=False,
        input_size=sizes[0],
        hidden_size=sizes[1],
        num_layers=len(layers),
        bidirectional=len(layers[0]) == 2,
        bias="bias_ih" in layers[0][0],
        proj_size=0,
        dtype=parameters[0].dtype if parameters else "float32",
    )
    if kind != "LSTM":
        return other_module((), name, "", kind, agreed)
    try:
        spec = agreed.spec({"batch_first": batch_first})
    except SpecError as error:
        raise UnreadableError(f"no nn.LSTM has the sizes of {name}: {error.message().partition('. ')[0]}") from None
    told = {argument: by for argument, by in BY_NAMES.items() if argument != "proj_size"}
    told |= dict.fromkeys((*by_attribute, "batch_first"), "attribute")
    problems = [Problem("foreign", obstacle) for obstacle in obstacles]
    return FoundLSTM((), name, "", agreed, None if sizes[0] is None else spec, parameters, told, notes, problems)
