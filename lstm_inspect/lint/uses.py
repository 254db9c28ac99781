"""Where a finding arises: what is done with a step of output, or with rows of hn and cn."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from lstm_inspect.lint import values as v
from lstm_inspect.lint.numbers import Flag, both, flags, truth
from lstm_inspect.lint.state import State
from lstm_inspect.mistakes.catalogue import BY_ID
from lstm_inspect.mistakes.finding import LEVELS, Level

_DIRECTIONS: Final = ("forward", "backward", "reverse", "bidir", "fwd", "bwd", "fw", "bw")
_ALL: Final = {
    **{"output": ("output",), "step": ("output",)},
    **{"pair": ("all of hn", "all of cn"), "hn": ("all of hn",), "cn": ("all of cn",)},
}


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

    def consume(self, value: v.Value, state: State) -> None:
        """Something reads a value whole: here a wrong one does harm."""
        match value:
            case v.Items() | v.Several() | v.Choice():
                for each in value.values:
                    self.consume(each, state)
            case v.Result(of="step"):
                self._step(value, state)
            case v.Result(of="hn" | "cn"):
                self.taken([value], state)
            case v.Result():
                self.escape(value, state)

    def escape(self, value: v.Value, state: State) -> None:
        """A value goes where it can't be followed: what is read there is not known, so all of it may be."""
        if isinstance(value, v.Items | v.Several):
            for each in value.values:
                self.escape(each, state)
        elif isinstance(value, v.Result):
            self._mark(value.call, state, *_ALL[value.of])

    def _mark(self, call: v.Call, state: State, *what: str) -> None:
        """Note a use, and on which paths it is one: those of a module with so many directions."""
        known = truth(call.module.bidirectional, state.assumed).decided
        self.used.setdefault((call.node, call.module.kind), set()).update((each, known) for each in what)

    # the rules

    def report(
        self, id: str, node: ast.expr, call: v.Call | None, state: State, likely: bool = False, **facts: Any
    ) -> None:
        """Note a mistake; its level is the catalogue's, a warning where it is only likely or depends on a flag."""
        level: Level = BY_ID[id].lint or "warning"
        if (likely or facts.get("depends")) and level == "error":
            level = "warning"
        if call is not None:
            directions, count = flags(call, state.assumed)
            facts |= {"bidirectional": directions.value, "num_layers": count.value, "hn": _name_of_hn(call, state)}
        self.drafts.append(Draft(id, level, node, call, **facts))

    def _step(self, step: v.Result, state: State) -> None:
        """One step of output is read as a whole: right in one direction, if no sequence ends before."""
        self.escape(step, state)
        both_ways, _ = flags(step.call, state.assumed)
        if both_ways.value:
            first = step.at == "first"  # a first token of its own, as BERT has it
            self.report(
                "last-step-bidirectional", step.node, step.call, state, first, of=step, depends=both_ways.depends
            )
        if step.padded and step.at == "last" and not step.call.one_sequence:
            self.report("padding-as-last-step", step.node, step.call, state, of=step)

    def taken(self, parts: Sequence[v.Result], state: State, node: ast.expr | None = None) -> None:
        """Rows of one call's hn are read together: which are they, and are those the final state?

        Args:
            node: the expression that reads them together.
        """
        first, call = parts[0], parts[0].call
        if first.tempting is not None:
            unless, unsure = frozenset({"all of hn", "hn"}), call.module.kind is None
            self.report("cell-for-hidden", first.tempting, call, state, unsure, of=first, unless=unless)
        rows: set[int] = set()
        for part in parts:
            if not part.rows:
                return self.escape(part, state)
            rows |= set(part.rows)
        self._mark(call, state, *(f"{first.of}[{row}]" for row in rows))
        directions, count = flags(call, state.assumed)
        if directions.value:
            self._of_two_directions(first, rows, directions, count, state)
        elif directions.value is False and len(rows) > 1:
            if node is not None and count.value != 1 and rows in ({-1, -2}, {0, 1}):  # there are two layers then
                likely = not any(word in ast.unparse(node).lower() for word in _DIRECTIONS)
                self.report("layers-for-directions", node, call, state, likely)
        elif directions.value is False and rows == {0} and _several(count):
            self._unless("first-layer", first, [-1, -2], state, count)
        return None

    def _of_two_directions(self, part: v.Result, rows: set[int], directions: Flag, count: Flag, state: State) -> None:
        """Rows of a bidirectional module: the top layer has the last two."""
        total = 2 * count.value if count.value and not count.depends else 0
        counted = {row - total if row >= 0 else row for row in rows}
        if counted in ({-1}, {-2}):
            other = -3 - min(counted)
            self._unless("one-direction-of-two", part, [other, *([total + other] if total else ())], state, directions)
        elif not counted & {-1, -2} and (min(counted) < -2 or (max(counted) <= 1 and _several(count))):
            self._unless("first-layer", part, [-1, -2], state, directions, count)

    def _unless(self, id: str, part: v.Result, rows: Sequence[int], state: State, *depends: Flag) -> None:
        """A mistake in what rows are read, unless output, all rows or these are read too."""
        unless = frozenset({"output", f"all of {part.of}", *(f"{part.of}[{row}]" for row in rows)})
        self.report(id, part.node, part.call, state, unless=unless, depends=both(*depends))

    def random_state(self, value: v.Value, call: v.Call, state: State) -> None:
        """A random initial state, drawn where every call of the module draws it anew."""
        for each in value.values if isinstance(value, v.Items) else (value,):
            if isinstance(each, v.Data) and each.random is not None and self.entered:
                return self.report("random-initial-state", each.random, call, state)
        return None

    def settle(self, *, complete: bool = True) -> list[Draft]:
        """The findings that no other use makes right; each place once, at its highest level."""
        found: dict[tuple[str, ast.expr], Draft] = {}
        for draft in sorted(self.drafts, key=lambda draft: LEVELS.index(draft.level)):
            used = self.used.get((draft.call.node, draft.call.module.kind), set()) if draft.call else set()
            uses = {use for use, known in used if known is None or known is draft.bidirectional}
            if not draft.unless or (complete and not any(_covers(each, use) for each in draft.unless for use in uses)):
                found.setdefault((draft.id, draft.node), replace(draft, unless=frozenset()))
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
        """These are read whole; what comes of them is a tensor of no layer's."""
        for value in values:
            self.uses.consume(value, self.state)
        return v.Data()

    def consume_all(self) -> v.Value:
        """All arguments are read by something that is not followed."""
        self.consume(*self.arguments, *self.named.values())
        return v.UNKNOWN

    def lose(self, value: v.Value) -> v.Value:
        """A value goes where it can't be followed."""
        self.uses.escape(value, self.state)
        return v.UNKNOWN

    def report(self, mistake: str, call: v.Call, **facts: Any) -> v.Data:
        """Note a mistake here."""
        self.uses.report(mistake, self.node, call, self.state, **facts)
        return v.Data()


def _name_of_hn(call: v.Call, state: State) -> str | None:
    for name, value in state.names.items():
        if not isinstance(value, v.Result) or value.call != call or value.rows is not None or name == "_":
            continue
        if value.of == "hn":
            return name if value.axes == ("rows", "batch", "features") else None
        if value.of == "pair":
            return f"{name}[0]"
    return None


def _covers(unless: str, use: str) -> bool:
    """Whether a use is the one that is asked for: "hn" is any row of it."""
    return use == unless or use.startswith(f"{unless}[")


def _several(count: Flag) -> bool:
    """Whether there is more than one layer, for certain or by a parameter whose default is not one."""
    return (count.value or 0) > 1 or (count.value is None and count.depends is not None)
