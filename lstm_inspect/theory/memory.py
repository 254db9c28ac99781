"""How much memory a run takes at its peak, from integers alone."""

from __future__ import annotations

from lstm_inspect.theory.parameters import input_width, parameter_count
from lstm_inspect.theory.spec import LSTMSpec

_REFERENCE_ITEMSIZE = 8  # the oracle runs in float64
_BYTES_A_PARAMETER = 4096  # a Parameter's Python object, its slots in the module and its storage
_BYTES_A_STATE_ROW = 1500
_BYTES_A_LENGTH = 48
_BYTES_A_LISTED_LAYER = {"json": 5_000, "text": 30_000}  # one direction's parameters and the layer's multiply-adds
REFERENCE_STEPS_AT_ONCE = 32
"""Time steps whose input products the reference holds at a time."""


def weight_bytes(spec: LSTMSpec) -> int:
    """Bytes of the module's numbers.

    >>> weight_bytes(LSTMSpec())
    10240
    """
    return parameter_count(spec) * spec.itemsize


def run_bytes(spec: LSTMSpec) -> int:
    """Bytes of one run without gradients: weights (twice: kernels reorder them), states and activations."""
    cells = _padded_cells(spec)
    layer_in = max(input_width(spec, 0), input_width(spec, spec.num_layers - 1))
    activations = cells * (spec.input_size + layer_in + 2 * spec.output_size + 4 * spec.hidden_size)
    states = 4 * spec.num_states * _sequences(spec) * spec.hidden_size
    return 2 * weight_bytes(spec) + (activations + states) * spec.itemsize + module_bytes(spec)


def module_bytes(spec: LSTMSpec) -> int:
    """Bytes of the module's Python objects, its numbers aside: what it takes on the meta device."""
    return spec.num_states * 5 * _BYTES_A_PARAMETER


def reference_bytes(spec: LSTMSpec) -> int:
    """Bytes of the float64 oracle: one layer's weights at a time, its input, its output and some gates."""
    layer_in = max(input_width(spec, 0), input_width(spec, spec.num_layers - 1))
    layer_weights = 4 * spec.hidden_size * (layer_in + spec.state_size)
    gates = min(spec.seq_len, REFERENCE_STEPS_AT_ONCE) * _sequences(spec) * 4 * spec.hidden_size
    cells = _padded_cells(spec) * (layer_in + 2 * spec.output_size)
    states = 2 * spec.num_states * _sequences(spec) * spec.hidden_size
    return (layer_weights + gates + cells + states) * _REFERENCE_ITEMSIZE


def largest_tensor(spec: LSTMSpec) -> int:
    """Elements of the largest tensor: torch counts them in 64 bits, on the meta device too."""
    width = max(input_width(spec, 0), input_width(spec, spec.num_layers - 1), spec.state_size)
    features = max(spec.input_size, spec.output_size, 4 * spec.hidden_size)
    return max(
        4 * spec.hidden_size * width,
        _padded_cells(spec) * features,
        spec.num_states * _sequences(spec) * spec.hidden_size,
    )


def report_bytes(spec: LSTMSpec) -> int:
    """Bytes that a report takes, its text with it: a row for each state and, packed, T, B and sum(lengths) numbers."""
    rows = _BYTES_A_STATE_ROW * spec.num_states
    if spec.lengths is None:
        return rows
    return rows + _BYTES_A_LENGTH * (max(spec.lengths) + 4 * len(spec.lengths) + 2 * sum(spec.lengths))


def listing_bytes(spec: LSTMSpec, form: str) -> int:
    """Bytes that a list of every parameter takes while it is written, in the form "json" or "text".

    >>> listing_bytes(LSTMSpec(num_layers=1000), "json")
    5000000
    """
    return _BYTES_A_LISTED_LAYER[form] * spec.num_states


def _sequences(spec: LSTMSpec) -> int:
    return 1 if spec.batch_size is None else spec.batch_size


def _padded_cells(spec: LSTMSpec) -> int:
    return spec.seq_len * _sequences(spec)
