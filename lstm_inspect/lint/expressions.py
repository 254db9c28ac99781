"""Expressions: what a name, a number, a test or a call is known to be."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from lstm_inspect.lint import library, tensors
from lstm_inspect.lint.source import Source, imported
from lstm_inspect.lint.state import Exhausted, State
from lstm_inspect.lint.uses import Uses
from lstm_inspect.lint.values import (
    UNKNOWN,
    Chain,
    Choice,
    Class,
    Constant,
    Cut,
    Data,
    Dotted,
    Function,
    Instance,
    Items,
    Layer,
    Length,
    Method,
    Negated,
    Output,
    Pair,
    Recurrent,
    Rows,
    Several,
    Size,
    Step,
    Symbol,
    Table,
    Value,
    alternatives,
    plain,
    settled,
    size,
)

_DEPTH: Final = 6  # calls inside calls
_NAMED_LENGTHS: Final = re.compile(
    r"(^|_)(len|lens|length|lengths|seqlen|seqlens)(_|s?$|\d)|lengths?$|lens?$|seq_?size"
)
_KEEPS: Final = re.compile(r"drop|norm|relu|gelu|tanh|activation|(^|_)act(_|$)|(^|_)bn\d*$|(^|_)ln\d*$")
_TENSORS: Final = (Output, Step, Pair, Rows, Data, Length)


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


class Expressions:
    """Evaluates expressions; calls of the file's own functions are followed."""

    def __init__(self, source: Source) -> None:
        self.main = source
        self.source = source
        self.uses = Uses()
        self.returns: list[tuple[Value, State, ast.AST]] = []
        self.steps = 0
        self.complete = True  # else a use that makes a finding right may stand in what was not followed
        self.instances = 0
        self._modules: dict[int, State] = {}
        self._stack: list[ast.AST] = []
        self._foreign: set[str] = set()
        self._expressions: dict[type[ast.expr], Callable[..., Value]] = {
            ast.Constant: lambda node, state: Constant(node.value),
            ast.Name: self._name,
            ast.Attribute: self._attribute,
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
            ast.Lambda: lambda node, state: Function(node, self.source),
            ast.Starred: lambda node, state: self.evaluate(node.value, state),
            ast.Await: lambda node, state: self.evaluate(node.value, state),
            ast.ListComp: self._comprehension,
            ast.GeneratorExp: self._comprehension,
            ast.SetComp: self._comprehension,
        }

    def block(self, statements: list[ast.stmt], states: list[State]) -> list[State]:
        """Run statements; the walker says how."""
        raise NotImplementedError

    def evaluate(self, node: ast.expr, state: State) -> Value:
        """What an expression is."""
        return settled(self._expressions.get(type(node), self._anything)(node, state), state.assumed)

    def _anything(self, node: ast.expr, state: State) -> Value:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.uses.consume(self.evaluate(child, state), state)
        return UNKNOWN

    # names and attributes

    def _name(self, node: ast.Name, state: State) -> Value:
        if node.id in state.names:
            return self._resolved(state.names, node.id)
        return self._resolved(self.module_of(self.source).names, node.id)

    def _resolved(self, names: dict[str, Value], name: str) -> Value:
        value = names.get(name, UNKNOWN)
        if isinstance(value, Dotted) and value.name not in self._foreign:
            names[name] = value = self._imported(value)
        return value

    def _imported(self, dotted: Dotted) -> Value:
        """What a name of the same package is; the name itself where its file is not there."""
        if dotted.name in self._foreign or dotted.name.startswith("torch"):
            return dotted
        module, colon, name = dotted.name.partition(":")
        if not colon:
            module, _, name = module.rpartition(".")
        level = len(module) - len(module.lstrip("."))
        source = imported(module.lstrip("."), level, self.source.place) if module else None
        if source is None or (id(source) in self._modules and name not in self._modules[id(source)].names):
            return dotted
        return self.module_of(source).names.get(name, dotted)

    def module_of(self, source: Source) -> State:
        """What a file's own names are: its statements are followed once."""
        if id(source) not in self._modules:
            self._modules[id(source)] = state = State()
            before = self.source, self.returns, self.steps
            self.source, self.returns, self.steps = source, [], 0
            try:
                self._modules[id(source)] = next(iter(self.block(source.tree.body, [state])), state)
            except Exhausted:
                self.complete = False
            self.source, self.returns, self.steps = before
        return self._modules[id(source)]

    def _attribute(self, node: ast.Attribute, state: State) -> Value:
        return self.attribute(self.evaluate(node.value, state), node.attr, state)

    def attribute(self, of: Value, name: str, state: State) -> Value:  # noqa: PLR0911 - a case a kind of value
        """``of.name``"""
        match of:
            case Several():
                return alternatives(*(self.attribute(each, name, state) for each in of.values))
            case Instance():
                return self._of_instance(of, name, state)
            case Class():
                return self._of_class(of, name, state)
            case Dotted():
                return self._imported(Dotted(f"{of.name}.{name}")) if ":" not in of.name else UNKNOWN
            case Symbol() if not library.TENSOR_METHODS.fullmatch(name):
                return self._of_symbol(of, name, state)
            case Recurrent():
                return getattr(of, name) if name in library.FLAGS else Method(of, name)
            case Output() | Step() | Rows() | Data() if name in ("shape", "T", "mT", "data"):
                return Method(of, name) if name == "shape" else tensors.method(of, name, [], {}, self, state, None)
        return UNKNOWN if of is UNKNOWN and not library.TENSOR_METHODS.fullmatch(name) else Method(of, name)

    def _of_symbol(self, of: Symbol, name: str, state: State) -> Value:
        """An attribute of a config: its default where the config is a class of the file."""
        default = UNKNOWN
        if isinstance(of.default, Instance | Class):
            default = self.attribute(of.default, name, state)
        return Symbol(f"{of.text}.{name}", default)

    def _of_instance(self, of: Instance, name: str, state: State) -> Value:
        if (of.number, name) in state.store:
            return state.store[of.number, name]
        found = self._of_class(of.of, name, state)
        if isinstance(found, Function):
            return Function(found.node, found.home, of)
        return found

    def base(self, state: State) -> Value:
        """``super()``: the same object, as its next class has it."""
        instance = state.names.get("self")
        if not isinstance(instance, Instance) or not self._stack:
            return UNKNOWN
        lineage = self.lineage(instance.of, state)
        here = [place for place, each in enumerate(lineage) if self._stack[-1] in each.node.body]
        after = lineage[here[0] + 1 :] if here else []
        return Instance(after[0], instance.number) if after else UNKNOWN

    def _of_class(self, of: Class, name: str, state: State) -> Value:
        for each in self.lineage(of, state):
            for statement in each.node.body:
                if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef) and statement.name == name:
                    return Function(statement, each.home)
                if _binds(statement, name):
                    return self.evaluate(statement.value, State())  # type: ignore[attr-defined]
        return UNKNOWN

    def lineage(self, of: Class, state: State) -> list[Class]:
        """A class and those of its bases that can be seen."""
        found = [of]
        before, self.source = self.source, of.home
        for base in of.node.bases:
            value = self.evaluate(base, State())
            if isinstance(value, Class) and value.node is not of.node and len(found) < _DEPTH:
                found += self.lineage(value, state)
        self.source = before
        return found

    def bind(self, target: ast.expr, value: Value, state: State) -> None:
        """``target = value``"""
        if isinstance(target, ast.Name):
            self.uses.named(value, target.id)
            state.names[target.id] = value
        elif isinstance(target, ast.Tuple | ast.List):
            self._unpack(target, value, state)
        elif isinstance(target, ast.Attribute):
            owner = self.evaluate(target.value, state)
            self.uses.named(value, target.attr)
            if isinstance(owner, Instance):
                self.uses.escape(value, state)
                state.store[owner.number, target.attr] = value
            else:
                self.uses.consume(value, state)
        elif isinstance(target, ast.Subscript):
            owner, key = self.evaluate(target.value, state), self.evaluate(target.slice, state)
            if isinstance(owner, Table) and isinstance(key, Constant) and isinstance(target.value, ast.Name):
                state.names[target.value.id] = Table((*owner.values, (key.value, value)))
            self.uses.consume(value, state)

    def _unpack(self, target: ast.Tuple | ast.List, value: Value, state: State) -> None:
        starred = any(isinstance(each, ast.Starred) for each in target.elts)
        items = None if starred else tensors.unpacked(value, len(target.elts), target)
        if items is None:
            self.uses.escape(value, state)
        for index, each in enumerate(target.elts):
            place = each.value if isinstance(each, ast.Starred) else each
            self.bind(place, items[index] if items else UNKNOWN, state)

    # literals and operators

    def _items(self, node: ast.Tuple | ast.List, state: State) -> Value:
        return Items(tuple(self.evaluate(each, state) for each in node.elts))

    def _dict(self, node: ast.Dict, state: State) -> Value:
        known = []
        for key, each in zip(node.keys, node.values, strict=True):
            value = self.evaluate(each, state)
            if isinstance(key, ast.Constant):
                known.append((key.value, value))
            self.uses.consume(value, state)
        return Table(tuple(known))

    def _slice(self, node: ast.Slice, state: State) -> Value:
        ends = [self.evaluate(each, state) if each else Constant(None) for each in (node.lower, node.upper, node.step)]
        one = (
            isinstance(node.upper, ast.BinOp)
            and node.lower is not None
            and isinstance(node.upper.op, ast.Add)
            and ast.dump(node.upper.left) == ast.dump(node.lower)
            and ast.dump(node.upper.right) == ast.dump(ast.Constant(1))
        )
        return Cut(ends[0], ends[1], ends[2], one)

    def _operation(self, node: ast.BinOp, state: State) -> Value:
        left, right = self.evaluate(node.left, state), self.evaluate(node.right, state)
        if isinstance(node.op, ast.Sub) and right == Constant(1) and (left == Length() or named_length(node.left)):
            return Length(less=True)
        if isinstance(left, _TENSORS) or isinstance(right, _TENSORS):
            return tensors.combined(left, right, node, node.op, self, state)
        if isinstance(left, Items) and isinstance(right, Items) and isinstance(node.op, ast.Add):
            return Items(left.values + right.values, left.open or right.open)
        if isinstance(left, Items) and isinstance(node.op, ast.Mult):
            return Items(left.values, open=True)
        return arithmetic(node.op, left, right)

    def _unary(self, node: ast.UnaryOp, state: State) -> Value:
        value = self.evaluate(node.operand, state)
        if isinstance(node.op, ast.Not):
            held = self._truth(value, state)
            if held is not None:
                return Constant(not held)
            return (
                value.symbol if isinstance(value, Negated) else Negated(value) if isinstance(value, Symbol) else UNKNOWN
            )
        if isinstance(node.op, ast.USub):
            return arithmetic(ast.Mult(), Constant(-1), value)
        return UNKNOWN

    def _bool(self, node: ast.BoolOp, state: State) -> Value:
        for each in node.values:
            value = self.evaluate(each, state)
            held = self._truth(value, state)
            if held is None:
                return UNKNOWN if len(node.values) > 1 else value
            if held is isinstance(node.op, ast.Or):
                return value
        return value

    def _compare(self, node: ast.Compare, state: State) -> Value:
        left = self.evaluate(node.left, state)
        right = self.evaluate(node.comparators[0], state)
        if len(node.ops) != 1:
            return UNKNOWN
        return compared(node.ops[0], left, right)

    def _either(self, node: ast.IfExp, state: State) -> Value:
        held = self.decide(node.test, state)
        if held is not None:
            return self.evaluate(node.body if held else node.orelse, state)
        test = self.evaluate(node.test, state)
        paths = [state.fork(), state.fork()]
        for truth, path in zip((True, False), paths, strict=True):
            path.guarded += 1
            self.suppose(node.test, truth, path)
        then, otherwise = self.evaluate(node.body, paths[0]), self.evaluate(node.orelse, paths[1])
        if then == otherwise:
            return then
        if isinstance(test, Negated):
            return Choice(test.symbol, otherwise, then)
        return Choice(test, then, otherwise) if isinstance(test, Symbol) else alternatives(then, otherwise)

    def _walrus(self, node: ast.NamedExpr, state: State) -> Value:
        value = self.evaluate(node.value, state)
        self.bind(node.target, value, state)
        return value

    def _comprehension(self, node: ast.ListComp | ast.GeneratorExp | ast.SetComp, state: State) -> Value:
        inner = state.fork()
        for generator in node.generators:
            items = self.items_of(generator.iter, inner)
            self.bind(generator.target, alternatives(*items), inner)
        return Items((self.evaluate(node.elt, inner),), open=True)

    def items_of(self, node: ast.expr, state: State) -> list[Value]:
        """What a loop's variable is, turn by turn; one turn stands for those that are alike."""
        value = self.evaluate(node, state)
        if isinstance(value, Items) and not value.open and len(value.values) <= _DEPTH:
            return list(value.values)
        return [tensors.item_of(value, node, self, state)]

    # tests

    def decide(self, test: ast.expr, state: State) -> bool | None:
        """Whether a test holds; None if that is not known."""
        if isinstance(test, ast.BoolOp):
            held = [self.decide(each, state) for each in test.values]
            absorbing = isinstance(test.op, ast.Or)
            return absorbing if absorbing in held else None if None in held else not absorbing
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            inner = self.decide(test.operand, state)
            return None if inner is None else not inner
        if isinstance(test, ast.Name | ast.Attribute | ast.Compare | ast.Constant | ast.Call | ast.Subscript):
            return self._truth(self.evaluate(test, state), state)
        return None

    def _truth(self, value: Value, state: State) -> bool | None:
        if isinstance(value, Constant):
            return bool(value.value)
        if isinstance(value, Symbol):
            return _assumed(value.text, state.assumed)
        if isinstance(value, Negated):
            held = _assumed(value.symbol.text, state.assumed)
            return None if held is None else not held
        return True if isinstance(value, Recurrent | Instance | Layer | Chain) else None

    def suppose(self, test: ast.expr, held: bool, state: State) -> None:
        """Take a path on which a test comes out so."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            self.suppose(test.operand, not held, state)
        elif isinstance(test, ast.BoolOp):
            if held is isinstance(test.op, ast.And):
                for each in test.values:
                    self.suppose(each, held, state)
        elif isinstance(test, ast.Name | ast.Attribute | ast.Compare | ast.Subscript):
            value = self.evaluate(test, state)
            if isinstance(value, Symbol):
                state.assumed[value.text] = held
            elif isinstance(value, Negated):
                state.assumed[value.symbol.text] = not held

    def consumed_by_test(self, test: ast.expr, state: State) -> None:
        """Follow the calls inside a test."""
        for node in ast.walk(test):
            if isinstance(node, ast.NamedExpr):
                self.evaluate(node, state)

    # brackets and calls

    def _subscript(self, node: ast.Subscript, state: State) -> Value:
        of, key = self.evaluate(node.value, state), self.evaluate(node.slice, state)
        return self.subscript(of, key, node, state)

    def subscript(self, of: Value, key: Value, node: ast.Subscript, state: State) -> Value:  # noqa: PLR0911 - a case a kind of value
        """``of[key]``"""
        match of:
            case Several():
                return alternatives(*(self.subscript(each, key, node, state) for each in of.values))
            case Table():
                found = [value for name, value in of.values if key == Constant(name)]
                if not found and not isinstance(key, Constant) and of.values:
                    return alternatives(*(value for _, value in of.values))
                return found[-1] if found else UNKNOWN
            case Symbol() if isinstance(key, Constant) and isinstance(key.value, str):
                return Symbol(f'{of.text}["{key.value}"]')
            case Method(name="shape"):
                return tensors.dimension(of.of, key, node.value)
        if named_length(node.value) and not isinstance(of, _TENSORS):
            return Length()
        return tensors.indexed(of, key, node, self, state)

    def _call(self, node: ast.Call, state: State) -> Value:
        function = self.evaluate(node.func, state)
        arguments = [self.evaluate(each, state) for each in node.args]
        named = {each.arg: self.evaluate(each.value, state) for each in node.keywords if each.arg}
        return self.apply(function, arguments, named, node, state)

    def apply(  # noqa: C901, PLR0911 - a case a kind of value
        self, function: Value, arguments: list[Value], named: dict[str, Value], node: ast.Call, state: State
    ) -> Value:
        """``function(*arguments, **named)``"""
        match function:
            case Several():
                return alternatives(*(self.apply(each, arguments, named, node, state) for each in function.values))
            case Dotted():
                return library.call(function.name, arguments, named, node, self, state)
            case Class():
                return self.construct(function, arguments, named, state)
            case Instance():
                forward = self._of_instance(function, "forward", state)
                return self.apply(forward, arguments, named, node, state)
            case Function():
                return self.follow(function, arguments, named, state)
            case Method():
                return tensors.method(function.of, function.name, arguments, named, self, state, node)
            case Recurrent():
                return tensors.run(function, arguments, named, node, self, state)
            case Layer():
                return tensors.through(function, arguments, node, self, state)
            case Chain():
                return self._through_all(function, arguments, node, state)
        return self._unfollowed(arguments, named, node, state)

    def _through_all(self, chain: Chain, arguments: list[Value], node: ast.Call, state: State) -> Value:
        for each in chain.values:
            arguments = [self.apply(each, arguments, {}, node, state)]
        return arguments[0] if arguments else UNKNOWN

    def _unfollowed(self, arguments: list[Value], named: Mapping[str, Value], node: ast.Call, state: State) -> Value:
        name = (
            node.func.id
            if isinstance(node.func, ast.Name)
            else node.func.attr
            if isinstance(node.func, ast.Attribute)
            else ""
        )
        builtin = library.builtin(name, arguments, node, self, state) if isinstance(node.func, ast.Name) else None
        if builtin is not None:
            return builtin
        if arguments and isinstance(node.func, ast.Attribute) and _KEEPS.search(name.lower()):
            return tensors.through(Layer("same"), list(arguments), node, self, state)
        for value in (*arguments, *named.values()):
            self.uses.consume(value, state)
        return UNKNOWN

    def construct(self, of: Class, arguments: list[Value], named: dict[str, Value], state: State) -> Value:
        """``Class(..)``"""
        self.instances += 1
        instance = Instance(of, self.instances)
        start = self._of_class(of, "__init__", state)
        if isinstance(start, Function):
            self.follow(Function(start.node, start.home, instance), arguments, named, state)
        else:
            state.store.update({(instance.number, name): value for name, value in named.items()})
        return instance

    def follow(self, function: Function, arguments: list[Value], named: Mapping[str, Value], state: State) -> Value:
        """A call of a function of the file: its body, with these arguments; what it returns."""
        if function.node in self._stack or len(self._stack) >= _DEPTH:
            for value in (*arguments, *named.values()):
                self.uses.consume(value, state)
            return UNKNOWN
        inner = State(self.parameters(function, arguments, named), state.store, dict(state.assumed), state.guarded)
        returned = self.body(function, inner)
        if returned:
            state.store.update(returned[-1][1].store)
        return alternatives(*(value for value, _ in returned)) if returned else UNKNOWN

    def body(self, function: Function, inner: State) -> list[tuple[Value, State]]:
        """What a function returns, path by path."""
        before = self.source, self.returns
        self.source, self.returns = function.home, []
        self._stack.append(function.node)
        try:
            if isinstance(function.node, ast.Lambda):
                return [(self.evaluate(function.node.body, inner), inner)]
            ended = self.block(function.node.body, [inner])
            return [*((value, state) for value, state, _ in self.returns), *((Constant(None), each) for each in ended)]
        finally:
            self._stack.pop()
            self.source, self.returns = before

    def parameters(
        self, function: Function, arguments: Sequence[Value] | None, named: Mapping[str, Value]
    ) -> dict[str, Value]:
        """A function's parameters: the arguments, and symbols with their defaults where there are none."""
        spec = function.node.args
        places = [*spec.posonlyargs, *spec.args]
        given: dict[str, Value] = {}
        bound = [function.bound] if function.bound is not None and not _static(function.node) else []
        entered = arguments is None
        values = [*bound, *(arguments or ())]
        given.update({place.arg: value for place, value in zip(places, values, strict=False)})
        given.update(named)
        defaults = dict(zip([each.arg for each in places[::-1]], spec.defaults[::-1], strict=False))
        defaults |= {each.arg: value for each, value in zip(spec.kwonlyargs, spec.kw_defaults, strict=True) if value}
        before, self.source = self.source, function.home
        for place in [*places, *spec.kwonlyargs]:
            if place.arg not in given:
                default = self.evaluate(defaults[place.arg], State()) if place.arg in defaults else UNKNOWN
                given[place.arg] = (
                    default
                    if not entered and place.arg in defaults
                    else Symbol(place.arg, default if default is not UNKNOWN else self._annotated(place))
                )
        self.source = before
        return given

    def _annotated(self, place: ast.arg) -> Value:
        """The class of the file that a parameter is annotated with: its class attributes are the defaults."""
        if isinstance(place.annotation, ast.Name):
            value = self._name(place.annotation, State())
            return value if isinstance(value, Class) else UNKNOWN
        return UNKNOWN


def _assumed(text: str, assumed: Mapping[str, bool]) -> bool | None:
    """How a test came out on this path; ``kind == "GRU"`` is known where ``kind == "LSTM"`` held."""
    if text in assumed:
        return assumed[text]
    name, equal, _ = text.partition(" == ")
    other = equal and any(held and test.startswith(name + equal) for test, held in assumed.items())
    return False if other else None


def _binds(statement: ast.stmt, name: str) -> bool:
    """Whether a class's statement gives an attribute its value."""
    if isinstance(statement, ast.AnnAssign):
        return isinstance(statement.target, ast.Name) and statement.target.id == name and statement.value is not None
    return isinstance(statement, ast.Assign) and any(
        isinstance(target, ast.Name) and target.id == name for target in statement.targets
    )


def _static(node: ast.AST) -> bool:
    return any(isinstance(each, ast.Name) and each.id == "staticmethod" for each in getattr(node, "decorator_list", ()))


def arithmetic(op: ast.operator, left: Value, right: Value) -> Value:
    """A number made of two: known up to the names in it."""
    for one, swapped in ((left, False), (right, True)):
        if isinstance(one, Choice):
            sides = [
                arithmetic(op, *((left, side) if swapped else (side, right))) for side in (one.then, one.otherwise)
            ]
            return Choice(one.symbol, sides[0], sides[1])
    a, b = size(left), size(right)
    if a is None or b is None:
        return UNKNOWN
    if isinstance(op, ast.Mult):
        return plain(Size(a.times * b.times, tuple(sorted(a.names + b.names))))
    if isinstance(op, ast.Div | ast.FloorDiv) and not b.names and b.times:
        return plain(Size(a.times / b.times, a.names))
    if isinstance(op, ast.Add | ast.Sub) and a.names == b.names:
        return plain(Size(a.times + (b.times if isinstance(op, ast.Add) else -b.times), a.names))
    return UNKNOWN


_COMPARED: Final[dict[type[ast.cmpop], Callable[[Any, Any], bool]]] = {
    ast.Eq: lambda a, b: a == b,
    ast.NotEq: lambda a, b: a != b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
    ast.Is: lambda a, b: a is b,
    ast.IsNot: lambda a, b: a is not b,
}
_SIGNS: Final[dict[type[ast.cmpop], str]] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Gt: ">", ast.GtE: ">=", ast.Lt: "<", ast.LtE: "<=",
    ast.In: "in", ast.NotIn: "not in", ast.Is: "is", ast.IsNot: "is not",
}  # fmt: skip


def compared(op: ast.cmpop, left: Value, right: Value) -> Value:  # noqa: PLR0911 - a case a kind of value
    """A test: decided, or a symbol that a path can take either way."""
    if isinstance(left, Constant) and isinstance(right, Constant):
        try:
            return Constant(bool(_COMPARED[type(op)](left.value, right.value)))
        except TypeError:
            return UNKNOWN
    if isinstance(left, Choice) and isinstance(right, Constant):
        then, otherwise = compared(op, left.then, right), compared(op, left.otherwise, right)
        if then == Constant(True) and otherwise == Constant(False):
            return left.symbol
        return Negated(left.symbol) if (then, otherwise) == (Constant(False), Constant(True)) else UNKNOWN
    if right == Constant(None) and isinstance(left, (*_TENSORS, Items, Recurrent, Instance, Layer)):
        return Constant(isinstance(op, ast.IsNot | ast.NotEq))
    if isinstance(left, Symbol) and isinstance(right, Constant | Items | Symbol):
        return _named_test(op, left, right)
    return UNKNOWN


def _named_test(op: ast.cmpop, left: Symbol, right: Value) -> Value:
    """A test of a parameter; ``!=`` is the opposite of ``==``, so that two ifs agree."""
    opposite = {ast.NotEq: ast.Eq(), ast.IsNot: ast.Is(), ast.NotIn: ast.In()}.get(type(op))
    if opposite is not None:
        return Negated(_named_test(opposite, left, right))
    if isinstance(right, Constant) and isinstance(right.value, bool) and isinstance(op, ast.Eq | ast.Is):
        return left if right.value else Negated(left)
    shown = (
        right.text
        if isinstance(right, Symbol)
        else repr(right.value)
        if isinstance(right, Constant)
        else repr([each.value if isinstance(each, Constant) else "?" for each in right.values])
    )
    return Symbol(f"{left.text} {_SIGNS[type(op)]} {shown}")
