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
    for each in _entries(walker):
        walker.enter(each) if isinstance(each, v.Function) else _follow_class(walker, each)
    nodes = {id(node) for node in ast.walk(source.tree)} if walker.uses.drafts else set()
    return [draft for draft in walker.uses.settle(complete=walker.complete) if id(draft.node) in nodes]


def _entries(walker: Walker) -> Iterator[v.Class | v.Function]:
    """The classes and functions of the file itself; its own statements are followed first."""
    names = walker.module_of(walker.main).names
    concerned = _concerned(walker.main)
    for name, value in list(names.items()):
        if name in concerned and isinstance(value, v.Class | v.Function) and value.home is walker.main:
            yield value


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
    methods = _methods(walker, of)
    variants = [State()]
    if "__init__" in methods:
        variants = walker.enter(_bound(methods["__init__"], instance), calls=False)
    called = {name for each in methods.values() for name in _called(each.node)}
    for name, method in methods.items():
        if name == "__init__" or (name in called and name != "forward"):
            continue
        for variant in variants:
            walker.enter(_bound(method, instance), variant)


def _methods(walker: Walker, of: v.Class) -> dict[str, v.Function]:
    found: dict[str, v.Function] = {}
    for each in walker.lineage(of):
        for statement in each.node.body:
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                found.setdefault(statement.name, v.Function(statement, each.home))
    return found


def _bound(method: v.Function, instance: v.Instance) -> v.Function:
    return v.Function(method.node, method.home, instance)


def _called(node: ast.AST) -> Iterator[str]:
    """The methods of self that a method calls."""
    for each in ast.walk(node):
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute):
            owner = each.func.value
            if isinstance(owner, ast.Name) and owner.id == "self":
                yield each.func.attr
