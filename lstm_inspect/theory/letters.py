"""The letters of the axes, once: what each counts, and which field of a spec is its size."""

from typing import Final, NamedTuple

from lstm_inspect.theory.spec import LSTMSpec


class Letter(NamedTuple):
    """One letter."""

    field: str  #: the field or property of an LSTMSpec that is its size.
    one: str  #: what it counts, in the singular.
    many: str  #: and in the plural.


LETTERS: Final = {
    "T": Letter("seq_len", "time step", "time steps"),
    "B": Letter("batch_size", "sequence", "sequences"),
    "I": Letter("input_size", "input feature", "input features"),
    "H": Letter("hidden_size", "cell feature", "cell features"),
    "P": Letter("proj_size", "projected feature", "projected features"),
    "R": Letter("state_size", "feature of the hidden state", "features of the hidden state"),
    "L": Letter("num_layers", "layer", "layers"),
    "D": Letter("num_directions", "direction", "directions"),
}
_BY_FIELD: Final = {each.field: letter for letter, each in LETTERS.items()} | {"sum of lengths": "sum(lengths)"}


def in_letters(axis: str) -> str:
    """An axis that is named by fields, in letters: ``num_layers * num_directions`` as ``L*D``."""
    return "*".join(_BY_FIELD[factor] for factor in axis.split(" * "))


def meaning(letters: str) -> str:
    """What letters count, in words: ``L*D`` layers times directions."""
    return " times ".join(LETTERS[letter].many for letter in letters.split("*"))


def sizes(spec: LSTMSpec, which: str = "TBIHPLD") -> dict[str, int]:
    """The size of each letter that a spec has: no B for unbatched input, no P without a projection."""
    found = {letter: getattr(spec, LETTERS[letter].field) for letter in which}
    return {letter: size for letter, size in found.items() if size is not None and (letter != "P" or size)}
