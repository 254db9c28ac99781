"""What addresses say: the mistakes in what was read of a recurrent module's results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from lstm_inspect.mistakes.catalogue import BY_ID
from lstm_inspect.mistakes.finding import Finding
from lstm_inspect.mistakes.read import DIRECTIONS, Part, Read, Source, is_final

_POOLED: Final = ("mean", "max")


def findings_of(reads: Sequence[Read], *, all_seen: bool = True) -> tuple[Finding, ...]:
    """The mistakes in what was read, each once: calls of one module that are read alike count as one.

    Args:
        reads: the reads of one call of a model.
        all_seen: whether none is missing: only then it is told what nobody reads.

    >>> source = Source("lstm", 0, "LSTM", 1, 2, 8, 8, (5, 5), batch_first=True)
    >>> ends = {0: 4, 1: 4}
    >>> last = Read(source=source, parts=tuple(Part("output", 0, d, ends, ends) for d in (0, 1)), operation="linear")
    >>> [finding.id for finding in findings_of([last])]
    ['last-step-bidirectional']
    """
    sources = dict.fromkeys(read.source for read in reads)
    found = [
        finding
        for source in sources
        for finding in _of_source(source, [read for read in reads if read.source == source], all_seen)
    ]
    once = {(each.id, each.file, each.line, each.module, each.reader): each for each in reversed(found)}
    return tuple(reversed(once.values()))


def _of_source(source: Source, reads: list[Read], all_seen: bool) -> Iterator[Finding]:
    seen = [(read, finding) for read in reads for finding in _of_read(read, reads)]
    yield from (finding for _, finding in seen)
    if all_seen and not seen:
        yield from _of_what_nobody_reads(source, reads)


def _of_read(read: Read, reads: list[Read]) -> Iterator[Finding]:
    """At most one mistake in one read: the first cause."""
    if read.mixed:
        yield _finding(read, "sequences-mixed", instead=_kept_apart(read))
    elif read.interleaved:
        size = read.source.size
        yield _finding(read, "directions-interleaved", instead=f"output[..., :{size}], output[..., {size}:]")
    elif read.over_batch:
        what = "a mean over the sequences, step by step: that axis is the batch"
        yield _finding(read, "last-sequence", what=what, instead=_final(read.source))
    elif _reads_padding_as_last(read):
        yield _finding(read, "padding-as-last-step", instead=_final(read.source))
    elif _reads_wrong_end(read, reads):
        yield _finding(read, "last-step-bidirectional", what=_wrong_end(read), instead=_final(read.source))
    elif _joins_layers(read):
        yield _finding(read, "layers-for-directions", what=_layers_joined(read), instead=_final(read.source))
    elif read.role in _POOLED and not read.masked and any(_holds_padding(read.source, part) for part in read.parts):
        yield _finding(read, "padding-averaged", what=_pooled(read), instead=_without_padding(read))


def _finding(read: Read, id: str, *, what: str | None = None, instead: str | None = None) -> Finding:
    mistake = BY_ID[id]
    made = read.made_file is not None and read.role not in _POOLED and not read.over_batch
    return Finding(
        id=id,
        level=mistake.live or "note",
        what=what or mistake.what,
        file=read.made_file if made else read.file,
        line=read.made_line if made else read.line,
        module=read.source.module,
        call=read.source.call,
        reader=read.reader,
        operation=read.operation,
        expression=read.expression,
        instead=instead or mistake.instead,
    )


def _final(source: Source) -> str:
    return "torch.cat((hn[-2], hn[-1]), dim=-1)" if source.directions == 2 else "hn[-1]"


def _kept_apart(read: Read) -> str:
    """The expression that puts each sequence into a row of its own."""
    source, kinds = read.source, {part.kind for part in read.parts}
    if kinds == {"output"}:
        return "output.flatten(1)" if source.batch_first else "output.transpose(0, 1).flatten(1)"
    if len(kinds) > 1:
        return BY_ID["sequences-mixed"].instead
    name = next(iter(kinds))
    if read.role == "state" and source.directions == 2:
        return f"{name}.view({source.layers}, 2, {len(source.lengths)}, -1).transpose(1, 2).flatten(2)"
    layers = {part.layer for part in read.parts}
    return f"{name}.transpose(0, 1).flatten(1)" if len(layers) == source.layers else _final(source)


def _holds_padding(source: Source, part: Part) -> bool:
    return part.kind == "output" and any(step >= source.lengths[each] for each, step in part.last.items())


def _of_output(read: Read) -> list[Part]:
    return [part for part in read.parts if part.kind == "output"]


def _reads_padding_as_last(read: Read) -> bool:
    parts = _of_output(read)
    return (
        bool(parts)
        and all(part.one_step for part in parts)
        and any(_holds_padding(read.source, each) for each in parts)
    )


def _reads_wrong_end(read: Read, reads: list[Read]) -> bool:
    """One step a sequence, and of a direction the step that it starts at."""
    parts = _of_output(read)
    if read.source.directions == 1 or not parts or not all(part.one_step for part in parts):
        return False
    others = [part for other in reads if other is not read for part in _of_output(other) if part.one_step]
    return any(_starts_there(read.source, part) and not _end_is_read(read.source, part, others) for part in parts)


def _starts_there(source: Source, part: Part) -> bool:
    steps = {each: step for each, step in part.first.items() if source.lengths[each] > 1}
    starts = {each: source.lengths[each] - 1 if part.direction else 0 for each in steps}
    return bool(steps) and steps == starts


def _end_is_read(source: Source, part: Part, others: list[Part]) -> bool:
    """Whether the other end is read too, elsewhere: then both are meant, as of a span."""
    return any(other.direction == part.direction and is_final(source, other) for other in others)


def _wrong_end(read: Read) -> str:
    wrong = {part.direction for part in _of_output(read) if _starts_there(read.source, part)}
    if wrong == {1}:
        alone = len(_of_output(read)) == 1
        half = "its reverse half" if not alone else "the reverse half"
        opening = (
            "the last step of output: its forward half is the final state, "
            if not alone
            else "the last step of output: "
        )
        return f"{opening}{half} is that direction's first step, not its final state"
    return "the first step of output: its forward half is that direction's first step, not its final state"


def _joins_layers(read: Read) -> bool:
    """Rows of hn joined across layers, part of those layers' or of all layers' rows being left out."""
    groups = {(part.layer, part.direction) for part in read.parts}
    layers = {layer for layer, _ in groups}
    if not read.joined or read.role == "state" or len(layers) < 2 or {part.kind for part in read.parts} != {"hn"}:
        return False
    if read.source.directions == 1:
        return len(layers) < read.source.layers
    return len(groups) < 2 * len(layers)


def _layers_joined(read: Read) -> str:
    rows = " and ".join(f"layer {part.layer} {DIRECTIONS[part.direction]}" for part in read.parts)
    return f"rows of different layers, {rows}, not the two directions of one"


def _pooled(read: Read) -> str:
    kind = "mean" if read.role == "mean" else "maximum"
    return f"a {kind} over all steps of the padded batch, those after a sequence's end included"


def _without_padding(read: Read) -> str:
    source = read.source
    steps = "[None, :, None]" if source.batch_first else "[:, None, None]"
    ends = "lengths[:, None, None]" if source.batch_first else "lengths[None, :, None]"
    axis = 1 if source.batch_first else 0
    if read.role == "max":
        later = f"torch.arange(output.shape[{axis}]){steps} >= {ends}"
        return f"output.masked_fill({later}, -torch.inf).amax(dim={axis})"
    return f"output.sum(dim={axis}) / lengths[:, None]"


def _of_what_nobody_reads(source: Source, reads: list[Read]) -> Iterator[Finding]:
    """Mistakes that show in what is read nowhere, where what is read is not wrong already."""
    features = [read for read in reads if read.role != "state"]
    if not features:
        return
    parts = [part for read in reads for part in read.parts]
    last, top = features[-1], [part for part in parts if part.layer == source.layers - 1 or part.kind == "output"]
    if all(part.kind == "cn" for read in features for part in read.parts):
        yield _finding(last, "cell-for-hidden", instead=_final(source))
    elif not top:
        yield _finding(last, "first-layer", instead=_final(source))
    elif _is_one_of_several(source, reads):
        yield _finding(last, "last-sequence", instead=_final(source))
    elif source.directions == 2 and len({part.direction for part in top}) == 1:
        there = top[0].direction
        what = f"the {DIRECTIONS[there]} direction alone; the {DIRECTIONS[1 - there]} direction is used nowhere"
        yield _finding(last, "one-direction-of-two", what=what, instead=_both(source, last))


def _both(source: Source, read: Read) -> str:
    return _final(source) if all(part.one_step for part in read.parts) else "output"


def _is_one_of_several(source: Source, reads: list[Read]) -> bool:
    sequences = {each for read in reads for each in read.sequences}
    several_steps = any(not part.one_step for read in reads for part in read.parts)
    return len(source.lengths) > 1 and len(sequences) == 1 and several_steps
