"""A file's classes and functions, each followed from its start: the mistakes in it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from lstm_inspect.lint.source import RECURRENT, Source
from lstm_inspect.lint.state import State
from lstm_inspect.lint.uses import Draft, Uses
from lstm_inspect.lint.values import Class, Function, Instance
from lstm_inspect.lint.walk import Walker


def analyse(source: Source) -> tuple[list[Draft], Uses]:
    """The mistakes of a file, and what it calls its results."""
    walker = Walker(source)
    for each in _entries(walker):
        walker.enter(each) if isinstance(each, Function) else _follow_class(walker, each)
    nodes = {id(node) for node in ast.walk(source.tree)} if walker.uses.drafts else set()
    drafts = [draft for draft in walker.uses.settle(complete=walker.complete) if id(draft.node) in nodes]
    return drafts, walker.uses


def _entries(walker: Walker) -> Iterator[Class | Function]:
    """The classes and functions of the file itself; its own statements are followed first."""
    names = walker.module_of(walker.main).names
    concerned = _concerned(walker.main)
    for name, value in list(names.items()):
        if name in concerned and isinstance(value, Class | Function) and value.home is walker.main:
            yield value


def _concerned(source: Source) -> set[str]:
    """The definitions that name a recurrent layer, or one of those that do; the others are not followed."""
    texts = {
        node.name: "\n".join(source.lines[node.lineno - 1 : node.end_lineno])
        for node in source.tree.body
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    }
    found: set[str] = set()
    named = RECURRENT
    while new := {name for name, text in texts.items() if name not in found and named.search(text)}:
        found |= new
        named = re.compile(rf"\b(?:{'|'.join(map(re.escape, new))})\b")
    return found


def _follow_class(walker: Walker, of: Class) -> None:
    """Build the class with parameters that are not known, then follow each method that no other one calls."""
    walker.instances += 1
    instance = Instance(of, walker.instances)
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


def _methods(walker: Walker, of: Class) -> dict[str, Function]:
    found: dict[str, Function] = {}
    for each in walker.lineage(of, State()):
        for statement in each.node.body:
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                found.setdefault(statement.name, Function(statement, each.home))
    return found


def _bound(method: Function, instance: Instance) -> Function:
    return Function(method.node, method.home, instance)


def _called(node: ast.AST) -> Iterator[str]:
    """The methods of self that a method calls."""
    for each in ast.walk(node):
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute):
            owner = each.func.value
            if isinstance(owner, ast.Name) and owner.id == "self":
                yield each.func.attr
