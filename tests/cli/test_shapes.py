"""The command shapes."""

from __future__ import annotations

from support import Cli


def test_its_defaults_hold(cli: Cli) -> None:
    assert cli("shapes").status == 0
