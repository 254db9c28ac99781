from __future__ import annotations

import io

import pytest
from rich.console import Console

from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.views.draw import drawing


def shown(spec: LSTMSpec, width: int) -> str:
    stream = io.StringIO()
    Console(file=stream, width=width, highlight=False, markup=False, legacy_windows=False).print(drawing(spec))
    return stream.getvalue()


def test_each_row_of_hn_in_output_is_written_beside_its_slice() -> None:
    text = shown(LSTMSpec(num_layers=2, bidirectional=True), 80)
    assert "◆ hn[2] == output[4, :, :20]\n◆ hn[3] == output[0, :, 20:40]\n" in text
    assert "padded batch" not in text


SIDE_BY_SIDE = """\
time step    0  1  length             time step    0  1
sequence 0   ■  ■       2             sequence 0   0  2
sequence 1   ■  ·       1             sequence 1   1
                                      batch_sizes  2  1
■ valid   · padding   3 of 4 valid    each cell: its row of .data, 3 in all"""

ONE_ABOVE_THE_OTHER = """\
time step    0  1  length
sequence 0   ■  ■       2
sequence 1   ■  ·       1
■ valid   · padding   3 of 4 valid

time step    0  1
sequence 0   0  2
sequence 1   1
batch_sizes  2  1
each cell: its row of .data, 3 in all"""


@pytest.mark.parametrize(("width", "expected"), [(80, SIDE_BY_SIDE), (60, ONE_ABOVE_THE_OTHER)])
def test_the_grids_stand_side_by_side_where_there_is_room(width: int, expected: str) -> None:
    text = shown(LSTMSpec(lengths=(2, 1)), width)
    assert text.endswith(f"The padded batch and the packed columns\n{expected}\n\n")
