"""Expressions: what a literal, an operator, a test, brackets or a call is known to be."""

import ast
import re
from collections.abc import Callable
from typing import Final

from lstm_inspect.lint import tensors
from lstm_inspect.lint import values as v
from lstm_inspect.lint.names import DEPTH, Names, method_for
from lstm_inspect.lint.numbers import arithmetic, compared, held, opposite, settled
from lstm_inspect.lint.parts import dimension
from lstm_inspect.lint.source import written
from lstm_inspect.lint.uses import At, State

_NAMED_LENGTHS: Final = re.compile(
    r"(^|_)(len|lens|length|lengths|seqlen|seqlens)(_|s?$|\d)|lengths?$|lens?$|seq_?size"
)
_TENSORS: Final = (v.Result, v.Data, v.Length)
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
    """Evaluates expressions, each by the method that its node's class names."""

    def evaluate(self, node: ast.expr, state: State) -> v.Value:
        """What an expression is."""
        known: Callable[..., v.Value] = getattr(self, method_for(type(node).__name__), self._other)
        return settled(known(node, state), state.assumed)

    def _other(self, node: ast.expr, state: State) -> v.Value:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                At(self.uses, state, node).consume(self.evaluate(child, state))
        return v.UNKNOWN

    def _attribute(self, node: ast.Attribute, state: State) -> v.Value:
        return self.attribute(self.evaluate(node.value, state), node.attr, state)

    # literals and operators

    def _constant(self, node: ast.Constant, state: State) -> v.Value:
        return v.Constant(node.value)

    def _tuple(self, node: ast.Tuple | ast.List, state: State) -> v.Value:
        return v.Items(tuple(self.evaluate(each, state) for each in node.elts))

    _list = _tuple

    def _dict(self, node: ast.Dict, state: State) -> v.Value:
        values = [self.evaluate(each, state) for each in node.values]
        At(self.uses, state, node).consume(*values)
        pairs = zip(node.keys, values, strict=True)
        return v.Table(tuple((key.value, value) for key, value in pairs if isinstance(key, ast.Constant)))

    def _lambda(self, node: ast.Lambda, state: State) -> v.Value:
        return v.Function(node, self.source)

    def _starred(self, node: ast.Starred | ast.Await, state: State) -> v.Value:
        return self.evaluate(node.value, state)

    _await = _starred

    def _slice(self, node: ast.Slice, state: State) -> v.Value:
        ends = (self.evaluate(each, state) if each else v.NONE for each in (node.lower, node.upper, node.step))
        one = node.lower and node.upper and written(node.upper) == f"{written(node.lower)} + 1"
        return v.Cut(tuple(ends), one=bool(one))

    def _binop(self, node: ast.BinOp, state: State) -> v.Value:
        left, right = self.evaluate(node.left, state), self.evaluate(node.right, state)
        if isinstance(node.op, ast.Sub) and right == v.Constant(1) and (left == v.Length() or named_length(node.left)):
            return v.Length(less=True)
        if isinstance(left, _TENSORS) or isinstance(right, _TENSORS):
            return tensors.combined(left, right, node.op, At(self.uses, state, node))
        if isinstance(left, v.Items) and isinstance(right, v.Items) and isinstance(node.op, ast.Add):
            return v.Items(left.values + right.values, left.open or right.open)
        if isinstance(left, v.Items) and isinstance(node.op, ast.Mult):
            return v.Items(left.values, open=True)
        return arithmetic(node.op, left, right)

    def _unaryop(self, node: ast.UnaryOp, state: State) -> v.Value:
        value = self.evaluate(node.operand, state)
        if isinstance(node.op, ast.Not):
            known = held(value, state.assumed)
            return opposite(value if known is None else v.Constant(known))
        return arithmetic(ast.Mult(), v.Constant(-1), value) if isinstance(node.op, ast.USub) else v.UNKNOWN

    def _boolop(self, node: ast.BoolOp, state: State) -> v.Value:
        for value in (self.evaluate(each, state) for each in node.values):
            known = held(value, state.assumed)
            if known is None or known is isinstance(node.op, ast.Or):
                return v.UNKNOWN if known is None else value
        return value

    def _compare(self, node: ast.Compare, state: State) -> v.Value:
        left, right = self.evaluate(node.left, state), self.evaluate(node.comparators[0], state)
        return compared(node.ops[0], left, right, written(node.comparators[0])) if len(node.ops) == 1 else v.UNKNOWN

    def _ifexp(self, node: ast.IfExp, state: State) -> v.Value:
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
        if not isinstance(test, v.Symbol) or sides[0] == sides[1]:
            return v.alternatives(*sides)
        return v.Choice(test, tuple(sides[::-1] if test.negated else sides))

    def _namedexpr(self, node: ast.NamedExpr, state: State) -> v.Value:
        value = self.evaluate(node.value, state)
        self.bind(node.target, value, state)
        return value

    def _listcomp(self, node: ast.ListComp | ast.GeneratorExp | ast.SetComp, state: State) -> v.Value:
        inner = state.fork()
        for generator in node.generators:
            self.bind(generator.target, v.alternatives(*self.items_of(generator.iter, inner)), inner)
        return v.Items((self.evaluate(node.elt, inner),), open=True)

    _generatorexp = _setcomp = _listcomp

    def items_of(self, node: ast.expr, state: State) -> list[v.Value]:
        """What a loop's variable is, turn by turn; one turn stands for those that are alike."""
        value = self.evaluate(node, state)
        if isinstance(value, v.Items) and not value.open and len(value.values) <= DEPTH:
            return list(value.values)
        return [tensors.item_of(value, At(self.uses, state, node))]

    # tests

    def decide(self, test: ast.expr, state: State) -> bool | None:
        """Whether a test holds; None if that is not known."""
        if isinstance(test, ast.BoolOp):
            if (before := state.assumed.get(f"?{written(test)}")) is not None:
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
            left = [each for each in test.values if self.decide(each, state) is None]
            if truth is isinstance(test.op, ast.And) or len(left) == 1:
                for each in left:
                    self.suppose(each, truth, state)
            else:  # one of several tests has come out so, and which is not known
                names = [f"?{value.text}" for each in left if (value := self._asked(each, state))]
                state.assumed |= {f"?{written(test)}": truth, **dict.fromkeys(names, True)}
        elif value := self._asked(test, state):
            state.assumed[value.text] = truth is not value.negated

    def _asked(self, test: ast.expr, state: State) -> v.Symbol | None:
        """What a test asks of the world outside."""
        value = self.evaluate(test, state) if isinstance(test, _TESTS) else v.UNKNOWN
        return value if isinstance(value, v.Symbol) else None

    # brackets

    def _subscript(self, node: ast.Subscript, state: State) -> v.Value:
        of, key = self.evaluate(node.value, state), self.evaluate(node.slice, state)
        if isinstance(of, v.Symbol) and isinstance(key, v.Constant) and isinstance(key.value, str):
            return v.Symbol(f'{of.text}["{key.value}"]')
        if isinstance(of, v.Method) and of.name == "shape":
            return dimension(of.of, key, node.value)
        if named_length(node.value) and not isinstance(of, (*_TENSORS, v.Several, v.Table)):
            return v.Length()
        return tensors.indexed(of, key, At(self.uses, state, node))
