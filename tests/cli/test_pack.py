"""Cases G to J of a packed batch, as commands; the numbers here were worked out by hand."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import torch
from sabotage import move_a_batch_size, reverse_from_the_padding, shift_rows, swap_sequences
from support import Cli, Snapshot, break_lstm
from torch import Tensor

from lstm_inspect.cli.lengths import parse_lengths
from lstm_inspect.errors import FileError
from lstm_inspect.theory.contract import json_schema

STRUCTURES = [("--layers", "1"), ("--layers", "2"), ("--layers", "1", "--bidir"), ("--layers", "2", "--bidir")]
CASE_G = ("pack", "--lengths", "8,9,10", "--input-size", "5", "--hidden-size", "64")


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("structure", STRUCTURES)
def test_case_g(cli: Cli, structure: tuple[str, ...], batch_first: bool) -> None:
    outcome = cli(*CASE_G, *structure, *(["--batch-first"] if batch_first else []), "--json")
    report = outcome.document
    jsonschema.validate(report, json_schema())
    shapes = {tensor["name"]: tensor["actual"] for tensor in report["tensors"]}
    width = 128 if "--bidir" in structure else 64
    assert outcome.status == 0
    assert report["verified"] is True
    assert shapes["input"] == ([3, 10, 5] if batch_first else [10, 3, 5])
    assert shapes["packed_input"] == [27, 5]
    assert shapes["output"] == ([3, 10, width] if batch_first else [10, 3, width])
    assert report["packing"]["sorted_lengths"] == [10, 9, 8]
    assert report["packing"]["batch_sizes"] == [3, 3, 3, 3, 3, 3, 3, 3, 2, 1]
    assert report["packing"]["sorted_indices"] == report["packing"]["unsorted_indices"] == [2, 1, 0]


@pytest.mark.parametrize(
    ("flags", "from_hn", "from_output"),
    [
        ((), "hn[-1]", "output[lengths - 1, torch.arange(3)]"),
        (("--batch-first",), "hn[-1]", "output[torch.arange(3), lengths - 1]"),
        (
            ("--bidir", "--batch-first"),
            "torch.cat((hn[-2], hn[-1]), dim=-1)",
            "torch.cat((output[torch.arange(3), lengths - 1, :64], output[:, 0, 64:]), dim=-1)",
        ),
    ],
)
def test_both_ways_to_the_final_state_are_checked_and_shown(
    cli: Cli, flags: tuple[str, ...], from_hn: str, from_output: str
) -> None:
    report = cli(*CASE_G, *flags, "--json").document
    assert (from_hn, from_output) in [(check["left"], check["right"]) for check in report["checks"]]
    text = cli(*CASE_G, *flags, columns=200).stdout
    assert re.search(rf"^from hn +{re.escape(from_hn)}$", text, re.MULTILINE)
    assert re.search(rf"^from output +{re.escape(from_output)}$", text, re.MULTILINE)


def test_case_h_sorting_by_hand_is_the_same_to_the_bit(cli: Cli) -> None:
    outcome = cli(*CASE_G, "--sort-by-hand", "--json")
    by_hand = [check for check in outcome.document["checks"] if check["id"].startswith("by-hand-")]
    assert [check["id"] for check in by_hand] == ["by-hand-output", "by-hand-hn", "by-hand-cn"]
    assert all(check["identical"] for check in by_hand)


def test_the_manual_way_that_is_shown_runs(cli: Cli) -> None:
    """The statements of --sort-by-hand, run as they stand, give what torch's own sorting gives."""
    from lstm_inspect.experiment.run import run
    from lstm_inspect.theory.packing import pack
    from lstm_inspect.theory.packing_claims import sorting_by_hand
    from lstm_inspect.theory.spec import LSTMSpec

    spec = LSTMSpec(lengths=(5, 3, 4, 7), bidirectional=True, batch_first=True)
    statements = sorting_by_hand(spec, pack((5, 3, 4, 7)))
    made = run(spec)
    names: dict[str, Any] = {"torch": torch, "lstm": made.lstm, **made.tensors}
    with torch.inference_mode():
        exec("\n".join(statements), names)
    assert names["sorted_lengths"].tolist() == [7, 5, 4, 3]
    assert all(torch.equal(names[name], made.tensors[name]) for name in ("output", "hn", "cn"))
    text = cli("pack", "--lengths", "5,3,4,7", "--bidir", "--batch-first", "--sort-by-hand", columns=200).stdout
    assert all(statement in text for statement in statements)


def test_case_i_numbers(cli: Cli) -> None:
    flags = ("pack", "--lengths", "4,3,2", "--input-size", "2", "--values", "numbers")
    text = cli(*flags).stdout
    assert "data[0:3]     (1, 10)  (5, 50)  (8, 80)\n" in text
    assert "data[3:6]     (2, 20)  (6, 60)  (9, 90)\n" in text
    assert "data[6:8]     (3, 30)  (7, 70)\n" in text
    assert "data[8:9]     (4, 40)\n" in text
    assert re.search(r"^batch_sizes +3 +3 +2 +1$", text, re.MULTILINE)
    numbers = next(check for check in cli(*flags, "--json").document["checks"] if check["id"] == "numbers")
    assert numbers["right"] == "[[1, 10], [5, 50], [8, 80], [2, 20], [6, 60], [9, 90], [3, 30], [7, 70], [4, 40]]"
    assert numbers["identical"] is True


def test_case_i_words(cli: Cli) -> None:
    text = cli("pack", "--values", "abc,x").stdout
    rows = [line.split()[1:] for line in text.splitlines() if line.startswith("data[")]
    assert rows == [["a", "x"], ["b"], ["c"]]
    assert re.search(r"^batch_sizes +2 +1 +1$", text, re.MULTILINE)


def test_case_j(cli: Cli) -> None:
    flags = ("pack", "--lengths", "5,3,4", "--batch-first", "--input-size", "3", "--hidden-size", "64")
    report = cli(*flags, "--json").document
    shapes = {tensor["name"]: tensor["actual"] for tensor in report["tensors"]}
    assert report["packing"]["sorted_indices"] == [0, 2, 1]
    assert report["packing"]["batch_sizes"] == [3, 3, 3, 2, 1]
    assert shapes["input"] == [3, 5, 3]
    assert shapes["packed_output"] == [12, 64]
    assert shapes["hn"] == [1, 3, 64]
    text = cli(*flags, "--sort-by-hand", columns=200).stdout
    assert "# hn (1, 3, 64), in sorted order\n" in text
    assert "# (3, 5, 64), [5, 4, 3]\n" in text
    assert "# the given order, [5, 3, 4]\n" in text


def test_sorting_twice_and_applying_twice(cli: Cli) -> None:
    """8, 10, 9 sort in a cycle of three: there, and only there, sorted_indices does not undo itself."""
    cycle = cli("pack", "--lengths", "8,10,9")
    assert "the inverse permutation\n" in cycle.stdout
    assert "hn[:, packed_input.sorted_indices][:, packed_input.sorted_indices]" in cycle.stdout.replace("\n", "")
    assert "the inverse permutation: the same, here\n" in cli("pack", "--lengths", "8,9,10").stdout


def test_what_packing_saves(cli: Cli) -> None:
    """27 of 30 steps, and 6 of 6."""
    assert "10% less work than padded\n" in cli("pack", "--layers", "2", "--bidir").stdout
    assert "; as much work as padded\n" in cli("pack", "--lengths", "3,3").stdout


def test_total_length_and_padding_value(cli: Cli) -> None:
    outcome = cli("pack", "--lengths", "3,2", "--total-length", "6", "--padding-value", "-1.5", "--json")
    padding = next(check for check in outcome.document["checks"] if check["id"] == "padding")
    assert outcome.status == 0
    assert padding["right"] == "output.new_full((7, 20), -1.5)"
    assert outcome.document["spec"]["seq_len"] == 6
    assert "without total_length output would end with the longest sequence, at 3" in " ".join(
        cli("pack", "--lengths", "3,2", "--total-length", "6").stdout.split()
    )


def test_lengths_from_a_file_and_from_standard_input(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "lengths.txt"
    file.write_text("8 9\n10,\n", encoding="utf-8")
    assert cli("pack", "--lengths", f"@{file}", "--json").document["spec"]["lengths"] == [8, 9, 10]
    assert cli("pack", "--lengths", "-", "--json", stdin="3\n1\n2\n").document["spec"]["lengths"] == [3, 1, 2]


def test_many_lengths_cost_few_forwards(cli: Cli) -> None:
    """1,000 sequences of 500 lengths: 16 lengths are run alone, and the report says so."""
    lengths = ",".join(str(1 + number % 500) for number in range(1000))
    outcome = cli("pack", "--lengths", lengths, "--hidden-size", "4", "--no-reference", "--json")
    alone = [check["id"] for check in outcome.document["checks"] if check["id"].startswith("alone-")]
    assert outcome.status == 0
    assert len(alone) == 16
    assert (alone[0], alone[-1]) == ("alone-1", "alone-500")
    assert "500 different lengths: the sequences of 16 of them are run alone" in outcome.stderr


def test_equals_may_come_in_any_order(cli: Cli) -> None:
    """torch's sort moves equals from 17 on; the report shows the order that torch took, and it holds."""
    report = cli("pack", "--lengths", ",".join(["3", "5"] * 20), "--json").document
    lengths = torch.tensor([3, 5] * 20)
    order = torch.sort(lengths, descending=True)[1].tolist()
    assert report["verified"] is True
    assert report["packing"]["sorted_indices"] == order
    assert report["packing"]["row_sequence"][:40] == order
    ids = {check["id"] for check in report["checks"]}
    assert {"sorted-permutation", "sorted-lengths"} <= ids
    assert "sorted-indices" not in ids


def test_predicted_packing_is_the_measured_one(cli: Cli) -> None:
    flags = ("pack", "--lengths", "4,7,1,6", "--json")
    assert cli(*flags, "--predict").document["packing"] == cli(*flags).document["packing"]


@pytest.mark.parametrize(
    ("change", "failing"),
    [
        (swap_sequences, {"by-hand-hn", "alone-8", "reference-hn"}),
        (move_a_batch_size, {"unpacked-lengths"}),
        (shift_rows, {"reference-output", "alone-9"}),
        (reverse_from_the_padding, {"reference-output", "alone-10"}),
    ],
)
def test_sabotage(cli: Cli, monkeypatch: pytest.MonkeyPatch, change: Any, failing: set[str]) -> None:
    break_lstm(monkeypatch, change)
    outcome = cli("pack", "--lengths", "8,10,9", "--bidir", "--json")
    failed = {check["id"] for check in outcome.document["checks"] if not check["passed"]}
    assert outcome.status == 1
    assert outcome.document["verified"] is False
    assert failing <= failed


def test_an_unpadded_cell_is_seen(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = torch.nn.utils.rnn.pad_packed_sequence

    def leaky(*args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        output, lengths = honest(*args, **kwargs)
        output[-1, 0, 0] += 1e-3  # sequence 0 ended before the last step
        return output, lengths

    monkeypatch.setattr("lstm_inspect.experiment.run.pad_packed_sequence", leaky)
    outcome = cli("pack", "--json")
    assert outcome.status == 1
    assert {"padding", "reference-output"} <= {
        check["id"] for check in outcome.document["checks"] if not check["passed"]
    }


BAD = [
    ("--lengths 9 --total-length 5", "--total-length 5: must be at least the longest of --lengths (9, sequence 0)"),
    ("--lengths @/no/such/file", "--lengths from /no/such/file: No such file or directory"),
    ("--lengths 3,x,1", "--lengths 3,x,1: must be whole numbers from 1, but 'x' is not one. Try --lengths 8,9,10."),
    ("--lengths 3,1.5", "--lengths 3,1.5: must be whole numbers from 1, but '1.5' is not one"),
    ("--lengths 3,-1", "--lengths 3,-1: must be whole numbers from 1, but sequence 1 has -1. Try --lengths 3."),
    ("--lengths ,", "--lengths ',': must be at least one whole number from 1. Try --lengths 8,9,10."),
    ("--lengths 3,0", "sequence 1 has 0: an empty sequence has no state. Try the others alone, --lengths 3."),
    ("--values abc,x --lengths 3,2", "--values abc,x: must be words as long as --lengths say. Try --lengths 3,1"),
    ("--values numbers", "--values numbers: must be used with --input-size up to 4. Try --input-size 2"),
    ("--values a,,b", "--values 'a,,b': must be labels, numbers, or words without an empty one. Try --values abc,x."),
    ("--unbatched", "--lengths 8,9,10: must be left out when the input is unbatched"),
]


@pytest.mark.parametrize(("line", "message"), BAD)
def test_bad_input(cli: Cli, line: str, message: str) -> None:
    outcome = cli("pack", *line.split(" "))
    assert (outcome.status, outcome.stdout) == (2, "")
    assert message in outcome.stderr


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it holds no number"),
        (b"1 2\n3 four\n", "line 2: 'four' is not a whole number"),
        (b"\xff\xfe\x00\x01", "it is binary, not text"),
    ],
)
def test_bad_file(cli: Cli, tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "lengths"
    file.write_bytes(content)
    outcome = cli("pack", "--lengths", f"@{file}")
    assert (outcome.status, outcome.stdout) == (2, "")
    assert message in outcome.stderr


def test_a_folder_holds_no_lengths(cli: Cli, tmp_path: Path) -> None:
    outcome = cli("pack", "--lengths", f"@{tmp_path}")
    assert (outcome.status, outcome.stdout) == (2, "")
    assert "Is a directory" in outcome.stderr


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_holds_no_lengths(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Terminal())
    with pytest.raises(FileError, match="from standard input: it is a terminal, and nothing is piped in"):
        parse_lengths("-")


@pytest.mark.parametrize("columns", [80])
def test_looks(cli: Cli, snapshot: Snapshot, columns: int) -> None:
    text = cli("pack", "--layers", "2", "--bidir", "--sort-by-hand", columns=columns).stdout
    assert max(map(len, text.splitlines())) <= columns
    snapshot(f"pack-{columns}", text)


def test_looks_in_ascii(cli: Cli) -> None:
    assert cli("pack", columns=60, encoding="ascii").status == 0
