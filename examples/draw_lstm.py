"""Draw the picture of the README: two layers, two directions, which cells are output, hn and cn.

    python examples/draw_lstm.py             # writes lstm.svg beside this script
    python examples/draw_lstm.py other.svg

The command line draws the same: lstm-inspect draw --layers 2 --bidir --output lstm.svg
"""

from __future__ import annotations

import sys
from pathlib import Path

from lstm_inspect import LSTMSpec
from lstm_inspect.views.figure import picture


def main() -> None:
    """Write the picture to the file that is named, or beside this script."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("lstm.svg")
    try:
        path.write_bytes(picture(LSTMSpec(num_layers=2, bidirectional=True), "svg"))
    except ModuleNotFoundError as error:
        sys.exit(f"{error.name} is not installed, and it draws the picture. Try pip install 'lstm-inspect[plot]'.")


if __name__ == "__main__":
    main()
