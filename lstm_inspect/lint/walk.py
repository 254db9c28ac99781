"""A file's classes and functions, followed as Python would run them: each undecided test makes two paths."""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from lstm_inspect.lint import values as v
from lstm_inspect.lint.calls import Calls
from lstm_inspect.lint.names import method_for
from lstm_inspect.lint.source import RECURRENT, Source
from lstm_inspect.lint.uses import At, Draft, Exhausted, State, merged

_STATEMENTS: Final = 8_000  # of one function and what it calls: what takes more is left, not waited for


class Walker(Calls):
    """Follows one file, each statement by the method that its node's class names."""

    def block(self, statements: list[ast.stmt], states: list[State]) -> list[State]:
        """Run statements on every path; the paths that reach their end."""
        for statement in statements:
            run: Callable[..., list[State]] | None = getattr(self, method_for(type(statement).__name__), None)
            if run is None:
                continue
            self.steps += len(states)
            if self.steps > _STATEMENTS:
                raise Exhausted
            reached = [after for state in states for after in run(statement, state)]
            states = merged(reached) if len(reached) > 1 else reached
            if not states:
                break
        return states

    def enter(self, function: v.Function, before: State | None = None, *, calls: bool = True) -> list[State]:
        """Follow a function with arguments that are not known; the paths that leave it.

        Args:
            before: what is known before it: the attributes that ``__init__`` has set.
            calls: it is a call of a module, and what it returns is read; not so ``__init__``.
        """
        self.steps = 0
        before = before or State()
        inner = State(self.parameters(function, None, {}), dict(before.store), dict(before.assumed))
        self.uses.entered = calls and function.bound is not None
        try:
            returned = self.body(function, inner)
        except Exhausted:
            self.complete = False
            return []
        for value, state in returned if calls else ():
            At(self.uses, state, function.node).consume(value)
        self.uses.entered = False
        return [state for _, state in returned]

    # one statement, one path

    def _assign(self, node: ast.Assign, state: State) -> list[State]:
        return self._bind_all(node.targets, self.evaluate(node.value, state), state)

    def _annassign(self, node: ast.AnnAssign, state: State) -> list[State]:
        return self._bind_all([node.target], self.evaluate(node.value, state), state) if node.value else [state]

    def _bind_all(self, targets: list[ast.expr], value: v.Value, state: State) -> list[State]:
        """Bind a value; one of several makes a path of each."""
        values = value.values if isinstance(value, v.Several) else (value,)
        states = [state, *(state.fork() for _ in values[1:])]
        for each, path in zip(values, states, strict=True):
            for target in targets:
                self.bind(target, each, path)
        return states

    def _augassign(self, node: ast.AugAssign, state: State) -> list[State]:
        load = ast.copy_location(ast.BinOp(node.target, node.op, node.value), node)
        self.bind(node.target, self.evaluate(load, state), state)
        return [state]

    def _expr(self, node: ast.Expr, state: State) -> list[State]:
        self.evaluate(node.value, state)
        return [state]

    def _return(self, node: ast.Return, state: State) -> list[State]:
        self.returns.append((self.evaluate(node.value, state) if node.value else v.NONE, state))
        return []

    def _raise(self, node: ast.Raise, state: State) -> list[State]:
        return []

    def _if(self, node: ast.If, state: State) -> list[State]:
        held = self.decide(node.test, state)
        if held is not None:
            self.evaluate(node.test, state)
            return self.block(node.body if held else node.orelse, [state])
        otherwise = state.fork()
        self.suppose(node.test, True, state)
        self.suppose(node.test, False, otherwise)
        guard = 0 if _asks_for_none(node.test) else 1
        state.guarded, otherwise.guarded = state.guarded + guard, otherwise.guarded + guard
        reached = [*self.block(node.body, [state]), *self.block(node.orelse, [otherwise])]
        for each in reached:
            each.guarded -= guard
        return reached

    def _match(self, node: ast.Match, state: State) -> list[State]:
        """As the chain of ``if`` that it stands for."""
        chain: list[ast.stmt] = []
        for case in reversed(node.cases):
            test = _case_test(node.subject, case.pattern)
            chain = case.body if test is None else [ast.copy_location(ast.If(test, case.body, chain), node)]
        return self.block(chain, [state])

    def _for(self, node: ast.For | ast.AsyncFor, state: State) -> list[State]:
        states = [state]
        for item in self.items_of(node.iter, state):
            states = merged([after for each in states for after in self._bind_all([node.target], item, each)])
            states = self.block(node.body, states)
        return self.block(node.orelse, states)

    _asyncfor = _for

    def _while(self, node: ast.While, state: State) -> list[State]:
        self.evaluate(node.test, state)
        return self.block(node.body, [state])

    def _with(self, node: ast.With | ast.AsyncWith, state: State) -> list[State]:
        for item in node.items:
            value = self.evaluate(item.context_expr, state)
            if item.optional_vars is not None:
                self.bind(item.optional_vars, value, state)
        return self.block(node.body, [state])

    _asyncwith = _with

    def _try(self, node: ast.Try, state: State) -> list[State]:
        before = state.fork()
        reached = self.block([*node.body, *node.orelse], [state])
        for handler in node.handlers:
            reached += self.block(handler.body, [before.fork()])
        return self.block(node.finalbody, merged(reached))

    def _functiondef(self, node: ast.FunctionDef | ast.AsyncFunctionDef, state: State) -> list[State]:
        state.names[node.name] = v.Function(node, self.source)
        return [state]

    _asyncfunctiondef = _functiondef

    def _classdef(self, node: ast.ClassDef, state: State) -> list[State]:
        state.names[node.name] = v.Class(node, self.source)
        return [state]

    def _import(self, node: ast.Import, state: State) -> list[State]:
        for alias in node.names:
            whole = alias.name if alias.asname else alias.name.partition(".")[0]
            state.names[alias.asname or whole] = v.Dotted(whole)
        return [state]

    def _importfrom(self, node: ast.ImportFrom, state: State) -> list[State]:
        module = "." * node.level + (node.module or "")
        for alias in node.names:
            if alias.name == "*" and module == "torch.nn":
                state.names.update({kind: v.Dotted(f"torch.nn.{kind}") for kind in ("LSTM", "GRU", "RNN", "Linear")})
            sign = "." if module.startswith("torch") else ":"
            state.names[alias.asname or alias.name] = v.Dotted(f"{module}{sign}{alias.name}")
        return [state]


def _asks_for_none(test: ast.expr) -> bool:
    """``h is None``, ``not h``, ``h0 is None or c0 is None``."""
    if isinstance(test, ast.BoolOp):
        return all(_asks_for_none(each) for each in test.values)
    if isinstance(test, ast.Compare):
        return any(isinstance(each, ast.Constant) and each.value is None for each in test.comparators)
    return isinstance(test, ast.UnaryOp) and isinstance(test.operand, ast.Name)


def _case_test(subject: ast.expr, pattern: ast.pattern) -> ast.expr | None:
    """A case as the test that ``if`` would ask; None for a case that takes everything."""
    test: ast.expr = ast.Name("_pattern", ast.Load())
    if isinstance(pattern, ast.MatchAs) and pattern.pattern is None:
        return None
    if isinstance(pattern, ast.MatchOr):
        tests = [_case_test(subject, each) for each in pattern.patterns]
        test = ast.BoolOp(ast.Or(), [each for each in tests if each is not None]) if all(tests) else test
    elif isinstance(pattern, ast.MatchValue):
        test = ast.Compare(subject, [ast.Eq()], [pattern.value])
    return ast.copy_location(test, subject)


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
    definitions = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    texts = {each.name: _text(each, source) for each in source.tree.body if isinstance(each, definitions)}
    found: set[str] = set()
    aliases = [alias for node in source.tree.body for alias in _aliases(node)]
    named = re.compile("|".join([RECURRENT.pattern, *(rf"\b{re.escape(each)}\b" for each in aliases)]))
    while new := {name for name, text in texts.items() if name not in found and named.search(text)}:
        found |= new
        named = re.compile(rf"\b(?:{'|'.join(map(re.escape, new))})\b")
    return found


def _text(node: ast.stmt | ast.expr, source: Source) -> str:
    return "\n".join(source.lines[node.lineno - 1 : node.end_lineno])


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
    members = walker.members(of).items()
    methods = {name: replace(each, bound=instance) for name, each in members if isinstance(each, v.Function)}
    start = methods.pop("__init__", None)
    variants = walker.enter(start, calls=False) if start else [State()]
    texts = [_text(each.node, each.home) for each in (start, *methods.values()) if each]
    called = {name for text in texts for name in re.findall(r"\bself\.(\w+)\(", text)} - {"forward"}
    for name, method in methods.items():
        for variant in variants if name not in called else ():
            walker.enter(method, variant)
