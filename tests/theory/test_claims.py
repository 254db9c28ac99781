"""What a claim says of itself."""

from __future__ import annotations

from lstm_inspect.mistakes.pitfalls import pitfalls
from lstm_inspect.theory.claims import claims, worked_out
from lstm_inspect.theory.grid import FULL, specs


def test_what_calls_the_module_anew_says_so() -> None:
    reruns = set()
    for spec in specs(FULL):
        sides = [(claim.id, claim.reruns, claim.left, claim.right) for claim in claims(worked_out(spec))]
        sides += [(each.id, each.reruns, each.tempting, each.instead) for each in pitfalls(spec)]
        for id, said, left, right in sides:
            assert said == ("lstm(" in left or "lstm(" in right), (spec, id)
            reruns |= {id} if said else set()
    assert len(reruns) > 5
