"""What addresses say: the mistakes in what was read of a recurrent module's results."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Final

from lstm_inspect.mistakes.catalogue import BY_ID
from lstm_inspect.mistakes.finding import Finding
from lstm_inspect.mistakes.read import DIRECTIONS, Part, Read, Source

_POOLED: Final = {"mean": "mean", "max": "maximum"}


def findings_of(reads: Sequence[Read], *, all_seen: bool = True) -> tuple[Finding, ...]:
    """The mistakes in what one call of a model read, each once: calls of one module that are read alike count as one.

    What nobody reads is told only if no read is missing (all_seen).

    >>> source = Source("lstm", 0, "LSTM", 1, 2, 8, 8, (5, 5), batch_first=True)
    >>> last = tuple(Part(source, "output", 0, half, {0: 4, 1: 4}, {0: 4, 1: 4}) for half in (0, 1))
    >>> [finding.id for finding in findings_of([Read(source=source, parts=last, operation="linear")])]
    ['last-step-bidirectional']
    """
    by_source: dict[Source, list[Read]] = {}
    directions: dict[str, set[int]] = {}  # of each module, that are read of the top layer in any call of it
    for read in reads:
        by_source.setdefault(read.source, []).append(read)
        directions.setdefault(read.module, set()).update(part.direction for part in read.parts if part.is_top)
    found: list[Finding] = []
    for source, of_it in by_source.items():
        wrong = [finding for read in of_it for finding in _of_read(read, of_it)]
        found += wrong or (_of_what_nobody_reads(source, of_it, directions[source.module]) if all_seen else ())
    return once(found)


def once(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The first finding of each mistake at each place."""
    found: dict[Hashable, Finding] = {}
    for each in findings:
        found.setdefault((each.id, each.file, each.line, each.module, each.reader), each)
    return tuple(found.values())


def _of_read(read: Read, reads: Sequence[Read]) -> Iterator[Finding]:
    """At most one mistake in one read: the first cause."""
    final = _final(read.source)
    if read.rows.mixed:
        yield _finding(read, "sequences-mixed", _kept_apart(read))
    elif read.rows.interleaved:
        size = read.source.size
        yield _finding(read, "directions-interleaved", f"output[..., :{size}], output[..., {size}:]")
    elif read.rows.over_batch:
        what = "a mean over the sequences, step by step: that axis is the batch"
        yield _finding(read, "last-sequence", final, what)
    elif _one_step_of_output(read) and any(part.holds_padding for part in read.parts):
        yield _finding(read, "padding-as-last-step", final)
    elif wrong := _wrong_ends(read, reads):
        yield _finding(read, "last-step-bidirectional", final, _wrong_end(read, wrong))
    elif _joins_layers(read):
        rows = " and ".join(f"layer {part.layer} {part.named}" for part in read.parts)
        what = f"rows of different layers, {rows}, not the two directions of one"
        yield _finding(read, "layers-for-directions", final, what)
    elif read.role in _POOLED and not read.masked and any(part.holds_padding for part in read.parts):
        kind = _POOLED[read.role]
        what = f"a {kind} over all steps of the padded batch, those after a sequence's end included"
        yield _finding(read, "padding-averaged", _without_padding(read), what)


def _finding(read: Read, id: str, instead: str, what: str | None = None) -> Finding:
    mistake, made = BY_ID[id], None if read.role in _POOLED or read.rows.over_batch else read.made
    file, line = made or (read.file, read.line)
    return Finding(
        id=id, level=mistake.live or "note", what=what or mistake.what, file=file, line=line, module=read.module,
        call=read.call, reader=read.reader, operation=read.operation, expression=read.expression, instead=instead,
    )  # fmt: skip


def _final(source: Source) -> str:
    return "torch.cat((hn[-2], hn[-1]), dim=-1)" if source.directions == 2 else "hn[-1]"


def _kept_apart(read: Read) -> str:
    """The expression that puts each sequence into a row of its own."""
    source, kinds = read.source, {part.kind for part in read.parts}
    if kinds == {"output"}:
        return "output.flatten(1)" if source.batch_first else "output.transpose(0, 1).flatten(1)"
    if len(kinds) > 1:
        return BY_ID["sequences-mixed"].instead
    name = kinds.pop()
    if read.role == "state" and source.directions == 2:
        return f"{name}.view({source.layers}, 2, {len(source.lengths)}, -1).transpose(1, 2).flatten(2)"
    layers = {part.layer for part in read.parts}
    return f"{name}.transpose(0, 1).flatten(1)" if len(layers) == source.layers else _final(source)


def _without_padding(read: Read) -> str:
    axis = 1 if read.source.batch_first else 0
    if read.role == "mean":
        return f"output.sum(dim={axis}) / lengths[:, None]"
    across = ("[:, None, None]", "[None, :, None]")
    later = f"torch.arange(output.shape[{axis}]){across[axis]} >= lengths{across[1 - axis]}"
    return f"output.masked_fill({later}, -torch.inf).amax(dim={axis})"


def _of_output(read: Read) -> list[Part]:
    return [part for part in read.parts if part.kind == "output"]


def _one_step_of_output(read: Read) -> bool:
    parts = _of_output(read)
    return bool(parts) and all(part.one_step for part in parts)


def _wrong_ends(read: Read, reads: Sequence[Read]) -> set[int]:
    """The directions of which the step is read that they start at, if one step of each sequence is read at all.

    Where the other end is read too, elsewhere, both are meant, as of a span.
    """
    if read.source.directions == 1 or not _one_step_of_output(read):
        return set()
    ends = {part.direction for other in reads if other is not read for part in _of_output(other) if part.is_final}
    starts = {part.direction for part in _of_output(read) if part.is_start}
    return starts if starts - ends else set()


def _wrong_end(read: Read, wrong: set[int]) -> str:
    if wrong != {1}:
        return "the first step of output: its forward half is that direction's first step, not its final state"
    whole = len(_of_output(read)) == 2
    half = "its forward half is the final state, its reverse half" if whole else "the reverse half"
    return f"the last step of output: {half} is that direction's first step, not its final state"


def _joins_layers(read: Read) -> bool:
    """Rows of hn joined across layers, part of those layers' or of all layers' rows being left out."""
    groups = {(part.layer, part.direction) for part in read.parts}
    layers = {layer for layer, _ in groups}
    if not read.rows.joined or read.role == "state" or len(layers) < 2 or {part.kind for part in read.parts} != {"hn"}:
        return False
    return len(groups) < 2 * len(layers) if read.source.directions == 2 else len(layers) < read.source.layers


def _of_what_nobody_reads(source: Source, reads: Sequence[Read], directions: set[int]) -> Iterator[Finding]:
    """Mistakes that show in what is read nowhere, where what is read is not wrong already."""
    features = [read for read in reads if read.role != "state"]
    if not features:
        return
    last, final, parts = features[-1], _final(source), [part for read in reads for part in read.parts]
    sequences = {each for read in reads for each in read.sequences}
    if all(part.kind == "cn" for read in features for part in read.parts):
        yield _finding(last, "cell-for-hidden", final)
    elif not any(part.is_top for part in parts):
        yield _finding(last, "first-layer", final)
    elif len(source.lengths) > 1 and len(sequences) == 1 and not all(part.one_step for part in parts):
        yield _finding(last, "last-sequence", final)
    elif source.directions == 2 and len(directions) == 1:
        (direction,) = directions
        there, other = DIRECTIONS[direction], DIRECTIONS[1 - direction]
        what = f"the {there} direction alone; the {other} direction is used nowhere"
        one_step = all(part.one_step for part in last.parts)
        yield _finding(last, "one-direction-of-two", final if one_step else "output", what)
