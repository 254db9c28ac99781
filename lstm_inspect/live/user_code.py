"""The user's code while it runs: what it raises is shown as its own, and where it came out of an LSTM, explained."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

from lstm_inspect.errors import LSTMInspectError, TargetError
from lstm_inspect.live.program import without_ours
from lstm_inspect.live.report import shown

if TYPE_CHECKING:
    import torch

    from lstm_inspect.diagnosis.finding import Diagnosis

_MACHINERY: Final = ("<frozen importlib", str(Path(contextmanager.__code__.co_filename)))
_MOST_SHOWN: Final = 300
_MOST_FRAMES: Final = 4


class UserCodeError(LSTMInspectError):
    """The user's code raised an exception.

    Attributes:
        traceback: as Python shows it, without this program's own frames.
        diagnosis: what it means, if an LSTM has to do with it.
    """

    def __init__(self, target: str, got: str, allowed: str, instead: str) -> None:
        super().__init__(target, got, allowed, instead)
        self.traceback = ""
        self.diagnosis: Diagnosis | None = None


@dataclass(frozen=True, slots=True)
class LSTMCall:
    """A call of an nn.LSTM that an exception came out of."""

    lstm: torch.nn.LSTM
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


@contextmanager
def running(target: str, model: torch.nn.Module | None = None) -> Iterator[None]:
    """Run the user's code.

    Args:
        target: what it was asked for as.
        model: the model, once there is one.

    Raises:
        UserCodeError: the code raised an exception.
        TargetError: the code called sys.exit.
    """
    try:
        yield
    except LSTMInspectError:
        raise
    except SystemExit as left:
        instead = "its arguments behind --, or what runs as a script under if __name__ == '__main__'"
        raise TargetError(target, f"called sys.exit({left.code!r})", "nothing was reported", instead) from left
    except Exception as error:
        raise explained(target, error, model) from error


def explained(target: str, error: Exception, model: torch.nn.Module | None) -> UserCodeError:
    """The user's exception with its traceback and, where an LSTM has to do with it, its diagnosis."""
    call = lstm_call_of(error.__traceback__)
    diagnosis = diagnosis_of_error(error)
    trace = traceback.TracebackException.from_exception(error)
    where = "" if call is None else f" in a call of {_name_of(call.lstm, model)}"
    first_line = (str(trace).strip().splitlines() or ["(no message)"])[0][:_MOST_SHOWN]
    instead = "mending it where the traceback above ends"
    if diagnosis is not None and diagnosis.causes:
        instead = diagnosis.causes[0].fix
    found = UserCodeError(target, f"raised {type(error).__name__}{where}", first_line.rstrip("."), instead)
    found.traceback, found.diagnosis = "".join(trace.format()).rstrip("\n"), diagnosis
    return found


def diagnosis_of_error(error: Exception) -> Diagnosis | None:
    """What an exception means, with the shapes of the call that it came out of; None if no LSTM has to do with it.

    Our own frames are taken out of its traceback, and what calls the user's code for us.
    """
    from lstm_inspect.diagnosis.diagnose import diagnose
    from lstm_inspect.live.facts import diagnosis_of

    call, reads = lstm_call_of(error.__traceback__), holds_results(error.__traceback__)
    without_ours(error)
    error.__traceback__ = _trimmed(error.__traceback__)
    text = "".join(traceback.format_exception(error))
    if call is not None:
        return diagnosis_of(text, call.lstm, call.args, call.kwargs)
    found = diagnose(text, lstm_call=True if reads else None)
    return found if found.matched and found.kind != "trap" else None


def holds_results(trace: TracebackType | None) -> bool:
    """Whether one of the innermost frames of an exception holds (output, (hn, cn)): it reads an LSTM's results."""
    from torch import Tensor
    from torch.nn.utils.rnn import PackedSequence

    frames = [frame for frame, _ in traceback.walk_tb(trace)][-_MOST_FRAMES:]
    for value in (value for frame in frames for value in list(frame.f_locals.values())):
        match value:
            case (Tensor() | PackedSequence(), (Tensor(), Tensor())):
                return True
    return False


def _trimmed(trace: TracebackType | None) -> TracebackType | None:
    """A traceback from the user's first frame on: without what calls a module for this program."""
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith((*_MACHINERY, _module_file())):
        trace = trace.tb_next
    return trace


def _module_file() -> str:
    from torch.nn.modules import module

    return module.__file__


def lstm_call_of(trace: TracebackType | None) -> LSTMCall | None:
    """The innermost call of an nn.LSTM that an exception went through, read off the frames that saw it."""
    from torch.nn import LSTM

    from lstm_inspect.live.seeing import call_in

    calls = [call for frame, _ in traceback.walk_tb(trace) if (call := call_in(frame))]
    module, args, kwargs = calls[-1] if calls else (None, (), {})
    return LSTMCall(module, args, kwargs) if isinstance(module, LSTM) else None


def _name_of(lstm: torch.nn.LSTM, model: torch.nn.Module | None) -> str:
    names = [] if model is None else [name for name, module in model.named_modules() if module is lstm]
    return shown(names[0]) if names else "an nn.LSTM"
