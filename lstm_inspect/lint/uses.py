"""One place of a program: what is known there, what is read there, and where a finding arises from it."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from lstm_inspect.lint import values as v
from lstm_inspect.lint.arrays import FEATURE, FEATURES, OWN, ROW, SEQUENCE, SEQUENCES, STEPS
from lstm_inspect.lint.numbers import Flag, both, flags, truth
from lstm_inspect.mistakes.catalogue import BY_ID
from lstm_inspect.mistakes.finding import LEVELS, Level

_PATHS: Final = 4
_DIRECTIONS: Final = ("forward", "backward", "reverse", "bidir", "fwd", "bwd", "fw", "bw")
_ALL: Final = {
    "output": ("output",),
    "pair": ("all of hn", "all of cn"),
    "hn": ("all of hn",),
    "cn": ("all of cn",),
}


class Exhausted(Exception):  # noqa: N818 - no fault: the file is left where it is
    """A function takes more steps than one is given."""


@dataclass(eq=False, slots=True)
class State:
    """One path's knowledge."""

    names: dict[str, v.Value] = field(default_factory=dict)  #: the local variables.
    #: the attributes of instances, by the instance's number.
    store: dict[tuple[int, str], v.Value] = field(default_factory=dict)
    #: tests of unknown outcome that this path has taken, and how; "?test": it hangs on others too.
    assumed: dict[str, bool] = field(default_factory=dict)
    guarded: int = 0  #: how many of those stand around this point, save for tests of None.

    def fork(self) -> State:
        """A path of its own from here."""
        return State(dict(self.names), dict(self.store), dict(self.assumed), self.guarded)


def merged(states: list[State]) -> list[State]:
    """Paths that know the same become one; more than a few are joined, value by value."""
    kept: list[State] = []
    for state in states:
        for twin in kept:
            if twin.names == state.names and twin.store == state.store:
                twin.assumed = _common(twin, state)
                break
        else:
            kept.append(state)
    while len(kept) > _PATHS:
        place = next((place for place in range(len(kept) - 1, 0, -1) if _agree(kept[0], kept[place])), 1)
        kept[0] = _joined(kept[0], kept.pop(place))
        kept.append(kept.pop(0))
    return kept


def _agree(one: State, other: State) -> bool:
    """Whether both paths have modules of as many directions."""
    flags = (value.bidirectional for value in one.store.values() if isinstance(value, v.Recurrent))
    return all(
        one.assumed.get(flag.text) == other.assumed.get(flag.text) for flag in flags if isinstance(flag, v.Symbol)
    )


def _joined(one: State, other: State) -> State:
    """One path that stands for two: a value is what it is on either."""
    names, store = _either(one.names, other.names), _either(one.store, other.store)
    return State(names, store, _common(one, other), min(one.guarded, other.guarded))


def _common(one: State, other: State) -> dict[str, bool]:
    return {test: held for test, held in one.assumed.items() if other.assumed.get(test) == held}


def _either(one: dict[Any, v.Value], other: dict[Any, v.Value]) -> dict[Any, v.Value]:
    pairs = {key: (one.get(key, v.UNKNOWN), other.get(key, v.UNKNOWN)) for key in [*one, *other]}
    return {key: mine if mine is theirs else v.alternatives(mine, theirs) for key, (mine, theirs) in pairs.items()}


@dataclass(frozen=True, slots=True)
class Draft:
    """A finding before it is put into words."""

    id: str
    level: Level
    node: ast.expr  #: what is marked.
    call: v.Call | None
    depends: str | None = None  #: under which condition it holds, if it depends on one: "bidirectional=True".
    bidirectional: bool | None = None  #: of the module, as far as they are known.
    num_layers: int | None = None  #: of the module, as far as they are known.
    what: str | None = None  #: what is read there, in words, where the catalogue's do not fit.
    #: uses of the same call that make it right: "output", "all of hn", "hn[-2]".
    unless: frozenset[str] = frozenset()
    of: v.Result | None = None  #: what is read there.
    hn: str | None = None  #: what the source calls this call's hn there, if it has a name for it: "h", "state[0]".


@dataclass(slots=True)
class Uses:
    """All uses of one file's results."""

    drafts: list[Draft] = field(default_factory=list)  #: the findings so far.
    #: what of each call is used, by its node and its layer's kind, and by how many directions.
    used: dict[tuple[ast.AST, str | None], set[tuple[str, bool | None]]] = field(default_factory=dict)
    entered: bool = False  #: whether a method of a module is being followed, as one call of it runs.

    def settle(self, *, complete: bool = True) -> list[Draft]:
        """The findings that no other use makes right; each place once, at its highest level."""
        found: dict[tuple[str, ast.expr], Draft] = {}
        for draft in sorted(self.drafts, key=lambda draft: LEVELS.index(draft.level)):
            used = self.used.get((draft.call.node, draft.call.module.kind), set()) if draft.call else set()
            uses = {use for use, known in used if known is None or known is draft.bidirectional}
            if not draft.unless or (complete and not any(_covers(each, use) for each in draft.unless for use in uses)):
                found.setdefault((draft.id, draft.node), draft)
        return list(found.values())


@dataclass(frozen=True, slots=True)
class At:
    """One operation of the program: its node, its arguments, and what is known there."""

    uses: Uses
    state: State
    node: Any
    arguments: list[v.Value] = field(default_factory=list)
    named: dict[str, v.Value] = field(default_factory=dict)

    def given(self, place: int, *names: str, default: v.Value = v.UNKNOWN) -> v.Value:
        """An argument by its place or one of its names."""
        if place < len(self.arguments):
            return self.arguments[place]
        return next((self.named[name] for name in names if name in self.named), default)

    def of(self, *arguments: v.Value) -> At:
        """The same place with other arguments."""
        return replace(self, arguments=list(arguments))

    def consume(self, *values: v.Value) -> v.Data:
        """These are read whole, where a wrong one does harm; what comes of them is a tensor of no layer's."""
        for value in values:
            match value:
                case v.Items() | v.Several() | v.Choice():
                    self.consume(*value.values)
                case v.Result(of="hn" | "cn"):
                    self.taken([value])
                case v.Result():
                    self.lose(value)
                    self._part(value)
        return v.Data()

    def consume_all(self) -> v.Value:
        """All arguments are read by something that is not followed."""
        self.consume(*self.arguments, *self.named.values())
        return v.UNKNOWN

    def lose(self, value: v.Value) -> v.Value:
        """A value goes where it can't be followed: what is read there is not known, so all of it may be."""
        for each in value.values if isinstance(value, v.Items | v.Several) else ():
            self.lose(each)
        if isinstance(value, v.Result):
            self._mark(value.call, *_ALL[value.of])
        return v.UNKNOWN

    def _mark(self, call: v.Call, *what: str) -> None:
        """Note a use, and on which paths it is one: those of a module with so many directions."""
        known = truth(call.module.bidirectional, self.state.assumed).decided
        self.uses.used.setdefault((call.node, call.module.kind), set()).update((each, known) for each in what)

    # the rules

    def report(
        self, id: str, call: v.Call | None, node: ast.expr | None = None, *, likely: bool = False, **facts: Any
    ) -> v.Data:
        """Note a mistake; its level is the catalogue's, a warning where it is only likely or depends on a flag."""
        level: Level = BY_ID[id].lint or "warning"
        if (likely or facts.get("depends")) and level == "error":
            level = "warning"
        if call is not None:
            directions, count = flags(call, self.state.assumed)
            facts |= {"bidirectional": directions.value, "num_layers": count.value, "hn": _name_of_hn(call, self.state)}
        self.uses.drafts.append(Draft(id, level, node or self.node, call, **facts))
        return v.Data()

    def _part(self, part: v.Result) -> None:
        """A part of output is read: a step is right in one direction, if no sequence ends before."""
        call, last = part.call, STEPS - 1
        half = len({feature < FEATURES for feature in part.array.all(FEATURE)}) < 2
        if part.step in (0, last, OWN) and not half and call.output.shape[0] > 1:
            both_ways, _ = flags(call, self.state.assumed)
            if both_ways.value:
                first = part.step == 0  # a first token of its own, as BERT has it
                facts = {"of": part, "depends": both_ways.depends}
                self.report("last-step-bidirectional", call, part.node, likely=first, **facts)
        if part.padded and part.step == last and call.output.shape[1] > 1:
            self.report("padding-as-last-step", call, part.node, of=part)
        if part.step is None and part.array.all(SEQUENCE) == {SEQUENCES - 1}:
            alone = isinstance(part.node, ast.Subscript) and not isinstance(part.node.slice, ast.Tuple)
            self.report("last-sequence", call, part.node, likely=alone)  # right without a batch axis

    def taken(self, parts: Sequence[v.Result], node: ast.expr | None = None) -> None:
        """Rows of one call's hn are read together: which are they, and are those the final state?

        Args:
            node: the expression that reads them together.
        """
        first, call = parts[0], parts[0].call
        if first.tempting is not None:
            unless, unsure = frozenset({"all of hn", "hn"}), call.module.kind is None
            self.report("cell-for-hidden", call, first.tempting, likely=unsure, of=first, unless=unless)
        rows: set[int] = set()
        for part in parts:
            if not part.array.labels or part.every_row:
                self.lose(part)
                return
            rows |= part.array.all(ROW)
        total = call.states.shape[0]
        self._mark(call, *(f"{first.of}[{row - total}]" for row in rows))
        directions, count = flags(call, self.state.assumed)
        top, several = {total - 2, total - 1}, count.several
        if directions.value and len(rows) == 1 and rows < top:
            (other,) = top - rows
            self._unless("one-direction-of-two", first, [other - total], directions)
        elif directions.value and several and not rows & top:
            self._unless("first-layer", first, [-1, -2], directions, count)
        elif directions.value is False and rows == {0} and several:
            self._unless("first-layer", first, [-1], count)
        elif directions.value is False and node is not None and count.value != 1 and rows in (top, {0, 1}):
            likely = not any(word in ast.unparse(node).lower() for word in _DIRECTIONS)  # there are two layers then
            self.report("layers-for-directions", call, node, likely=likely)

    def _unless(self, id: str, part: v.Result, rows: Sequence[int], *depends: Flag) -> None:
        """A mistake in what rows are read, unless output, all rows or these are read too."""
        unless = frozenset({"output", f"all of {part.of}", *(f"{part.of}[{row}]" for row in rows)})
        self.report(id, part.call, part.node, unless=unless, depends=both(*depends))

    def random_state(self, value: v.Value, call: v.Call) -> None:
        """A random initial state, drawn where every call of the module draws it anew."""
        for each in value.values if isinstance(value, v.Items) else (value,):
            if isinstance(each, v.Data) and each.random is not None and self.uses.entered:
                self.report("random-initial-state", call, each.random)
                return


def _name_of_hn(call: v.Call, state: State) -> str | None:
    for name, value in state.names.items():
        if not isinstance(value, v.Result) or value.call != call or name == "_":
            continue
        if value.of == "hn" and value.every_row:
            return name if value.array == call.states else None
        if value.of == "pair":
            return f"{name}[0]"
    return None


def _covers(unless: str, use: str) -> bool:
    """Whether a use is the one that is asked for: "hn" is any row of it."""
    return use == unless or use.startswith(f"{unless}[")
