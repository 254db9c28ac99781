"""A whole model as a tree: every module, its parameters, and what it gave when it was called."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook
from torch.nn.utils.rnn import PackedSequence

from lstm_inspect.live.report import TreeRow
from lstm_inspect.live.seeing import is_ours
from lstm_inspect.theory.shapes import format_tuple


@contextmanager
def outputs() -> Iterator[dict[int, str]]:
    """What each module gives in its first call while the context lasts, by identity: shapes, as text."""
    found: dict[int, str] = {}

    def note(module: nn.Module, args: Any, results: Any) -> None:
        if not is_ours():
            found.setdefault(id(module), shape_of(results))

    handle = register_module_forward_hook(note)
    try:
        yield found
    finally:
        handle.remove()


def shape_of(results: Any) -> str:
    """The shapes of a result, however it is put together.

    >>> import torch
    >>> shape_of((torch.zeros(5, 3), [torch.zeros(2), None]))
    '(5, 3), ((2,), None)'
    """
    if isinstance(results, PackedSequence):
        return f"packed {format_tuple(tuple(results.data.shape))}"
    if isinstance(results, Tensor):
        return format_tuple(tuple(results.shape))
    if isinstance(results, (tuple, list)):
        shapes = (f"({shape_of(each)})" if isinstance(each, (tuple, list)) else shape_of(each) for each in results)
        return ", ".join(shapes)
    return "None" if results is None else type(results).__name__


def tree_of(model: nn.Module, found: dict[int, str]) -> Iterator[TreeRow]:
    """Every module of a model, outer ones first; one that has several names stands under the first."""
    for name, module in model.named_modules():
        parameters = sum(weight.numel() for weight in module.parameters())
        rows = (module.num_layers, 1 + module.bidirectional) if isinstance(module, nn.RNNBase) else (0, 0)
        yield TreeRow(name, type(module).__name__, parameters, found.get(id(module)), *rows)
