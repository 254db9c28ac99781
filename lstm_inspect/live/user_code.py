"""The user's code while it runs: on how many threads; what it raises is its own and, out of an LSTM, explained."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

import torch
from torch import Tensor, nn
from torch.nn.modules import module as module_file
from torch.nn.parameter import is_lazy
from torch.nn.utils.rnn import PackedSequence

from lstm_inspect.errors import LSTMInspectError, TargetError
from lstm_inspect.live.program import without_ours
from lstm_inspect.live.report import named
from lstm_inspect.live.seeing import call_in, tensors_in

if TYPE_CHECKING:
    from lstm_inspect.diagnosis.finding import Diagnosis

_MACHINERY: Final = ("<frozen importlib", contextmanager.__code__.co_filename, module_file.__file__)
_MOST_SHOWN: Final = 300
_MOST_FRAMES: Final = 4
_SMALL: Final = 10**9  # products of a weight and a number: about a tenth of a second on one thread


class UserCodeError(LSTMInspectError):
    """The user's code raised an exception."""

    traceback: str = ""  #: as Python shows it, without this program's own frames.
    diagnosis: Diagnosis | None = None  #: what it means, if an LSTM has to do with it.


@contextmanager
def running(target: str, model: nn.Module | None = None) -> Iterator[None]:
    """Run the user's code: of a target and, once there is one, of its model.

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
        raise _explained(target, error, model) from error


@contextmanager
def threads_for(model: nn.Module, arguments: Any) -> Iterator[None]:
    """Run on one thread what is too small to be shared; torch's own number of threads is back afterwards.

    torch starts its threads for each layer and step, however small, and they wait for each other in a loop. On
    a busy machine, a continuous-integration runner or a laptop, one call of a small LSTM takes up to a second.

    >>> with threads_for(nn.LSTM(4, 8), torch.zeros(7, 2, 4)):
    ...     torch.get_num_threads()
    1
    """
    before = torch.get_num_threads()
    weights = sum(weight.numel() for weight in model.parameters() if not is_lazy(weight))
    numbers = sum(tensor.numel() for tensor in tensors_in(arguments))
    if 0 < weights * numbers <= _SMALL:  # 0: it is not known
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _explained(target: str, error: Exception, model: nn.Module | None) -> UserCodeError:
    """The user's exception with its traceback and, where an LSTM has to do with it, its diagnosis."""
    call = _lstm_call(error.__traceback__)
    diagnosis = diagnosis_of_error(error)
    trace = traceback.TracebackException.from_exception(error)
    where = ""
    if call is not None:
        names = [] if model is None else [name for name, module in model.named_modules() if module is call[0]]
        where = f" in a call of {named(names[0]) if names else 'an nn.LSTM'}"
    first_line = (str(trace).strip().splitlines() or ["(no message)"])[0][:_MOST_SHOWN]
    causes = diagnosis.causes if diagnosis is not None else ()
    instead = causes[0].fix if causes else "mending it where the traceback above ends"
    found = UserCodeError(target, f"raised {type(error).__name__}{where}", first_line.rstrip("."), instead)
    found.traceback, found.diagnosis = "".join(trace.format()).rstrip("\n"), diagnosis
    return found


def diagnosis_of_error(error: Exception) -> Diagnosis | None:
    """What an exception means, with the shapes of the call that it came out of; None if no LSTM has to do with it.

    Our own frames are taken out of its traceback, and what calls the user's code for us.
    """
    from lstm_inspect.diagnosis.diagnose import diagnose
    from lstm_inspect.live.facts import diagnosis_of

    call, reads = _lstm_call(error.__traceback__), _holds_results(error.__traceback__)
    without_ours(error)
    while (trace := error.__traceback__) and trace.tb_frame.f_code.co_filename.startswith(_MACHINERY):
        error.__traceback__ = trace.tb_next
    text = "".join(traceback.format_exception(error))
    if call is not None:
        return diagnosis_of(text, *call)
    found = diagnose(text, lstm_call=True if reads else None)
    return found if found.matched and found.kind != "trap" else None


def _holds_results(trace: TracebackType | None) -> bool:
    """Whether one of the innermost frames of an exception holds (output, (hn, cn)): it reads an LSTM's results."""
    frames = [frame for frame, _ in traceback.walk_tb(trace)][-_MOST_FRAMES:]
    for value in (value for frame in frames for value in list(frame.f_locals.values())):
        match value:
            case (Tensor() | PackedSequence(), (Tensor(), Tensor())):
                return True
    return False


def _lstm_call(trace: TracebackType | None) -> tuple[nn.LSTM, tuple[Any, ...], dict[str, Any]] | None:
    """The innermost call of a recurrent module that an exception went through, if it is an nn.LSTM's."""
    calls = [call for frame, _ in traceback.walk_tb(trace) if (call := call_in(frame))]
    module, args, kwargs = calls[-1] if calls else (None, (), {})
    return (module, args, kwargs) if isinstance(module, nn.LSTM) else None
