from __future__ import annotations

import pytest
from rich.text import Text

from lstm_inspect.theory.packing import pack
from lstm_inspect.views.look import ASCII, UNICODE, Signs
from lstm_inspect.views.packed import packed_columns, padded_batch

LONG = tuple(1 + 53 * sequence % 200 for sequence in range(40))
"""Forty lengths from 1 to 200, in no order."""


def plain(lines: list[Text]) -> str:
    return "\n".join(str(line) for line in lines)


def test_padded_batch_of_three_sequences() -> None:
    assert [line.plain for line in padded_batch(pack((2, 4, 3)), 80, UNICODE)] == [
        "time step    0  1  2  3  length",
        "sequence 0   ■  ■  ·  ·       2",
        "sequence 1   ■  ■  ■  ■       4",
        "sequence 2   ■  ■  ■  ·       3",
        "■ valid   · padding   9 of 12 valid",
    ]


def test_a_legend_names_no_padding_where_there_is_none() -> None:
    assert padded_batch(pack((2, 2)), 80, UNICODE)[-1].plain == "■ valid   4 of 4 valid"
    assert padded_batch(pack((2, 2)), 80, UNICODE, label=lambda sequence, step: "a")[-1].plain == "4 of 4 valid"


def test_letters_that_take_two_columns_stand_under_their_time_step() -> None:
    words = ["日本", "ab"]
    lines = padded_batch(pack((2, 2)), 80, UNICODE, label=lambda sequence, step: words[sequence][step])
    assert [line.plain for line in lines[:3]] == [
        "time step    0  1  length",
        "sequence 0  日 本       2",
        "sequence 1   a  b       2",
    ]
    assert len({line.cell_len for line in lines[:3]}) == 1


def test_packed_columns_of_three_sequences() -> None:
    assert [line.plain for line in packed_columns(pack((2, 4, 3)), 80, UNICODE)] == [
        "time step    0  1  2  3",
        "sequence 1   0  3  6  8",
        "sequence 2   1  4  7",
        "sequence 0   2  5",
        "batch_sizes  3  3  2  1",
        "each cell: its row of .data, 9 in all",
    ]


def test_long_axes_lose_their_middle() -> None:
    assert [line.plain for line in packed_columns(pack(LONG), 50, UNICODE)] == [
        "time step      0    1    2    ⋯  193  194  195",
        "sequence 15    0   40   79    ⋯ 3777 3778 3779",
        "sequence 30    1   41   80    ⋯",
        "sequence 11    2   42   81    ⋯",
        "sequence 26    3   43   82    ⋯",
        "sequence 7     4   44   83    ⋯",
        "sequence 22    5   45   84    ⋯",
        "⋮ 29 more sequences",
        "sequence 38   35   75  114    ⋯",
        "sequence 4    36   76  115    ⋯",
        "sequence 19   37   77  116    ⋯",
        "sequence 34   38   78  117",
        "sequence 0    39",
        "batch_sizes   40   39   39    ⋯    1    1    1",
        "each cell: its row of .data, 3,780 in all",
    ]


@pytest.mark.parametrize("draw", [padded_batch, packed_columns])
@pytest.mark.parametrize("lengths", [(1,), (8, 9, 10), LONG, (100_000,) * 3, (7,) * 1000])
@pytest.mark.parametrize("signs", [UNICODE, ASCII])
@pytest.mark.parametrize("width", [50, 60, 80, 120])
def test_no_line_is_wider_than_the_terminal(draw, lengths, signs, width) -> None:  # type: ignore[no-untyped-def]
    lines = draw(pack(lengths), width, signs)
    assert max(len(line.plain) for line in lines) <= width
    assert len(lines) <= 16


@pytest.mark.parametrize("draw", [padded_batch, packed_columns])
def test_an_ascii_terminal_gets_ascii(draw) -> None:  # type: ignore[no-untyped-def]
    assert plain(draw(pack(LONG), 60, ASCII)).isascii()
    assert not plain(draw(pack(LONG), 60, UNICODE)).isascii()


def test_cells_can_bear_labels_of_their_own() -> None:
    packing = pack((1, 2))
    lines = packed_columns(packing, 80, ASCII, label=lambda sequence, step: f"s{sequence}t{step}")
    assert [line.plain for line in lines[:3]] == [
        "time step      0    1",
        "sequence 1  s1t0 s1t1",
        "sequence 0  s0t0",
    ]
    lines = padded_batch(packing, 80, ASCII, label=lambda sequence, step: f"s{sequence}t{step}")
    assert lines[1].plain == "sequence 0  s0t0    .       1"


def test_valid_and_padded_cells_differ_without_colour() -> None:
    valid, padded = (Signs.__dataclass_fields__[name].default for name in ("valid", "padded"))
    assert valid != padded
    assert ASCII.valid != ASCII.padded
