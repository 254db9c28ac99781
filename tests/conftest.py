"""Fixtures of all tests."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from support import Cli, Snapshot, command_line

torch.set_num_threads(1)  # tiny tensors: more threads wait for each other, the more so where pytest-xdist runs several


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rewrite-snapshots", action="store_true", help="write tests/snapshots anew from what is shown")


@pytest.fixture(scope="session")
def cli() -> Cli:
    """The command line, called in-process: ``cli("shapes", "--json", columns=60)`` gives status, stdout, stderr."""
    return command_line


@pytest.fixture(scope="session")
def snapshot(pytestconfig: pytest.Config) -> Snapshot:
    """``snapshot(name, text)`` holds text against tests/snapshots/name.txt."""
    return Snapshot(Path(__file__).parent / "snapshots", bool(pytestconfig.getoption("--rewrite-snapshots")))
