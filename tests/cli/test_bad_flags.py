"""Every bad flag is answered with one message that says what came, what is allowed and what to type instead."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support import TORCH_VERSION, Cli, strict_json

BAD = {
    "--input-size 0": "--input-size 0: must be a whole number from 1. Try --input-size 1.",
    "--input-size -1": "--input-size -1: must be a whole number from 1. Try --input-size 1.",
    "--input-size x": "--input-size 'x': must be a whole number. Try --input-size 10.",
    "--input-size 1.5": "--input-size '1.5': must be a whole number. Try --input-size 10.",
    "--input-size ''": "--input-size '': must be a whole number. Try --input-size 10.",
    "--hidden-size 0": "--hidden-size 0: must be a whole number from 1. Try --hidden-size 1.",
    "--hidden-size 1e3": "--hidden-size '1e3': must be a whole number. Try --hidden-size 20.",
    "--layers 0": "--layers 0: must be a whole number from 1. Try --layers 1.",
    "--num-layers two": "--layers 'two': must be a whole number. Try --layers 1.",
    "--proj-size 20": (
        "--proj-size 20: must be smaller than --hidden-size (20), or 0 for no projection. Try --proj-size 10."
    ),
    "--proj-size -1": "--proj-size -1: must be a whole number from 0. Try --proj-size 1.",
    "--proj-size 1 --hidden-size 1": (
        "--proj-size 1: must be smaller than --hidden-size (1), or 0 for no projection. Try --proj-size 0."
    ),
    "--dropout 1.5": "--dropout 1.5: must be a probability from 0 to 1. Try --dropout 0.5.",
    "--dropout -0.1": "--dropout -0.1: must be a probability from 0 to 1. Try --dropout 0.5.",
    "--dropout nan": "--dropout nan: must be a probability from 0 to 1. Try --dropout 0.5.",
    "--dropout half": "--dropout 'half': must be a number. Try --dropout 0.",
    "--seq-len 0": "--seq-len 0: must be a whole number from 1. Try --seq-len 1.",
    "--seq-len x": "--seq-len 'x': must be a whole number. Try --seq-len 1.",
    "--batch -1": "--batch -1: must be a whole number from 0. Try --batch 3.",
    "--batch-size x": "--batch 'x': must be a whole number. Try --batch 1.",
    "--unbatched --batch 3": "--batch 3: must be left out with --unbatched. Try one of the two.",
    "--unbatched --lengths 3,2": (
        "--lengths 3,2: must be left out when the input is unbatched. "
        "Try --lengths 3,2 alone, or --unbatched with --seq-len 3."
    ),
    "--lengths ''": "--lengths '': must be at least one whole number from 1. Try --lengths 8,9,10.",
    "--lengths ,": "--lengths ',': must be at least one whole number from 1. Try --lengths 8,9,10.",
    "--lengths 3,0,2": (
        "--lengths 3,0,2: must be whole numbers from 1, but sequence 1 has 0: an empty sequence has no state. "
        "Try the others alone, --lengths 3,2."
    ),
    "--lengths 3,-1": ("--lengths 3,-1: must be whole numbers from 1, but sequence 1 has -1. Try --lengths 3."),
    "--lengths 3,x": "--lengths 3,x: must be whole numbers from 1, but 'x' is not one. Try --lengths 8,9,10.",
    "--lengths 2.5,3": "--lengths 2.5,3: must be whole numbers from 1, but '2.5' is not one. Try --lengths 8,9,10.",
    "--lengths {seed}": (
        "--lengths {seed}: must be whole numbers from 1, but '{seed}' is not one. Try --lengths 8,9,10."
    ),
    "--lengths 3 2": "--lengths takes one value. Try --lengths 3,2.",
    "--lengths 3,,2": "--lengths '3,,2': must be whole numbers from 1, but entry 1 is empty. Try --lengths 3,2.",
    "--lengths 3,5 --enforce-sorted": (
        "--lengths 3,5: must be in descending order with --enforce-sorted, that is 5,3. "
        "Try without --enforce-sorted, or --lengths 5,3."
    ),
    "--lengths 3,5 --batch 3": "--batch 3: must be 2, the number of --lengths, or left out. Try --batch 2.",
    "--lengths 3,5 --seq-len 4": ("--seq-len 4: must be 5, the longest of --lengths, or left out. Try --seq-len 5."),
    "--lengths 3,5 --seq-len 9": (
        "--seq-len 9: must be 5, the longest of --lengths, or left out. "
        "Try --total-length 9 for a batch padded further."
    ),
    "--lengths 3,5 --total-length 4": (
        "--total-length 4: must be at least the longest of --lengths (5, sequence 1). Try --total-length 5."
    ),
    "--lengths 3,5 --total-length 7 --seq-len 8": (
        "--seq-len 8: must be 7, --total-length, or left out. Try --seq-len 7."
    ),
    "--total-length 9": "--total-length 9: must be used with --lengths. Try --seq-len 9.",
    "--lengths @/nowhere/lengths": (
        "--lengths from /nowhere/lengths: No such file or directory. "
        "Try a text file of whole numbers, separated by commas, spaces or new lines."
    ),
    "--lengths @/": (
        "--lengths from /: Is a directory. Try a text file of whole numbers, separated by commas, spaces or new lines."
    ),
    "--lengths -": (
        "--lengths from standard input: it holds no number. "
        "Try a text file of whole numbers, separated by commas, spaces or new lines."
    ),
    "--lengths 3,2 --padding-value nan": ("--padding-value nan: must be a finite number. Try --padding-value 0."),
    "--lengths 3,2 --padding-value 70000 --dtype float16": (
        "--padding-value 70000.0: must be at most 65504.0 in float16. Try --padding-value 0."
    ),
    "--state ones": "--state ones: must be random or zeros. Try --state random.",
    "--state True": "--state True: must be random or zeros. Try --state random.",
    "--seed -1": "--seed -1: must be a whole number from 0 to 2**63 - 1. Try --seed 0.",
    "--seed 9223372036854775808": (
        "--seed 9223372036854775808: must be a whole number from 0 to 2**63 - 1. Try --seed 0."
    ),
    "--dtype int8": "--dtype int8: must be float32, float64, float16 or bfloat16. Try --dtype float32.",
    "--dtype False": "--dtype False: must be float32, float64, float16 or bfloat16. Try --dtype float32.",
    "--device gpu": "--device gpu: must be cpu, cuda, cuda:N, mps, meta or auto. Try --device cpu.",
    "--device cuda:x": "--device cuda:x: must be cpu, cuda, cuda:N, mps, meta or auto. Try --device cpu.",
    "--rtol -1": "--rtol -1.0: must be a finite number from 0. Try --rtol 1e-5.",
    "--atol nan": "--atol nan: must be a finite number from 0. Try --atol 1e-5.",
    "--atol inf": "--atol inf: must be a finite number from 0. Try --atol 1e-5.",
    "--rtol x": "--rtol 'x': must be a number. Try --rtol 1e-5.",
    "--save report.pdf": ("--save report.pdf: its suffix must be one of .txt, .html, .svg. Try --save report.html."),
    "--save ''": "--save: its suffix must be one of .txt, .html, .svg. Try --save report.html.",
    "--save /nowhere/report.txt": (
        "/nowhere/report.txt can't be written: there is no folder /nowhere. Try mkdir -p /nowhere first."
    ),
    "--layer 2": "No such option: --layer. Did you mean --layers? Try lstm-inspect shapes --help.",
    "--bogus": "No such option: --bogus. Try lstm-inspect shapes --help.",
    "--bidirectional True": (
        "--bidir takes no value: it is on where it stands, and --no-bidir turns it off. Try --bidir."
    ),
    "--bidir off": "--bidir takes no value: it is on where it stands, and --no-bidir turns it off. Try --no-bidir.",
    "--layers 99999999999999999999": (
        "--layers '99999999999999999999': must be a whole number below 2**59. Try --layers 1."
    ),
    "--expect output": "--expect 'output': must be a tensor's name and its shape. Try --expect output=5,3,40.",
    "--predict --expect outpt=5": (
        "--expect outpt: must be one of input, h0, c0, output, hn, cn. Try --expect input=5,3,40."
    ),
    "--call 'nn.GRU(10, 20)'": ("--call 'nn.GRU(10, 20)': must be one call of nn.LSTM. Try --call 'nn.LSTM(10, 20)'."),
    "--call 'nn.LSTM(size, 20)'": (
        "--call 'nn.LSTM(size, 20)': must be of numbers, but input_size is size: write its value. "
        "Try --call 'nn.LSTM(10, 20)'."
    ),
    "--call 'nn.LSTM(10, 20)' --layers 2 --hidden-size 30": (
        "--call 'nn.LSTM(10, 20)': must be used without --hidden-size 30, which says otherwise. Try one of the two."
    ),
    "--layers": "Option '--layers' requires an argument. Try lstm-inspect shapes --help.",
    "--bias=no": "--bias takes no value: it is on where it stands, and --no-bias turns it off. Try --no-bias.",
    "extra": "Got unexpected extra argument(s) (extra). Try lstm-inspect shapes --help.",
}


@pytest.mark.parametrize("flags", BAD)
def test_it_says_what_to_type_instead(cli: Cli, flags: str) -> None:
    outcome = cli("shapes", *shlex.split(flags))
    assert (outcome.status, outcome.stdout, outcome.stderr) == (2, "", f"error: {BAD[flags]}\n")


@pytest.mark.parametrize("flags", list(BAD)[::7])
@pytest.mark.parametrize("more", ["--json", "--predict", "--save x.txt"])
def test_nothing_comes_out_whatever_was_asked_for(cli: Cli, flags: str, more: str) -> None:
    outcome = cli("shapes", *shlex.split(f"{more} {flags}"))
    assert (outcome.status, outcome.stdout) == (2, "")
    assert not Path("x.txt").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["shpes"], "No such command 'shpes'. Did you mean 'shapes'? Try lstm-inspect --help."),
        (["--layers", "2"], "No such option: --layers. Try lstm-inspect --help."),
    ],
)
def test_without_a_command(cli: Cli, arguments: list[str], message: str) -> None:
    outcome = cli(*arguments)
    assert (outcome.status, outcome.stdout, outcome.stderr) == (2, "", f"error: {message}\n")


def test_a_device_that_is_not_there(cli: Cli) -> None:
    import torch

    outcome = cli("shapes", "--device", "cuda:999")
    assert (outcome.status, outcome.stdout) == (2, "")
    built = f"with CUDA {torch.version.cuda}" if torch.version.cuda else "without CUDA"
    assert (
        f"error: --device cuda:999 is not here: torch {TORCH_VERSION} was built {built}; available: " in outcome.stderr
    )
    assert outcome.stderr.endswith("cpu, meta. Try --device cpu.\n")


FILES = {
    "8 9\n10": None,
    "8,9,x\n": "line 1: 'x' is not a whole number",
    "8\n\n{seed}\n": "line 3: '{seed}' is not a whole number",
    "": "it holds no number",
    b"\xff\xfe": "it is binary, not text",
}


@pytest.mark.parametrize("content", FILES)
def test_lengths_from_a_file(cli: Cli, tmp_path: Path, content: str | bytes) -> None:
    path = tmp_path / "lengths"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    outcome = cli("shapes", "--predict", "--json", "--lengths", f"@{path}")
    wrong = FILES[content]
    if wrong is None:
        assert outcome.document["spec"]["lengths"] == [8, 9, 10]
    else:
        assert (outcome.status, outcome.stdout) == (2, "")
        instead = "a text file of whole numbers, separated by commas, spaces or new lines"
        assert outcome.stderr == f"error: --lengths from {path}: {wrong}. Try {instead}.\n"


def test_lengths_from_standard_input(cli: Cli) -> None:
    outcome = cli("shapes", "--predict", "--json", "--lengths", "-", stdin="3\n1, 2\n")
    assert outcome.document["spec"]["lengths"] == [3, 1, 2]


NUMBERS = st.sampled_from(["0", "1", "2", "3", "5", "-1", "x", "", "1.5", "nan", "9" * 30, "9" * 400, "1_0"])
LENGTHS = st.sampled_from(["1", "3,2", "2,3", "4 4 1", "0", "", "-2", "1.5", "a", "@", "-", ",,"])
WORDS = st.sampled_from(
    ["random", "zeros", "float64", "float16", "cpu", "meta", "auto", "cuda:9", "", "[red]", "{seed}"]
)
WITH_VALUE = [
    ("--input-size", NUMBERS),
    ("--hidden-size", NUMBERS),
    ("--layers", NUMBERS),
    ("--proj-size", NUMBERS),
    ("--dropout", NUMBERS),
    ("--seq-len", NUMBERS),
    ("--batch", NUMBERS),
    ("--seed", NUMBERS),
    ("--rtol", NUMBERS),
    ("--atol", NUMBERS),
    ("--total-length", NUMBERS),
    ("--padding-value", NUMBERS),
    ("--lengths", LENGTHS),
    ("--state", WORDS),
    ("--dtype", WORDS),
    ("--device", WORDS),
]
SWITCHES = [
    "--bidir",
    "--no-bias",
    "--batch-first",
    "--unbatched",
    "--enforce-sorted",
    "--no-reference",
    "--all",
    "--bogus",
]
FLAGS = st.one_of(
    st.sampled_from(SWITCHES).map(lambda switch: [switch]),
    *(value.map(lambda each, name=name: [name, each]) for name, value in WITH_VALUE),  # type: ignore[misc]
)


@given(st.lists(FLAGS, max_size=5).map(lambda parts: [word for part in parts for word in part]))
@example(["--lengths", "3,2", "--batch-first", "--bidir", "--layers", "2", "--state", "zeros"])
@settings(max_examples=80, deadline=None)
def test_any_command_line_is_answered(cli: Cli, arguments: list[str]) -> None:
    """Status 0 with one strict document, or 2 with one message; never a traceback, and nothing fails by chance.

    A tolerance of 0 is the one thing here that lets an honest run fail.
    """
    outcome = cli("shapes", "--json", *arguments)
    if outcome.status == 2:
        assert outcome.stdout == ""
        assert outcome.stderr.count("error: ") == 1
        assert outcome.stderr.startswith(("error: ", "warning: "))
    else:
        document = strict_json(outcome.stdout)
        assert outcome.stdout.count("\n") == 1
        assert document["verified"] is (outcome.status == 0)
        assert outcome.status == 0 or "--rtol" in arguments or "--atol" in arguments
