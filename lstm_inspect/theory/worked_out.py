"""Everything that integers tell of a spec, worked out once."""

from collections.abc import Mapping
from dataclasses import dataclass

from lstm_inspect.theory.packing import Packing, pack
from lstm_inspect.theory.recipes import Recipe, recipes
from lstm_inspect.theory.shapes import TensorReport, tensors
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.theory.states import StateRow, state_rows
from lstm_inspect.theory.warnings import SpecWarning, spec_warnings


@dataclass(frozen=True, slots=True)
class Theory:
    """What must come out of one call; whoever needs a part of it takes it from here."""

    spec: LSTMSpec
    tensors: Mapping[str, TensorReport]  #: by name, in the contract's order.
    states: tuple[StateRow, ...]
    recipes: tuple[Recipe, ...]
    packing: Packing | None  #: None without lengths.
    warnings: tuple[SpecWarning, ...]


def worked_out(spec: LSTMSpec) -> Theory:
    """The theory of a spec."""
    packing = None if spec.lengths is None else pack(spec.lengths, spec.seq_len)
    return Theory(spec, tensors(spec), state_rows(spec), recipes(spec), packing, spec_warnings(spec))
