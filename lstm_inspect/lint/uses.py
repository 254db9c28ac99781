"""Where a finding arises: what is done with a step of output, or with rows of hn and cn."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from lstm_inspect.lint import values as v
from lstm_inspect.lint.constructions import Flag, decided, layers, truth
from lstm_inspect.lint.state import State
from lstm_inspect.mistakes.catalogue import BY_ID
from lstm_inspect.mistakes.finding import LEVELS, Level


@dataclass(frozen=True, slots=True)
class Draft:
    """A finding before it is put into words.

    Attributes:
        node: what is marked.
        depends: under which condition it holds, if it depends on one: "bidirectional=True".
        bidirectional, num_layers: of the module, as far as they are known.
        what: what is read there, in words, where the catalogue's do not fit.
        unless: uses of the same call that make it right: "output", "all of hn", "hn[-2]".
        of: what is read there.
        hn: what the source calls this call's hn there, if it has a name for it: "h", "state[0]".
    """

    id: str
    level: Level
    node: ast.AST
    call: v.Call | None
    depends: str | None = None
    bidirectional: bool | None = None
    num_layers: int | None = None
    what: str | None = None
    unless: frozenset[str] = frozenset()
    of: v.Step | v.Rows | None = None
    hn: str | None = None


@dataclass(slots=True)
class Uses:
    """All uses of one file's results.

    Attributes:
        drafts: the findings so far.
        used: what of each call is used, by its node and its layer's kind, and by how many directions.
        entered: whether a method of a module is being followed, as one call of it runs.
    """

    drafts: list[Draft] = field(default_factory=list)
    used: dict[tuple[ast.AST, str | None], set[tuple[str, bool | None]]] = field(default_factory=dict)
    entered: bool = False

    def consume(self, value: v.Value, state: State) -> None:  # noqa: C901 - a case a kind of value
        """Something reads a value whole: here a wrong one does harm."""
        match value:
            case v.Items() | v.Several():
                rows = [each for each in value.values if isinstance(each, v.Rows)]
                for each in value.values:
                    if not isinstance(each, v.Rows):
                        self.consume(each, state)
                for each in rows:
                    self.taken([each], state)
            case v.Choice():
                self.consume(value.then, state)
                self.consume(value.otherwise, state)
            case v.Step():
                self._step(value, state)
            case v.Rows():
                self.taken([value], state)
            case v.Output() | v.Pair():
                self.escape(value, state)

    def escape(self, value: v.Value, state: State) -> None:
        """A value goes where it can't be followed: what is read there is not known, so all of it may be."""
        match value:
            case v.Items() | v.Several():
                for each in value.values:
                    self.escape(each, state)
            case v.Output() | v.Step():
                self._mark(value.call, state, "output")
            case v.Pair():
                self._mark(value.call, state, "all of hn", "all of cn")
            case v.Rows():
                self._mark(value.call, state, f"all of {value.of}")

    def _mark(self, call: v.Call, state: State, *what: str) -> None:
        """Note a use, and on which paths it is one: those of a module with so many directions."""
        known = decided(call.module.bidirectional, state.assumed)
        self.used.setdefault((call.node, call.module.kind), set()).update((each, known) for each in what)

    # the rules

    def report(self, mistake: str, node: ast.AST, call: v.Call | None, state: State, **facts: object) -> None:
        """Note a mistake; its level is the catalogue's, a warning where it depends on a flag from outside."""
        level: Level = BY_ID[mistake].lint or "warning"
        if facts.pop("likely", False) or facts.get("depends"):
            level = LEVELS[max(LEVELS.index(level), LEVELS.index("warning"))]
        if call is not None:
            directions, count = (
                truth(call.module.bidirectional, state.assumed),
                layers(call.module.num_layers, state.assumed),
            )
            facts = {"bidirectional": directions.value, "num_layers": count.value, **facts}
            facts["hn"] = _name_of_hn(call, state)
        self.drafts.append(Draft(mistake, level, node, call, **facts))  # type: ignore[arg-type]

    def _step(self, step: v.Step, state: State) -> None:
        """One step of output is read as a whole: right in one direction, if no sequence ends before."""
        self._mark(step.call, state, "output")
        if step.call.one_step:
            return
        directions = truth(step.call.module.bidirectional, state.assumed)
        if directions.value:
            likely = step.at == "first"  # a first token of its own, as BERT has it
            self.report(
                "last-step-bidirectional",
                step.node,
                step.call,
                state,
                of=step,
                depends=directions.depends,
                likely=likely,
            )
        if step.output and step.output.padded and step.at == "last" and not step.call.one_sequence:
            self.report("padding-as-last-step", step.node, step.call, state, of=step)

    def taken(self, parts: Sequence[v.Rows], state: State, node: ast.AST | None = None) -> None:
        """Rows of one call's hn are read together: which are they, and are those the final state?

        Args:
            node: the expression that reads them together.
        """
        first = parts[0]
        self._tempting(first, state)
        for part in parts:
            if part.rows is None or not part.rows:
                self._mark(part.call, state, f"all of {part.of}")
                return
        rows = frozenset(row for part in parts for row in part.rows or ())
        self._mark(first.call, state, *(f"{first.of}[{row}]" for row in rows))
        directions = truth(first.call.module.bidirectional, state.assumed)
        count = layers(first.call.module.num_layers, state.assumed)
        if directions.value is None:
            return
        if directions.value is False and len(rows) > 1:
            if node is not None and count.value != 1 and rows in ({-1, -2}, {0, 1}):  # there are two layers then
                self.report("layers-for-directions", node, first.call, state, likely=not _means_directions(node))
        elif directions.value:
            self._of_two_directions(first, rows, directions, count, state)
        elif rows == {0} and _several(count):
            self._lower(first, rows, count, state)

    def _tempting(self, part: v.Rows, state: State) -> None:
        if part.tempting is not None:
            kind = part.call.module.kind
            self.report(
                "cell-for-hidden",
                part.tempting,
                part.call,
                state,
                of=part,
                unless=frozenset({"all of hn", "hn"}),
                likely=kind is None,
            )

    def _of_two_directions(
        self, part: v.Rows, rows: frozenset[int], directions: Flag, count: Flag, state: State
    ) -> None:
        """Rows of a bidirectional module: the top layer has the last two."""
        total = 2 * count.value if count.value is not None and count.depends is None else None
        counted = {row - total if total and row >= 0 else row for row in rows}
        top = counted & {-1, -2}
        unless = frozenset({"output", f"all of {part.of}"})
        if len(top) == 1 and len(counted) == 1:
            other = {-1: -2, -2: -1}[next(iter(top))]
            also = {f"{part.of}[{other}]", *({f"{part.of}[{total + other}]"} if total else ())}
            self.report(
                "one-direction-of-two", part.node, part.call, state, unless=unless | also, depends=directions.depends
            )
        elif (not top and min(counted) < -2) or (not top and max(counted) <= 1 and _several(count)):
            self._lower(part, rows, count, state, directions)

    def _lower(
        self, part: v.Rows, rows: frozenset[int], count: Flag, state: State, directions: Flag | None = None
    ) -> None:
        """A lower layer's rows: wrong if no row of the top layer is read."""
        depends = " and ".join(each for each in (directions and directions.depends, count.depends) if each)
        unless = {"output", f"all of {part.of}", f"{part.of}[-1]", f"{part.of}[-2]"}
        self.report("first-layer", part.node, part.call, state, unless=frozenset(unless), depends=depends or None)

    def random_state(self, value: v.Value, call: v.Call, state: State) -> None:
        """A random initial state, drawn where every call of the module draws it anew."""
        for each in value.values if isinstance(value, v.Items) else (value,):
            if isinstance(each, v.Data) and each.random is not None and self.entered:
                self.report("random-initial-state", each.random, call, state)
                return

    def settle(self, *, complete: bool = True) -> list[Draft]:
        """The findings that no other use makes right; each place once, at its highest level."""
        found: dict[tuple[str, ast.AST], Draft] = {}
        for draft in self.drafts:
            used = self.used.get((draft.call.node, draft.call.module.kind), set()) if draft.call else set()
            uses = {use for use, known in used if known is None or known is draft.bidirectional}
            if draft.unless and (not complete or any(_covers(each, use) for each in draft.unless for use in uses)):
                continue
            kept = found.get((draft.id, draft.node))
            if kept is None or LEVELS.index(draft.level) < LEVELS.index(kept.level):
                found[draft.id, draft.node] = replace(draft, unless=frozenset())
        return list(found.values())


_DIRECTIONS: Final = ("forward", "backward", "reverse", "bidir", "fwd", "bwd", "fw", "bw")


def _name_of_hn(call: v.Call, state: State) -> str | None:
    for name, value in state.names.items():
        if isinstance(value, v.Rows) and value.call == call and value.of == "hn" and value.rows is None and name != "_":
            return name if value.axes == ("rows", "batch", "features") else None
        if isinstance(value, v.Pair) and value.call == call and name != "_":
            return f"{name}[0]"
    return None


def _covers(unless: str, use: str) -> bool:
    """Whether a use is the one that is asked for: "hn" is any row of it."""
    return use == unless or use.startswith(f"{unless}[")


def _means_directions(node: ast.AST) -> bool:
    return any(word in ast.unparse(node).lower() for word in _DIRECTIONS)


def _several(count: Flag) -> bool:
    """Whether there is more than one layer, for certain or by a parameter whose default is not one."""
    return (count.value or 0) > 1 or (count.value is None and count.depends is not None)


def together(values: Iterable[v.Value]) -> dict[ast.AST, list[v.Rows]]:
    """The rows among values, by the call that they come from."""
    found: dict[ast.AST, list[v.Rows]] = {}
    for value in values:
        if isinstance(value, v.Rows):
            found.setdefault(value.call.node, []).append(value)
    return found
