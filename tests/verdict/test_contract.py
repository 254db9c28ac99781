"""The JSON contract: every report against the shipped schema, by a strict parser and an independent validator."""

from __future__ import annotations

import dataclasses
import itertools
import json
from typing import Any

import jsonschema
import pytest
from support import TORCH_VERSION, Cli, strict_json

from lstm_inspect import LSTMSpec, inspect
from lstm_inspect.theory.contract import SCHEMA, json_schema, to_json

VALIDATOR = jsonschema.Draft202012Validator(json_schema())

STRUCTURES = [[], ["--layers", "2"], ["--bidir"], ["--layers", "2", "--bidir"], ["--bidir", "--proj-size", "5"]]
BATCHES = [
    [],
    ["--batch-first"],
    ["--unbatched"],
    ["--batch", "0"],
    ["--lengths", "2,4,3"],
    ["--lengths", "4,3,3", "--enforce-sorted", "--batch-first"],
    ["--lengths", "2,1", "--total-length", "6", "--padding-value", "-1.5"],
]
RUNS = [
    ["--predict"],
    ["--device", "meta"],
    [],
    ["--state", "zeros", "--no-bias", "--dtype", "float64", "--no-reference"],
]


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("run", RUNS, ids=" ".join)
@pytest.mark.parametrize("batch", BATCHES, ids=" ".join)
def test_every_document_is_valid(cli: Cli, batch: list[str], run: list[str]) -> None:
    for structure in STRUCTURES:
        outcome = cli("shapes", "--json", *structure, *batch, *run)
        assert outcome.status == 0
        document = outcome.document
        VALIDATOR.validate(document)
        assert document["mode"] == ("predict" if "--predict" in run else "run")
        assert document["verified"] is (None if "--predict" in run else True)
        ids = [check["id"] for check in document["checks"]] + [pitfall["id"] for pitfall in document["pitfalls"]]
        assert len(ids) == len(set(ids))


def test_the_tensors_stand_in_the_contract_s_order(cli: Cli) -> None:
    names = ["input", "h0", "c0", "output", "hn", "cn"]
    assert [tensor["name"] for tensor in cli("shapes", "--json").document["tensors"]] == names
    packed = cli("shapes", "--json", "--lengths", "3,1").document
    assert [tensor["name"] for tensor in packed["tensors"]] == [*names, "packed_input", "packed_output"]


def test_the_packing_by_hand(cli: Cli) -> None:
    packing = cli("shapes", "--json", "--lengths", "8,9,10").document["packing"]
    assert {key: packing[key] for key in packing if not key.startswith("row_")} == {
        "lengths": [8, 9, 10],
        "sorted_indices": [2, 1, 0],
        "unsorted_indices": [2, 1, 0],
        "sorted_lengths": [10, 9, 8],
        "batch_sizes": [3, 3, 3, 3, 3, 3, 3, 3, 2, 1],
        "valid_steps": 27,
        "padded_steps": 30,
    }
    assert packing["row_sequence"] == [2, 1, 0] * 8 + [2, 1, 2]
    assert packing["row_time_step"] == [step for step in range(8) for _ in range(3)] + [8, 8, 9]


def test_the_spec_comes_back(cli: Cli) -> None:
    spec = LSTMSpec(3, 7, 2, False, True, 0.5, True, 2, lengths=(2, 5), seed=4, dtype="float64", state="zeros")
    flags = "--input-size 3 --hidden-size 7 --layers 2 --no-bias --batch-first --dropout 0.5 --bidir --proj-size 2"
    more = "--lengths 2,5 --seed 4 --dtype float64 --state zeros"
    document = cli("shapes", "--json", *flags.split(), *more.split()).document
    assert LSTMSpec.from_dict(document["spec"]) == spec
    assert document["spec"] == strict_json(json.dumps(spec.to_dict()))


def test_python_and_the_command_line_give_the_same_document(cli: Cli) -> None:
    document = cli("shapes", "--json", "--bidir").document
    report = strict_json(to_json(inspect(LSTMSpec(bidirectional=True)).to_dict()))
    report["environment"]["torch"] = TORCH_VERSION
    assert report == document


def test_the_command_schema_prints_it(cli: Cli) -> None:
    assert strict_json(cli("schema").stdout) == json_schema()


BROKEN: list[tuple[str, Any]] = [
    ("schema", "lstm-inspect/2"),
    ("verified", "yes"),
    ("spec", {}),
    ("mode", "dream"),
    ("checks", [{}]),
    ("surprise", 1),
]


@pytest.mark.parametrize(("key", "value"), BROKEN)
def test_the_validator_sees_a_broken_document(key: str, value: Any) -> None:
    document = inspect(LSTMSpec(), predict=True).to_dict()
    VALIDATOR.validate(document)
    assert document["schema"] == SCHEMA == "lstm-inspect/1"
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate({**document, key: value})


@pytest.mark.parametrize("key", inspect(LSTMSpec(), predict=True).to_dict())
def test_no_key_may_be_missing(key: str) -> None:
    document = inspect(LSTMSpec(), predict=True).to_dict()
    del document[key]
    assert not VALIDATOR.is_valid(document)


def test_a_nan_never_gets_through() -> None:
    report = inspect(LSTMSpec())
    worst = dataclasses.replace(report.checks[-1], max_abs_diff=float("nan"))
    document = dataclasses.replace(report, checks=[worst]).to_dict()
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json(document)


def test_every_expression_uses_the_contract_s_names_alone(cli: Cli) -> None:
    """Compiled, an expression names nothing but what a user has who pastes it."""
    allowed = {"torch", "lstm", "input", "h0", "c0", "output", "hn", "cn", "lengths", "packed_input", "packed_output"}
    for structure, batch in itertools.product(STRUCTURES, BATCHES):
        document = cli("shapes", "--json", "--predict", *structure, *batch).document
        sides = [(check["left"], check["right"], check["kind"]) for check in document["checks"]]
        sides += [(pitfall["tempting"], pitfall["instead"], "pitfall") for pitfall in document["pitfalls"]]
        sides += [(recipe["expression"], recipe["expression"], "recipe") for recipe in document["recipes"]]
        for left, right, kind in sides:
            globals_used = _free_names(left) | _free_names(right)
            assert globals_used <= allowed | ({"reference"} if kind == "reference" else set())


def _free_names(expression: str) -> set[str]:
    import ast

    return {node.id for node in ast.walk(ast.parse(expression, mode="eval")) if isinstance(node, ast.Name)}
