"""The process: real ones, as few as will do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from subprocess import PIPE

import pytest
from support import strict_json

COMMAND = [sys.executable, "-m", "lstm_inspect"]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes and signals of POSIX")


@pytest.mark.parametrize(
    "arguments",
    [["shapes", "--predict"], ["shapes", "--predict", "--json"], ["schema"], ["shapes", "--help"], ["--version"]],
    ids=" ".join,
)
def test_a_closed_pipe_ends_it_quietly(arguments: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)  # nobody reads
    try:
        process = subprocess.run([*COMMAND, *arguments], stdout=writer, stderr=subprocess.PIPE, check=False)
    finally:
        os.close(writer)
    assert (process.returncode, process.stderr) == (141, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("arguments", [["shapes", "--predict"], ["shapes", "--help"]], ids=" ".join)
def test_a_full_disk_is_said(arguments: list[str]) -> None:
    with open("/dev/full", "w") as full:
        process = subprocess.run([*COMMAND, *arguments], stdout=full, stderr=subprocess.PIPE, check=False)
    assert process.returncode == 2
    assert process.stderr == b"error: stdout can't be written: No space left on device. Try another place.\n"


@pytest.mark.parametrize("seconds", [1.0, 4.0])
def test_ctrl_c_ends_it_quietly(seconds: float) -> None:
    """While it starts, and inside a loop of torch's own that walks a hundred million steps."""
    endless = ["shapes", "--device", "meta", "--seq-len", "100000000"]
    heeded = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # where the tests run in the background, it isn't
    with subprocess.Popen(
        [*COMMAND, *endless],
        stdout=PIPE,
        stderr=PIPE,
        preexec_fn=heeded,  # noqa: PLW1509 - no other thread runs here
    ) as process:
        time.sleep(seconds)
        process.send_signal(signal.SIGINT)
        try:
            stdout, stderr = process.communicate(timeout=20)
        finally:
            process.kill()
    assert (process.returncode, stdout, stderr) == (130, b"", b"")


@pytest.mark.parametrize("closed", [1, 2])
def test_without_stdout_or_stderr(closed: int) -> None:
    """As a job scheduler may start it: an error must not land on stdout for want of stderr."""
    script = f'exec {closed}>&-; exec "$@"'
    shell = ["/bin/sh", "-c", script, "sh"]
    process = subprocess.run([*shell, *COMMAND, "shapes", "--layers", "0"], capture_output=True, check=False)
    assert process.returncode == 2
    assert process.stdout == b""
    assert b"Traceback" not in process.stderr


def test_a_whole_run_is_flushed_before_it_leaves() -> None:
    """Through a pipe that is read slowly, a document of many blocks comes out whole."""
    process = subprocess.Popen([*COMMAND, "shapes", "--json", "--predict", "--layers", "5000"], stdout=subprocess.PIPE)
    time.sleep(0.5)
    stdout, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert len(strict_json(stdout.decode())["states"]) == 5000


@pytest.mark.parametrize("arguments", [["shapes", "--bidir", "--json"], []], ids=["shapes", "nothing"])
def test_the_process_itself(arguments: list[str]) -> None:
    process = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False)
    assert (process.returncode, process.stderr) == (0, "")
    if arguments:
        assert strict_json(process.stdout)["verified"] is True
    else:
        assert "Usage: lstm-inspect" in process.stdout
