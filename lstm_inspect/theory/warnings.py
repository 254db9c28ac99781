"""What a spec lets go wrong although nothing can be measured: said in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lstm_inspect.errors import spell_arguments
from lstm_inspect.theory.contract import written
from lstm_inspect.theory.packing_claims import lengths_run_alone
from lstm_inspect.theory.spec import LSTMSpec


@written("id message=text")
@dataclass(frozen=True, slots=True)
class SpecWarning:
    """Something to know about a spec; its message may name arguments in braces, as errors do."""

    id: str
    message: str

    @property
    def text(self) -> str:
        """The message as it reads in Python."""
        return spell_arguments(self.message)


def spec_warnings(spec: LSTMSpec) -> tuple[SpecWarning, ...]:
    """The warnings for a spec.

    >>> [warning.id for warning in spec_warnings(LSTMSpec(seq_len=3))]
    ['batch-equals-time']
    """
    return tuple(_found(spec))


def _found(spec: LSTMSpec) -> Iterator[SpecWarning]:
    size = spec.batch_size
    if size is not None and size == spec.seq_len and size > 1:
        yield SpecWarning(
            "batch-equals-time", _hidden_swap(f"{{batch_size}} == {{seq_len}} == {size}", "batch and time swapped")
        )
    if size is not None and size == spec.num_states and size > 1:
        same = f"{{batch_size}} == {{num_layers}} * directions == {size}"
        yield SpecWarning("batch-equals-rows", _hidden_swap(same, "hn, cn, h0 or c0 made batch-first"))
    if spec.dropout > 0 and spec.num_layers == 1:
        yield SpecWarning(
            "dropout-one-layer", "dropout acts between layers: with {num_layers=1} there is none to act on"
        )
    if spec.device == "meta":
        yield SpecWarning(
            "meta-values", "the meta device holds no numbers: shapes are measured, values can't be checked there"
        )
    if spec.lengths is not None:
        yield from _sampled(spec.lengths)
    if size == 0:
        yield SpecWarning(
            "empty-batch", "an empty batch holds no numbers: shapes are measured, values can't be checked"
        )


def _sampled(lengths: tuple[int, ...]) -> Iterator[SpecWarning]:
    distinct, alone = len(set(lengths)), len(lengths_run_alone(lengths))
    if alone < distinct:
        message = (
            f"{distinct:,} different lengths: the sequences of {alone} of them are run alone, from shortest to longest"
        )
        yield SpecWarning("alone-sampled", message)


def _hidden_swap(same: str, mistake: str) -> str:
    return f"{same}: no shape can show {mistake}; choose sizes that all differ"
