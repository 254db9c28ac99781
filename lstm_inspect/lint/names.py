"""Names: what a variable, an attribute or an import stands for, and what an assignment binds."""

import ast
import re
from dataclasses import replace
from functools import cache
from typing import Final

from lstm_inspect.lint import tensors
from lstm_inspect.lint import values as v
from lstm_inspect.lint.library import FLAGS
from lstm_inspect.lint.source import Source, imported
from lstm_inspect.lint.uses import At, Exhausted, State, Uses

_CELL: Final = re.compile(r"c(_?(n|t|state|last|final|out|enc|dec)\w*)?\d*$|cell|mem")
_METHODS: Final = re.compile(
    "size|shape|view|reshape|unsqueeze|squeeze|transpose|permute|t|T|contiguous|sort|argsort|index_select|long|to|cuda"
    "|cpu|float|detach|expand|repeat|clone|flatten|normal_|uniform_|append|extend"
)
"""What is a tensor's or a list's, of whatever value it is asked."""
DEPTH: Final = 6  # calls inside calls, bases of bases, turns of a loop


@cache
def method_for(kind: str) -> str:
    """The method that follows nodes of a class: "_binop" of "BinOp"."""
    return f"_{kind.lower()}"


class Names:
    """Looks names up; what expressions and statements are, its heirs know."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.uses = Uses()
        self.returns: list[tuple[v.Value, State]] = []
        self.steps = 0
        self.complete = True  # else a use that makes a finding right may stand in what was not followed
        self.instances = 0
        self.stack: list[ast.AST] = []
        self._modules: dict[int, State] = {}
        self._members: dict[ast.ClassDef, dict[str, v.Value]] = {}

    def block(self, statements: list[ast.stmt], states: list[State]) -> list[State]:
        """Run statements."""
        raise NotImplementedError

    def evaluate(self, node: ast.expr, state: State) -> v.Value:
        """What an expression is."""
        raise NotImplementedError

    def _name(self, node: ast.Name, state: State) -> v.Value:
        names = state.names if node.id in state.names else self.module_of(self.source).names
        value = names.get(node.id, v.UNKNOWN)
        if isinstance(value, v.Dotted):
            names[node.id] = value = self._imported(value)
        return value

    def _imported(self, dotted: v.Dotted) -> v.Value:
        """What a name of the same package is; the name itself where its file is not there."""
        if dotted.name.startswith("torch"):
            return dotted
        module, _, name = dotted.name.rpartition(":" if ":" in dotted.name else ".")
        path = module.lstrip(".")
        source = imported(path, len(module) - len(path), self.source.place) if module else None
        return self.module_of(source).names.get(name, dotted) if source is not None else dotted

    def module_of(self, source: Source) -> State:
        """What a file's own names are: its statements are followed once."""
        if id(source) not in self._modules:
            self._modules[id(source)] = state = State()
            self._modules[id(source)] = self._followed(source.tree.body, source, state)
        return self._modules[id(source)]

    def _followed(self, statements: list[ast.stmt], source: Source, state: State) -> State:
        """What is known behind statements that stand outside of functions."""
        before = self.source, self.returns, self.steps
        self.source, self.returns, self.steps = source, [], 0
        try:
            return next(iter(self.block(statements, [state])), state)
        except Exhausted:
            self.complete = False
            return state
        finally:
            self.source, self.returns, self.steps = before

    def attribute(self, of: v.Value, name: str, state: State) -> v.Value:  # noqa: PLR0911 - a case a kind of value
        """``of.name``"""
        method = _METHODS.fullmatch(name)
        match of:
            case v.Several():
                return v.alternatives(*(self.attribute(each, name, state) for each in of.values))
            case v.Instance():
                found = state.store.get((of.number, name), v.UNKNOWN)
                return self.of_class(of.of, name, of) if found is v.UNKNOWN else found
            case v.Class():
                return self.of_class(of, name)
            case v.Dotted():
                return self._imported(v.Dotted(f"{of.name}.{name}")) if ":" not in of.name else v.UNKNOWN
            case v.Symbol() if not method:
                known = isinstance(of.default, v.Instance | v.Class)
                return v.Symbol(f"{of.text}.{name}", self.attribute(of.default, name, state) if known else v.UNKNOWN)
            case v.Recurrent() if name in FLAGS:
                return getattr(of, name)
            case v.Result() | v.Data() if name in ("T", "mT", "data"):
                return tensors.method(of, name, At(self.uses, state, None))
        return v.UNKNOWN if of is v.UNKNOWN and not method else v.Method(of, name)

    def of_class(self, of: v.Class, name: str, bound: v.Instance | None = None) -> v.Value:
        """A class's own attribute, or a base's: a method, or a value that its body gives."""
        value = self.members(of).get(name, v.UNKNOWN)
        return replace(value, bound=bound) if isinstance(value, v.Function) else value

    def members(self, of: v.Class) -> dict[str, v.Value]:
        """What the bodies of a class and of its bases define."""
        if of.node not in self._members:
            found = self._members[of.node] = {}
            for each in reversed(self.lineage(of)):
                found |= self._followed(each.node.body, each.home, State()).names
        return self._members[of.node]

    def lineage(self, of: v.Class) -> list[v.Class]:
        """A class and those of its bases that can be seen."""
        found = [of]
        before, self.source = self.source, of.home
        for base in of.node.bases:
            value = self.evaluate(base, State())
            if isinstance(value, v.Class) and value.node is not of.node and len(self.stack) < DEPTH:
                self.stack.append(base)
                found += self.lineage(value)
                self.stack.pop()
        self.source = before
        return found

    def bind(self, target: ast.expr, value: v.Value, state: State) -> None:
        """``target = value``"""
        match target:
            case ast.Name():
                if isinstance(value, v.Result) and value.tempting and _CELL.match(target.id.lower()):
                    value = replace(value, tempting=None)  # it is meant
                state.names[target.id] = value
            case ast.Tuple() | ast.List():
                self._unpack(target, value, state)
            case ast.Attribute():
                owner = self.evaluate(target.value, state)
                if isinstance(owner, v.Instance):
                    At(self.uses, state, target).lose(value)
                    state.store[owner.number, target.attr] = value
                else:
                    At(self.uses, state, target).consume(value)
            case ast.Subscript():
                owner, key = self.evaluate(target.value, state), self.evaluate(target.slice, state)
                if isinstance(owner, v.Table) and isinstance(key, v.Constant) and isinstance(target.value, ast.Name):
                    state.names[target.value.id] = v.Table((*owner.values, (key.value, value)))
                At(self.uses, state, target).consume(value)

    def _unpack(self, target: ast.Tuple | ast.List, value: v.Value, state: State) -> None:
        starred = any(isinstance(each, ast.Starred) for each in target.elts)
        items = None if starred else tensors.unpacked(value, len(target.elts), target)
        if items is None:
            At(self.uses, state, target).lose(value)
        for each, item in zip(target.elts, items or [v.UNKNOWN] * len(target.elts), strict=True):
            self.bind(each.value if isinstance(each, ast.Starred) else each, item, state)
