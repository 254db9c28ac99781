"""What a spec lets go wrong although nothing can be measured: said in words."""

from collections.abc import Iterator

from lstm_inspect.errors import spell_arguments
from lstm_inspect.theory.contract import record
from lstm_inspect.theory.packing_claims import lengths_run_alone
from lstm_inspect.theory.spec import LSTMSpec


@record("id message=text")
class SpecWarning:
    """Something to know about a spec; its message may name arguments in braces, as errors do."""

    id: str
    message: str

    @property
    def text(self) -> str:
        """The message as it reads in Python."""
        return spell_arguments(self.message)


def spec_warnings(spec: LSTMSpec) -> tuple[SpecWarning, ...]:
    """The warnings for a spec."""
    return tuple(SpecWarning(id, message) for id, message in (*_hidden_swaps(spec), *_nothing_to_see(spec)))


def _hidden_swaps(spec: LSTMSpec) -> Iterator[tuple[str, str]]:
    """Sizes that are the same by chance."""
    size, no_shape = spec.batch_size, "no shape can show"
    if size is None or size < 2:
        return
    if size == spec.seq_len:
        same = f"{{batch_size}} == {{seq_len}} == {size}"
        yield "batch-equals-time", f"{same}: {no_shape} batch and time swapped; choose sizes that all differ"
    if size == spec.num_states:
        same = f"{{batch_size}} == {{num_layers}} * directions == {size}"
        yield "batch-equals-rows", f"{same}: {no_shape} hn, cn, h0 or c0 made batch-first; choose sizes that all differ"


def _nothing_to_see(spec: LSTMSpec) -> Iterator[tuple[str, str]]:
    """What does nothing, can't be checked, or is checked in part."""
    if spec.dropout > 0 and spec.num_layers == 1:
        yield "dropout-one-layer", "dropout acts between layers: with {num_layers=1} there is none to act on"
    if spec.device == "meta":
        yield "meta-values", "the meta device holds no numbers: shapes are measured, values can't be checked there"
    if spec.lengths is not None:
        distinct, alone = len(set(spec.lengths)), len(lengths_run_alone(spec.lengths))
        if alone < distinct:
            some = f"the sequences of {alone} of them are run alone, from shortest to longest"
            yield "alone-sampled", f"{distinct:,} different lengths: {some}"
    if spec.batch_size == 0:
        yield "empty-batch", "an empty batch holds no numbers: shapes are measured, values can't be checked"
