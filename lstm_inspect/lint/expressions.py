"""Expressions: what a literal, an operator, a test, brackets or a call is known to be."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from lstm_inspect.lint import brackets, library, tensors
from lstm_inspect.lint import values as v
from lstm_inspect.lint.follow import At
from lstm_inspect.lint.names import DEPTH, Names
from lstm_inspect.lint.numbers import arithmetic, compared, held, opposite
from lstm_inspect.lint.source import Source
from lstm_inspect.lint.state import State

_NAMED_LENGTHS: Final = re.compile(
    r"(^|_)(len|lens|length|lengths|seqlen|seqlens)(_|s?$|\d)|lengths?$|lens?$|seq_?size"
)
_KEEPS: Final = re.compile(r"drop|norm|relu|gelu|tanh|activation|(^|_)act(_|$)|(^|_)bn\d*$|(^|_)ln\d*$")
_TENSORS: Final = (v.Output, v.Step, v.Pair, v.Rows, v.Data, v.Length)
_TESTS: Final = (ast.Name, ast.Attribute, ast.Compare, ast.Constant, ast.Call, ast.Subscript)


def named_length(node: ast.expr) -> bool:
    """Whether an expression's name says that it is a length: ``lengths``, ``seq_len``, ``x.size(1)``."""
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name):
            return node.func.id == "len"
        return isinstance(node.func, ast.Attribute) and (node.func.attr == "size" or named_length(node.func.value))
    if isinstance(node, ast.Subscript):
        return named_length(node.value) or (isinstance(node.value, ast.Attribute) and node.value.attr == "shape")
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return bool(_NAMED_LENGTHS.search(name.lower()))


class Expressions(Names):
    """Evaluates expressions; calls of the file's own functions are followed."""

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self._expressions: dict[type[ast.expr], Callable[..., v.Value]] = {
            ast.Constant: lambda node, state: v.Constant(node.value),
            ast.Name: self.name,
            ast.Attribute: lambda node, state: self.attribute(self.evaluate(node.value, state), node.attr, state),
            ast.Subscript: self._subscript,
            ast.Call: self._call,
            ast.Tuple: self._items,
            ast.List: self._items,
            ast.Dict: self._dict,
            ast.BinOp: self._operation,
            ast.UnaryOp: self._unary,
            ast.BoolOp: self._bool,
            ast.Compare: self._compare,
            ast.IfExp: self._either,
            ast.NamedExpr: self._walrus,
            ast.Slice: self._slice,
            ast.Lambda: lambda node, state: v.Function(node, self.source),
            **dict.fromkeys((ast.Starred, ast.Await), lambda node, state: self.evaluate(node.value, state)),
            **dict.fromkeys((ast.ListComp, ast.GeneratorExp, ast.SetComp), self._comprehension),
        }

    def evaluate(self, node: ast.expr, state: State) -> v.Value:
        """What an expression is."""
        return v.settled(self._expressions.get(type(node), self._anything)(node, state), state.assumed)

    def _anything(self, node: ast.expr, state: State) -> v.Value:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.uses.consume(self.evaluate(child, state), state)
        return v.UNKNOWN

    # literals and operators

    def _items(self, node: ast.Tuple | ast.List, state: State) -> v.Value:
        return v.Items(tuple(self.evaluate(each, state) for each in node.elts))

    def _dict(self, node: ast.Dict, state: State) -> v.Value:
        values = [self.evaluate(each, state) for each in node.values]
        self.uses.consume(v.Items(tuple(values)), state)
        pairs = zip(node.keys, values, strict=True)
        return v.Table(tuple((key.value, value) for key, value in pairs if isinstance(key, ast.Constant)))

    def _slice(self, node: ast.Slice, state: State) -> v.Value:
        lower, upper, step = (
            self.evaluate(each, state) if each else v.Constant(None) for each in (node.lower, node.upper, node.step)
        )
        one = node.lower is not None and node.upper is not None
        return v.Cut(
            lower, upper, step, one and ast.unparse(node.upper or node) == f"{ast.unparse(node.lower or node)} + 1"
        )

    def _operation(self, node: ast.BinOp, state: State) -> v.Value:
        left, right = self.evaluate(node.left, state), self.evaluate(node.right, state)
        if isinstance(node.op, ast.Sub) and right == v.Constant(1) and (left == v.Length() or named_length(node.left)):
            return v.Length(less=True)
        if isinstance(left, _TENSORS) or isinstance(right, _TENSORS):
            return tensors.combined(left, right, node.op, At(self, state, node))
        if isinstance(left, v.Items) and isinstance(right, v.Items) and isinstance(node.op, ast.Add):
            return v.Items(left.values + right.values, left.open or right.open)
        if isinstance(left, v.Items) and isinstance(node.op, ast.Mult):
            return v.Items(left.values, open=True)
        return arithmetic(node.op, left, right)

    def _unary(self, node: ast.UnaryOp, state: State) -> v.Value:
        value = self.evaluate(node.operand, state)
        if isinstance(node.op, ast.Not):
            known = held(value, state.assumed)
            return opposite(value if known is None else v.Constant(known))
        return arithmetic(ast.Mult(), v.Constant(-1), value) if isinstance(node.op, ast.USub) else v.UNKNOWN

    def _bool(self, node: ast.BoolOp, state: State) -> v.Value:
        value: v.Value = v.UNKNOWN
        for each in node.values:
            value = self.evaluate(each, state)
            known = held(value, state.assumed)
            if known is None or known is isinstance(node.op, ast.Or):
                return v.UNKNOWN if known is None else value
        return value

    def _compare(self, node: ast.Compare, state: State) -> v.Value:
        left, right = self.evaluate(node.left, state), self.evaluate(node.comparators[0], state)
        return compared(node.ops[0], left, right) if len(node.ops) == 1 else v.UNKNOWN

    def _either(self, node: ast.IfExp, state: State) -> v.Value:
        known = self.decide(node.test, state)
        if known is not None:
            return self.evaluate(node.body if known else node.orelse, state)
        test = self.evaluate(node.test, state)
        sides = []
        for truth, side in ((True, node.body), (False, node.orelse)):
            path = state.fork()
            path.guarded += 1
            self.suppose(node.test, truth, path)
            sides.append(self.evaluate(side, path))
        if isinstance(test, v.Negated):
            test, sides = test.symbol, sides[::-1]
        return v.Choice(test, *sides) if isinstance(test, v.Symbol) and sides[0] != sides[1] else v.alternatives(*sides)

    def _walrus(self, node: ast.NamedExpr, state: State) -> v.Value:
        value = self.evaluate(node.value, state)
        self.bind(node.target, value, state)
        return value

    def _comprehension(self, node: ast.ListComp | ast.GeneratorExp | ast.SetComp, state: State) -> v.Value:
        inner = state.fork()
        for generator in node.generators:
            self.bind(generator.target, v.alternatives(*self.items_of(generator.iter, inner)), inner)
        return v.Items((self.evaluate(node.elt, inner),), open=True)

    def items_of(self, node: ast.expr, state: State) -> list[v.Value]:
        """What a loop's variable is, turn by turn; one turn stands for those that are alike."""
        value = self.evaluate(node, state)
        if isinstance(value, v.Items) and not value.open and len(value.values) <= DEPTH:
            return list(value.values)
        return [tensors.item_of(value, At(self, state, node))]

    # tests

    def decide(self, test: ast.expr, state: State) -> bool | None:
        """Whether a test holds; None if that is not known."""
        if isinstance(test, ast.BoolOp):
            if (before := state.assumed.get(f"?{ast.unparse(test)}")) is not None:
                return before
            known = [self.decide(each, state) for each in test.values]
            absorbing = isinstance(test.op, ast.Or)
            return absorbing if absorbing in known else None if None in known else not absorbing
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            inner = self.decide(test.operand, state)
            return None if inner is None else not inner
        return held(self.evaluate(test, state), state.assumed) if isinstance(test, _TESTS) else None

    def suppose(self, test: ast.expr, truth: bool, state: State) -> None:
        """Take a path on which a test comes out so."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            self.suppose(test.operand, not truth, state)
        elif isinstance(test, ast.BoolOp):
            open_tests = [each for each in test.values if self.decide(each, state) is None]
            if truth is isinstance(test.op, ast.And) or len(open_tests) == 1:
                for each in open_tests:
                    self.suppose(each, truth, state)
            else:
                state.assumed[f"?{ast.unparse(test)}"] = truth
                self._blur(open_tests, state)
        elif isinstance(test, ast.Name | ast.Attribute | ast.Compare | ast.Subscript):
            value = self.evaluate(test, state)
            if isinstance(value, v.Negated):
                value, truth = value.symbol, not truth
            if isinstance(value, v.Symbol):
                state.assumed[value.text] = truth

    def _blur(self, tests: list[ast.expr], state: State) -> None:
        """One of several tests has come out so, and which is not known."""
        for each in tests:
            value = self.evaluate(each, state) if isinstance(each, _TESTS) else v.UNKNOWN
            symbol = value.symbol if isinstance(value, v.Negated) else value
            if isinstance(symbol, v.Symbol):
                state.assumed[f"?{symbol.text}"] = True

    # brackets and calls

    def _subscript(self, node: ast.Subscript, state: State) -> v.Value:
        return self._picked(self.evaluate(node.value, state), self.evaluate(node.slice, state), node, state)

    def _picked(self, of: v.Value, key: v.Value, node: ast.Subscript, state: State) -> v.Value:
        match of:
            case v.Several():
                return v.alternatives(*(self._picked(each, key, node, state) for each in of.values))
            case v.Table():
                found = [value for name, value in of.values if not isinstance(key, v.Constant) or key.value == name]
                return v.alternatives(*found[-1:] if isinstance(key, v.Constant) else found)
            case v.Symbol() if isinstance(key, v.Constant) and isinstance(key.value, str):
                return v.Symbol(f'{of.text}["{key.value}"]')
            case v.Method(name="shape"):
                return brackets.dimension(of.of, key, node.value)
        if named_length(node.value) and not isinstance(of, _TENSORS):
            return v.Length()
        return brackets.indexed(of, key, At(self, state, node))

    def _call(self, node: ast.Call, state: State) -> v.Value:
        function = self.evaluate(node.func, state)
        arguments = [self.evaluate(each, state) for each in node.args]
        named = {each.arg: self.evaluate(each.value, state) for each in node.keywords if each.arg}
        return self._apply(function, At(self, state, node, arguments, named))

    def _apply(self, function: v.Value, at: At) -> v.Value:  # noqa: C901, PLR0911 - a case a kind of value
        """``function(*arguments, **named)``"""
        match function:
            case v.Several():
                return v.alternatives(*(self._apply(each, at) for each in function.values))
            case v.Dotted():
                return library.call(function.name, at)
            case v.Class():
                return self._construct(function, at)
            case v.Instance():
                return self._apply(self.attribute(function, "forward", at.state), at)
            case v.Function():
                return self._follow(function, at)
            case v.Method():
                return tensors.method(function.of, function.name, at)
            case v.Recurrent():
                return tensors.run(function, at)
            case v.Layer():
                return tensors.through(function, at)
            case v.Chain():
                for each in function.values:
                    at = at.of(self._apply(each, at))
                return at.given(0)
        return self._unfollowed(at)

    def _unfollowed(self, at: At) -> v.Value:
        """A call of what is not known: by its name it may be Python's own, or keep what stands where."""
        function = at.node.func
        if isinstance(function, ast.Name):
            found = library.builtin(function.id, at)
            if found is not None:
                return found
        keeps = isinstance(function, ast.Attribute) and _KEEPS.search(function.attr.lower())
        return tensors.through(v.Layer("same"), at) if keeps and at.arguments else at.consume_all()

    def _construct(self, of: v.Class, at: At) -> v.Value:
        """``Class(..)``"""
        self.instances += 1
        instance = v.Instance(of, self.instances)
        start = self.of_class(of, "__init__", instance)
        if isinstance(start, v.Function):
            self._follow(start, at)
        else:
            at.state.store.update({(instance.number, name): value for name, value in at.named.items()})
        return instance

    def _follow(self, function: v.Function, at: At) -> v.Value:
        """A call of a function of the file: its body, with these arguments; what it returns."""
        if function.node in self.stack or len(self.stack) >= DEPTH:
            return at.consume_all()
        parameters = self.parameters(function, at.arguments, at.named)
        returned = self.body(function, State(parameters, at.state.store, dict(at.state.assumed), at.state.guarded))
        if returned:
            at.state.store.update(returned[-1][1].store)
        return v.alternatives(*(value for value, _ in returned)) if returned else v.UNKNOWN

    def body(self, function: v.Function, inner: State) -> list[tuple[v.Value, State]]:
        """What a function returns, path by path."""
        before = self.source, self.returns
        self.source, self.returns = function.home, []
        self.stack.append(function.node)
        try:
            if isinstance(function.node, ast.Lambda):
                return [(self.evaluate(function.node.body, inner), inner)]
            ended = self.block(function.node.body, [inner])
            return [*self.returns, *((v.Constant(None), each) for each in ended)]
        finally:
            self.stack.pop()
            self.source, self.returns = before

    def parameters(
        self, function: v.Function, arguments: Sequence[v.Value] | None, named: Mapping[str, v.Value]
    ) -> dict[str, v.Value]:
        """A function's parameters: the arguments; symbols with their defaults where it is entered without any."""
        spec = function.node.args
        places = [*spec.posonlyargs, *spec.args]
        static = any(getattr(each, "id", "") == "staticmethod" for each in getattr(function.node, "decorator_list", ()))
        bound = [function.bound] if function.bound is not None and not static else []
        given = {place.arg: value for place, value in zip(places, [*bound, *(arguments or ())], strict=False)}
        given |= named
        defaults = dict(zip([each.arg for each in places[::-1]], spec.defaults[::-1], strict=False))
        defaults |= {each.arg: value for each, value in zip(spec.kwonlyargs, spec.kw_defaults, strict=True) if value}
        before, self.source = self.source, function.home
        for place in [*places, *spec.kwonlyargs]:
            if place.arg not in given:
                default = self.evaluate(defaults[place.arg], State()) if place.arg in defaults else v.UNKNOWN
                known = default is not v.UNKNOWN and arguments is not None
                given[place.arg] = default if known else v.Symbol(place.arg, self._default(default, place))
        self.source = before
        return given

    def _default(self, default: v.Value, place: ast.arg) -> v.Value:
        """A parameter's default; without one the class that annotates it, whose class attributes are defaults."""
        if default is v.UNKNOWN and isinstance(place.annotation, ast.Name):
            value = self.name(place.annotation, State())
            return value if isinstance(value, v.Class) else v.UNKNOWN
        return default
