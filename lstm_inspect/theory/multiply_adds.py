"""The multiply-adds of one run, by layer: the matrix products alone."""

from typing import Annotated, Final

from lstm_inspect.theory.contract import Limit, Natural, record
from lstm_inspect.theory.parameters import GATES, input_width
from lstm_inspect.theory.spec import LSTMSpec

CONVENTION: Final = (
    "one multiply-add is one product and one sum of a matrix product (2 FLOPs); biases, gates and other elementwise "
    "work are not counted, and the padded steps of a packed batch are not computed"
)


@record("input formula steps this_run by_layer total")
class Work:
    """How many time steps a run computes, over all its sequences, by the form of its input."""

    input: Annotated[str, Limit(enum=["padded", "packed", "unbatched"])]  #: "padded", "packed" or "unbatched".
    formula: str  #: the steps in letters.
    steps: Natural  #: the steps in numbers.
    this_run: bool  #: whether the spec's own input has that form.
    spec: LSTMSpec  #: of the module.

    @property
    def by_layer(self) -> list[Natural]:
        """The multiply-adds of each layer."""
        return [layer_multiply_adds(self.spec, layer, self.steps) for layer in range(self.spec.num_layers)]

    @property
    def total(self) -> Natural:
        """The multiply-adds of all layers."""
        return multiply_adds(self.spec, self.steps)


def works(spec: LSTMSpec) -> tuple[Work, ...]:
    """The forms that a spec's input can take: the padded batch, its valid steps alone, one sequence of it.

    >>> [(work.input, work.steps) for work in works(LSTMSpec(lengths=(8, 9, 10)))]
    [('padded', 30), ('packed', 27), ('unbatched', 10)]
    """
    padded = Work("padded", "T * B", spec.padded_steps, spec.lengths is None, spec)
    packed = Work("packed", "sum(lengths)", spec.valid_steps, True, spec)
    unbatched = Work("unbatched", "T", spec.seq_len, not spec.batched, spec)
    return *([padded] if spec.batched else []), *([packed] if spec.lengths else []), unbatched


def formula(spec: LSTMSpec) -> str:
    """The multiply-adds of a run in letters; in is what a layer reads."""
    projection = " + P*H" if spec.proj_size else ""
    return f"steps * sum over layers of D * (4*H*in + 4*H*R{projection}), in = I for layer 0, D*R above"


def layer_multiply_adds(spec: LSTMSpec, layer: int, steps: int | None = None) -> int:
    """Multiply-adds of one layer's matrix products over ``steps`` computed time steps (valid ones if left out)."""
    rows, reads = len(GATES) * spec.hidden_size, input_width(spec, layer) + spec.state_size
    one = rows * reads + spec.proj_size * spec.hidden_size
    return (spec.valid_steps if steps is None else steps) * spec.num_directions * one


def multiply_adds(spec: LSTMSpec, steps: int | None = None) -> int:
    """Multiply-adds of one run's matrix products, over all layers; ``CONVENTION`` says what counts."""
    return layer_multiply_adds(spec, 0, steps) + (spec.num_layers - 1) * layer_multiply_adds(spec, 1, steps)
