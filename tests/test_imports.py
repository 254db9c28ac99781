"""What answers without a run loads no torch; and the contract of imports can be broken."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import lstm_inspect

PACKAGE = Path(lstm_inspect.__file__).parent

QUICK = [
    ["--help"],
    ["--version"],
    ["shapes", "--help"],
    ["pack", "--help"],
    ["schema"],
    ["shapes", "--predict"],
    ["shapes", "--predict", "--json", "--lengths", "3,2", "--layers", "3", "--bidir"],
    ["shapes", "--predict", "--save", "/nowhere/at/all.svg"],
    ["pack", "--predict"],
    ["shapes", "--layers", "0"],
    ["shapes", "--bogus"],
    ["shapes", "--lengths", "3,x"],
    ["shapes", "--hidden-size", "1000000000000"],
    ["shpes"],
]

LOADED = """
import contextlib, io, json, sys
from lstm_inspect.cli import run
loaded = {}
for arguments in json.loads(sys.argv[1]):
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        run(arguments)
    loaded[" ".join(arguments)] = sorted({name.partition(".")[0] for name in sys.modules})
print(json.dumps(loaded))
"""


def modules_after(*command_lines: list[str]) -> dict[str, set[str]]:
    """The top-level modules that are loaded after each command line, in one fresh process."""
    import json

    process = subprocess.run(
        [sys.executable, "-c", LOADED, json.dumps(command_lines)], capture_output=True, text=True, check=True
    )
    return {name: set(modules) for name, modules in json.loads(process.stdout).items()}


def test_no_torch_where_nothing_runs() -> None:
    loaded = modules_after(*QUICK)
    assert len(loaded) == len(QUICK)
    assert {name: "torch" in modules for name, modules in loaded.items()} == dict.fromkeys(loaded, False)
    assert all("numpy" not in modules and "matplotlib" not in modules for modules in loaded.values())


def test_this_guard_can_fail() -> None:
    (loaded,) = modules_after(["shapes"]).values()
    assert "torch" in loaded


def test_theory_is_the_standard_library_alone() -> None:
    """Every module of theory, and what it loads: nothing that has to be installed."""
    names = [f"lstm_inspect.theory.{path.stem}" for path in (PACKAGE / "theory").glob("*.py")]
    shown = "print(*{each.partition('.')[0] for each in sys.modules})"
    code = f"import sys\nfor name in {names!r}: __import__(name)\n{shown}"
    clean = [sys.executable, "-c", code]
    loaded = set(subprocess.run(clean, capture_output=True, text=True, check=True).stdout.split())
    assert not loaded & {"torch", "rich", "typer", "numpy"}


def test_the_package_alone_loads_next_to_nothing() -> None:
    code = "import sys, lstm_inspect; print([name for name in sys.modules if name.startswith('lstm_inspect.')])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "['lstm_inspect._version']"


@pytest.mark.parametrize(
    ("module", "line"),
    [
        (None, ""),
        ("theory/states.py", "import torch"),
        ("theory/states.py", "from lstm_inspect.verdict import report"),
        ("experiment/reference.py", "from lstm_inspect.theory import states"),
        ("views/tables.py", "from lstm_inspect.cli import streams"),
        ("theory/spec.py", "from lstm_inspect.theory import shapes"),  # a circle
        ("a_room_that_no_contract_names.py", ""),
    ],
)
def test_a_broken_contract_of_imports_is_seen(tmp_path: Path, module: str | None, line: str) -> None:
    """import-linter on a copy of the package, with one forbidden line or without."""
    linter = shutil.which("lint-imports", path=str(Path(sys.executable).parent)) or shutil.which("lint-imports")
    if linter is None:
        pytest.skip("import-linter is not installed")
    config = PACKAGE.parent / "pyproject.toml"
    if not config.exists():
        pytest.skip("an installed package carries no pyproject.toml")
    shutil.copytree(PACKAGE, tmp_path / "lstm_inspect", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(config, tmp_path)
    if module is not None:
        with (tmp_path / "lstm_inspect" / module).open("a", encoding="utf-8") as file:
            file.write(f"\n{line}\n")
    environment = {"PYTHONPATH": str(tmp_path)}
    found = subprocess.run([linter, "--no-cache"], cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert (found.returncode == 0) is (module is None), found.stdout.decode()
