"""What is shown of a spec and checks nothing: a drawing, a script."""

from collections.abc import Sequence
from typing import Annotated

from lstm_inspect.theory.batch_grid import Grid, grid
from lstm_inspect.theory.contract import Document, Limit, record
from lstm_inspect.theory.expressions import cell_step
from lstm_inspect.theory.packing import pack
from lstm_inspect.theory.parameters import Gate, gates
from lstm_inspect.theory.shown import OfSpec
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.theory.unrolled import Unrolled, unroll


@record("spec constructor *unrolled packed gates? step?", command="draw")
class Drawing(OfSpec):
    """What is drawn of a spec: the unrolled LSTM and, with lengths, the batch padded and packed."""

    spec: LSTMSpec
    cell: bool = False  #: whether the inside of one cell is drawn.

    @property
    def unrolled(self) -> Unrolled:
        """The cells, layer by layer."""
        return unroll(self.spec)

    @property
    def packed(self) -> Grid | None:
        """The padded batch and its packed columns; None without lengths."""
        return None if self.spec.lengths is None else grid(pack(self.spec.lengths, self.spec.seq_len))

    @property
    def gates(self) -> Sequence[Gate] | None:
        """The gates of a cell and their rows; None if no cell is drawn."""
        return gates(self.spec) if self.cell else None

    @property
    def step(self) -> Sequence[str] | None:
        """One step of a cell as Python; None if no cell is drawn."""
        return cell_step(self.spec) if self.cell else None


@record(command="code")
class Script(Document):
    """A script that builds a spec's LSTM, runs it and asserts what it gives."""

    style: Annotated[str, Limit(enum=["minimal", "annotated"])]
    spec: LSTMSpec
    script: str  #: Python source.
