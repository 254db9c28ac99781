"""Calls: what is built, what torch's and Python's own functions give, and the file's own functions, followed."""

import ast
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

from lstm_inspect.lint import library, tensors
from lstm_inspect.lint import values as v
from lstm_inspect.lint.expressions import Expressions
from lstm_inspect.lint.names import DEPTH
from lstm_inspect.lint.uses import At, State

_KEEPS: Final = re.compile(r"drop|norm|relu|gelu|tanh|activation|(^|_)act(_|$)|(^|_)bn\d*$|(^|_)ln\d*$")


class Calls(Expressions):
    """Evaluates calls."""

    def _call(self, node: ast.Call, state: State) -> v.Value:
        function = self.evaluate(node.func, state)
        arguments = [self.evaluate(each, state) for each in node.args]
        named = {each.arg: self.evaluate(each.value, state) for each in node.keywords if each.arg}
        return self._apply(function, At(self.uses, state, node, arguments, named))

    def _apply(self, function: v.Value, at: At) -> v.Value:  # noqa: C901, PLR0911 - a case a kind of value
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
            case v.Method(of=v.Items(), name="append" | "extend" | "insert"):
                return self._appended(function.of, at)
            case v.Method():
                return tensors.method(function.of, function.name, at)
            case v.Recurrent():
                return tensors.run(function, at)
            case v.Layer(kind="chain"):
                for each in function.values:
                    at = at.of(self._apply(each, at))
                return at.given(0)
            case v.Layer():
                return tensors.through(at.given(0), function, at)
        return self._unfollowed(at.node.func, at)

    def _unfollowed(self, function: ast.expr, at: At) -> v.Value:
        """A call of what is not known: by its name it may be Python's own, or keep what stands where."""
        name = function.id if isinstance(function, ast.Name) else ""
        if name == "super":
            return self._super(at.state)
        if name == "getattr":
            return self._getattr(at)
        if name in library.BUILTINS:
            return library.BUILTINS[name](at)
        keeps = isinstance(function, ast.Attribute) and _KEEPS.search(function.attr.lower()) and at.arguments
        return tensors.through(at.given(0), v.Layer("same"), at) if keeps else at.consume_all()

    def _super(self, state: State) -> v.Value:
        """The same object, as its next class has it."""
        instance: v.Value = state.names.get("self")
        lineage = self.lineage(instance.of) if isinstance(instance, v.Instance) and self.stack else []
        after = [base for each, base in pairwise(lineage) if self.stack[-1] in each.node.body]
        return v.Instance(after[0], instance.number) if after else v.UNKNOWN

    def _getattr(self, at: At) -> v.Value:
        of, name = at.given(0), at.given(1)
        if of == v.Dotted("torch.nn"):
            return library.of_nn(name)
        known = isinstance(name, v.Constant) and isinstance(name.value, str)
        return self.attribute(of, name.value, at.state) if known else v.UNKNOWN

    def _appended(self, items: v.Items, at: At) -> v.Value:
        """``items.append(value)``: modules and tensors stay known in the list of that name."""
        at.consume_all()
        added = at.arguments[-1] if at.arguments else v.UNKNOWN
        kept = (*items.values, added)[:8] if isinstance(added, v.Recurrent | v.Layer | v.Data) else items.values
        if isinstance(at.node.func, ast.Attribute) and isinstance(at.node.func.value, ast.Name | ast.Attribute):
            self.bind(at.node.func.value, v.Items(kept, open=True), at.state)
        return v.UNKNOWN

    def _construct(self, of: v.Class, at: At) -> v.Value:
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
        return v.alternatives(*(value for value, _ in returned))

    def body(self, function: v.Function, inner: State) -> list[tuple[v.Value, State]]:
        """What a function returns, path by path."""
        before = self.source, self.returns
        self.source, self.returns = function.home, []
        self.stack.append(function.node)
        try:
            if isinstance(function.node, ast.Lambda):
                return [(self.evaluate(function.node.body, inner), inner)]
            ended = self.block(function.node.body, [inner])
            return [*self.returns, *((v.NONE, each) for each in ended)]
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
        if default is not v.UNKNOWN or not isinstance(place.annotation, ast.Name):
            return default
        value = self.evaluate(place.annotation, State())
        return value if isinstance(value, v.Class) else v.UNKNOWN
