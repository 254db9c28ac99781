"""What pack_padded_sequence, pad_packed_sequence and their kin refuse."""

from __future__ import annotations

from typing import Final

from lstm_inspect.diagnosis.evidence import Evidence
from lstm_inspect.diagnosis.rule import Cause, Rule, says


def pack_line(e: Evidence, **changes: object) -> str:
    """The line that packs the input."""
    batch_first = changes.get("batch_first", e.known.batch_first)
    shown = "lstm.batch_first" if batch_first is None else batch_first
    lengths = changes.get("lengths", "lengths")
    return f"packed_input = pack_padded_sequence(input, {lengths}, batch_first={shown}, enforce_sorted=False)"


def _on_time_axis(e: Evidence) -> bool | None:
    """As many lengths as the other axis has sequences: batch_first is wrong."""
    shape = e.known.input_shape
    if shape is None or len(shape) < 2:
        return None
    expected, got = e.get("expected"), e.get("got")
    return sorted(shape[:2]) == sorted((expected, got))


def _elements(e: Evidence, test: str) -> bool | None:
    if e.known.lengths is None:
        return None
    return any(length == 0 if test == "zero" else length < 0 for length in e.known.lengths)


def _dims(e: Evidence) -> int:
    return int(e["dims"])


def _on_cpu(e: Evidence) -> bool:
    return str(e["got"]) == "cpu"


def _longest_over_time(e: Evidence) -> bool | None:
    if e.known.lengths is None or e.known.time is None:
        return None
    return max(e.known.lengths) > e.known.time


LENGTH_OVER_T: Final = (
    "a length is larger than T: packing accepts it, and makes batch_sizes that ask for more rows than the data has"
)
CLAMP: Final = "lengths = torch.as_tensor(lengths).clamp(max=input.shape[{time_axis}])"

RULES: Final = (
    Rule(
        "lengths-tensor",
        says("'lengths' argument should be a 1D CPU int64 tensor, but got {dims:int}D {got} {type} tensor"),
        "lengths",
        (
            Cause(
                "lengths-on-device",
                "lengths is a tensor on {got}: it has to be on the CPU, even where the data is on a GPU",
                "lengths = lengths.cpu()  # or lengths.tolist()",
                "lengths.device is {got}",
                lambda e: not _on_cpu(e),
            ),
            Cause(
                "lengths-scalar",
                "one number was given for all sequences",
                "lengths = [lengths] * input.shape[{batch_axis}]",
                "lengths has no axis",
                lambda e: _dims(e) == 0,
                got="dims",
            ),
            Cause(
                "lengths-column",
                "lengths is a column (B, 1), not a vector (B,)",
                "lengths = lengths.flatten()",
                "lengths.shape is (B, 1)",
                lambda e: None if _dims(e) >= 2 else False,
                got="dims",
            ),
            Cause(
                "mask-as-lengths",
                "lengths is a mask (B, T), not the number of valid steps of each sequence",
                "lengths = mask.sum(dim=1).cpu()  # mask: (B, T)",
                "lengths.shape is (B, T)",
                lambda e: None if _dims(e) >= 2 else False,
                got="dims",
            ),
        ),
    ),
    Rule(
        "lengths-vector",
        says("index_select(): Index is supposed to be a vector", "index_select(): Index is supposed to be 1-D"),
        "lengths",
        (
            Cause(
                "lengths-column",
                "lengths is a column (B, 1), not a vector; with enforce_sorted=False sorting fails before it "
                "is checked",
                "lengths = lengths.flatten()",
                "lengths.shape is (B, 1)",
            ),
            Cause(
                "mask-as-lengths",
                "lengths is a mask (B, T), not the number of valid steps of each sequence",
                "lengths = mask.sum(dim=1)  # mask: (B, T)",
                "lengths.shape is (B, T)",
            ),
        ),
        scope="near",
    ),
    Rule(
        "lengths-positive",
        says(
            "Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0",
            "length of all samples has to be greater than 0, but found an element in 'lengths' that is <=0",
            "Length of all samples has to be greater than 0",
        ),
        "lengths",
        (
            Cause(
                "zero-length",
                "a sequence has length 0: it has no step, hence no state",
                "keep = torch.as_tensor(lengths) > 0  # pack these sequences alone and put zeros back for the others",
                "0 is in lengths; or clamp: torch.as_tensor(lengths).clamp(min=1), and mask that row's result",
                lambda e: _elements(e, "zero"),
            ),
            Cause(
                "negative-length",
                "a length is negative: lengths count steps, they are no last indices",
                "lengths = mask.sum(dim=1)  # not mask.sum(dim=1) - 1",
                "lengths are computed with - 1, or -1 stands for a missing sequence",
                lambda e: _elements(e, "negative"),
            ),
            Cause(
                "empty-sequence",
                "a sequence in the list that was packed is empty",
                "sequences = [sequence for sequence in sequences if len(sequence) > 0]",
                "pack_sequence raises it",
            ),
        ),
    ),
    Rule(
        "lengths-sorted",
        says(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True",
            "'lengths' array has to be sorted in decreasing order",
            "`lengths` array has to be sorted in decreasing order",
            "lengths array has to be sorted in decreasing order",
            "sequences must be sorted in the order of decreasing length",
        ),
        "lengths",
        (
            Cause(
                "not-sorted",
                "the lengths don't descend, and enforce_sorted is True, its default",
                pack_line,
                "the order of the batch is the data's own; torch then sorts, and puts output, hn and cn back in order "
                "(don't sort the lengths alone: each sequence would get another one's)",
            ),
            Cause(
                "sorted-ascending",
                "they were sorted the wrong way round",
                "lengths, order = torch.as_tensor(lengths).sort(descending=True); input = "
                "input.index_select({batch_axis}, order)",
                "an exporter needs enforce_sorted=True; undo it after with torch.argsort(order)",
            ),
        ),
    ),
    Rule(
        "lengths-count",
        says("Expected `len(lengths)` to be equal to batch_size, but got {got:int} (batch_size={expected:int})"),
        "lengths",
        (
            Cause(
                "batch-first-at-packing",
                lambda e: (
                    f"pack_padded_sequence reads axis {_axis(e)} of the input as the batch, and the sequences "
                    f"stand on the other one: {e['got']} lengths, {e['expected']} on that axis"
                ),
                lambda e: pack_line(e, batch_first=not e.known.batch_first),
                lambda e: (
                    f"input.shape holds {e['got']} on the axis of the sequences and T = {e['expected']} on the other"
                ),
                _on_time_axis,
            ),
            Cause(
                "other-lengths",
                lambda e: (
                    f"there are {e['got']} lengths for {e['expected']} sequences: they belong to another batch, "
                    "or some sequences were filtered out"
                ),
                "lengths = lengths[:{expected}]  # only if they are the right ones: each belongs to its sequence",
                "the batch was filtered, split or repeated (DataParallel, beams) after the lengths were taken",
                lambda e: None if _on_time_axis(e) is None else not _on_time_axis(e),
            ),
        ),
        axis=0,
    ),
    Rule(
        "lengths-too-many",
        says(
            "INDICES element is out of DATA bounds, id={index:int} axis_dim={size:int}",
            "index out of range in self",
        ),
        "lengths",
        (
            Cause(
                "more-lengths",
                "there are more lengths than sequences: with enforce_sorted=False the sort runs off the batch axis "
                "before the number is checked",
                lambda e: pack_line(e, batch_first=not e.known.batch_first),
                "len(lengths) is more than the batch axis that packing reads; often batch_first was forgotten there",
                lambda e: (
                    None if e.known.lengths is None or e.known.batch is None else len(e.known.lengths) > e.known.batch
                ),
                axis=0,
            ),
            Cause(
                "states-batch",
                "the batch of h0 and c0 is smaller than the packed batch, and they are sorted along with it",
                "h0, c0 = packed_input.data.new_zeros({rows}, {batch}, {state_size}), "
                "packed_input.data.new_zeros({rows}, {batch}, {hidden_size})",
                "h0.shape[1] is smaller than the number of sequences",
                lambda e: (
                    None
                    if e.known.h0_shape is None or e.known.batch is None or len(e.known.h0_shape) < 3
                    else e.known.h0_shape[1] < e.known.batch
                ),
                argument="h0",
                axis=1,
            ),
            Cause(
                "ids-beyond-the-embedding",
                "the embedding before the LSTM has fewer rows than the largest id",
                "embedding = torch.nn.Embedding(int(ids.max()) + 1, {input_size})",
                "torch.nn.functional.embedding raises it",
                lambda e: e.mentions("embedding") if "self" in e.message else False,
                argument="input",
            ),
        ),
        scope="near",
        claims=lambda e: "INDICES" in e.message or e.at_an_lstm,
    ),
    Rule(
        "length-over-t",
        says("start ({start:int}) + length ({n:int}) exceeds dimension size ({size:int})"),
        "lengths",
        (
            Cause(
                "length-over-t",
                LENGTH_OVER_T,
                CLAMP,
                "max(lengths) is more than the input's time axis, {time}",
                lambda e: True if _longest_over_time(e) else None,
            ),
            Cause(
                "handmade-batch-sizes",
                "a PackedSequence was made by hand: the sum of its batch_sizes is more than the rows of its data",
                pack_line,
                "PackedSequence(...) is called by your own code",
                argument="packed_input",
            ),
        ),
        scope="near",
    ),
)


def _axis(e: Evidence) -> int:
    return 0 if e.known.batch_first else 1
