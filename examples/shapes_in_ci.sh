#!/usr/bin/env bash
# Fail a build when the shapes that a model is written for are not the ones that come out.
#
# Usage: shapes_in_ci.sh EXPECTED_OUTPUT_SHAPE FLAGS...
#        shapes_in_ci.sh 5,3,40 --layers 2 --bidir
set -euo pipefail

expected=$1
shift
lstm-inspect shapes "$@" --json | python3 -c '
import json, sys

report = json.load(sys.stdin)
output = next(tensor["actual"] for tensor in report["tensors"] if tensor["name"] == "output")
expected = [int(size) for size in sys.argv[1].split(",")]
print("output", output)
if output != expected:
    sys.exit(f"output is {output}, the model was written for {expected}")
' "$expected"
