"""A file's classes and functions, each followed from its start: the mistakes in it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from lstm_inspect.lint import values as v
from lstm_inspect.lint.source import RECURRENT, Source
from lstm_inspect.lint.state import State
from lstm_inspect.lint.uses import Draft
from lstm_inspect.lint.walk import Walker


def analyse(source: Source) -> list[Draft]:
    """The mistakes of a file."""
    walker = Walker(source)
    names = dict(walker.module_of(source).names)  # the file's own statements are followed first
    concerned = _concerned(source)
    for name, value in names.items():
        if name in concerned and isinstance(value, v.Class | v.Function) and value.home is source:
            walker.enter(value) if isinstance(value, v.Function) else _follow_class(walker, value)
    nodes = {id(node) for node in ast.walk(source.tree)} if walker.uses.drafts else set()
    return [draft for draft in walker.uses.settle(complete=walker.complete) if id(draft.node) in nodes]


def _concerned(source: Source) -> set[str]:
    """The definitions that name a recurrent layer, or one of those that do; the others are not followed."""
    texts = {
        node.name: "\n".join(source.lines[node.lineno - 1 : node.end_lineno])
        for node in source.tree.body
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    }
    found: set[str] = set()
    aliases = [alias for node in source.tree.body for alias in _aliases(node)]
    named = re.compile("|".join([RECURRENT.pattern, *(rf"\b{re.escape(each)}\b" for each in aliases)]))
    while new := {name for name, text in texts.items() if name not in found and named.search(text)}:
        found |= new
        named = re.compile(rf"\b(?:{'|'.join(map(re.escape, new))})\b")
    return found


def _aliases(node: ast.stmt) -> Iterator[str]:
    """Other names that a file gives to recurrent layers: ``from torch.nn import LSTM as Memory``."""
    if isinstance(node, ast.ImportFrom):
        yield from (each.asname for each in node.names if each.asname and RECURRENT.search(each.name))
    elif isinstance(node, ast.Assign) and RECURRENT.search(ast.unparse(node.value)):
        yield from (each.id for each in node.targets if isinstance(each, ast.Name))


def _follow_class(walker: Walker, of: v.Class) -> None:
    """Build the class with parameters that are not known, then follow each method that no other one calls."""
    walker.instances += 1
    instance = v.Instance(of, walker.instances)
    methods = {
        name: v.Function(node, owner.home, instance)
        for name, (node, owner) in walker.members(of).items()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    start = methods.pop("__init__", None)
    variants = walker.enter(start, calls=False) if start else [State()]
    called = {name for each in [start, *methods.values()] if each for name in _called(each.node)} - {"forward"}
    for name, method in methods.items():
        for variant in variants if name not in called else ():
            walker.enter(method, variant)


def _called(node: ast.AST) -> Iterator[str]:
    """The methods of self that a method calls."""
    for each in ast.walk(node):
        function = each.func if isinstance(each, ast.Call) else None
        if isinstance(function, ast.Attribute) and getattr(function.value, "id", "") == "self":
            yield function.attr
