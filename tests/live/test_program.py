"""run_program: a program in this process, and whose frames its exceptions show."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from lstm_inspect.errors import TargetError
from lstm_inspect.live.program import Program, run_program, when_loaded, without_ours


@pytest.fixture(autouse=True)
def process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a program sets of its process is set back."""
    before = sys.argv, list(sys.path), sys.excepthook, sys.modules["__main__"]
    monkeypatch.chdir(tmp_path)
    yield
    sys.argv, sys.path[:], sys.excepthook, sys.modules["__main__"] = before


def run(text: str, *arguments: str) -> list[BaseException]:
    Path("script.py").write_text(text)
    raised: list[BaseException] = []
    run_program(Program("script.py", arguments), raised.append)
    return raised


def test_a_script_sees_what_python_shows_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "beside.py").write_text("here = True")
    names = "sys.argv, sys.path[0], __name__, __file__, __package__, __spec__, __main__.value, beside.here"
    run(f"import sys, __main__, beside\nvalue = 1\nprint(({names}))", "a", "--b")
    folder = str(tmp_path)
    expected = (["script.py", "a", "--b"], folder, "__main__", f"{folder}/script.py", None, None, 1, True)
    assert capsys.readouterr().out == f"{expected}\n"
    del sys.modules["beside"]


RAISES = """
def inner():
    try:
        {}["a"]
    except KeyError as error:
        raise ValueError("b") from error
inner()
"""


def test_an_exception_has_the_programs_frames_alone() -> None:
    with pytest.raises(ValueError, match="b") as caught:
        run(RAISES)
    error = caught.value
    without_ours(error)
    shown = "".join(traceback.format_exception(error))
    assert "lstm_inspect" not in shown
    assert shown.count('/script.py"') == 3  # the cause's own frame, and the two on the way to the error
    assert error.__traceback__ is not None


def test_a_cause_that_was_never_raised_has_no_frames() -> None:
    with pytest.raises(ValueError, match="b") as caught:
        run("raise ValueError('b') from KeyError('a')")
    without_ours(caught.value)
    assert caught.value.__cause__ is not None
    assert caught.value.__cause__.__traceback__ is None


def test_what_python_cannot_read_is_shown_without_a_traceback() -> None:
    with pytest.raises(SyntaxError) as caught:
        run("def make(:")
    without_ours(caught.value)
    shown = "".join(traceback.format_exception(caught.value))
    assert "lstm_inspect" not in shown
    assert "live/program.py" not in shown


def test_sys_exit_goes_through() -> None:
    with pytest.raises(SystemExit) as caught:
        run("import sys; sys.exit('a word')")
    assert caught.value.code == "a word"


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(TargetError, match=r"nope\.py can't be run: there is no file nope\.py"):
        Program("nope.py").check_it_exists()
    with pytest.raises(TargetError, match=r"there is no __main__\.py in that folder"):
        Program("folder").check_it_exists()
    (tmp_path / "folder" / "__main__.py").write_text("")
    for there in (Program("folder"), Program("-"), Program("any.module", module=True)):
        there.check_it_exists()


def test_a_folder_and_a_module(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "__main__.py").write_text("import sys; print(__name__, sys.argv[1:], sys.path[0])")
    run_program(Program("folder", ("x",)), print)
    run_program(Program("folder", ("y",), module=True), print)
    assert capsys.readouterr().out == f"__main__ ['x'] folder\n__main__ ['y'] {tmp_path}\n"


def test_then_comes_right_after_the_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "late.py").write_text("said = ['module']")
    monkeypatch.syspath_prepend(tmp_path)
    finders = list(sys.meta_path)
    when_loaded("late", lambda: sys.modules["late"].said.append("then"))
    import late  # type: ignore[import-not-found]

    assert late.said == ["module", "then"]
    assert sys.meta_path == finders
    assert type(late.__spec__.loader).__name__ == type(late.__loader__).__name__ == "SourceFileLoader"
    del sys.modules["late"]
