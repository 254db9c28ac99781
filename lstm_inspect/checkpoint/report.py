"""CheckpointReport: the recurrent modules that a checkpoint holds, as frozen data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

from lstm_inspect.checkpoint.formats.refusal import printable
from lstm_inspect.checkpoint.found import SHAPELESS, FoundLSTM
from lstm_inspect.checkpoint.groups import WRAPPERS, Entry
from lstm_inspect.checkpoint.others import OtherModule
from lstm_inspect.errors import Spell, literal, spell_python
from lstm_inspect.theory import contract
from lstm_inspect.theory.contract import Limit, Natural, written
from lstm_inspect.theory.shown import Shown
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.theory.warnings import SpecWarning
from lstm_inspect.theory.words import plural

FORMATS: Final = (
    *("torch.save (zip)", "torch.save (legacy)", "TorchScript", "pickle", "safetensors"),
    *("NumPy (.npz)", "ONNX", "HDF5", "Keras (.keras)"),
)
"""How a file may have been written."""

_NONE: Final = {
    "ONNX": "and no LSTM, GRU or RNN node",
    **dict.fromkeys(("HDF5", "Keras (.keras)"), "none of a recurrent layer of Keras"),
}
_MOST_NAMES: Final = 4
_LONGEST_NAME: Final = 100
_SIZES: Final = ("input_size", "hidden_size", "num_layers", "bidirectional", "bias", "proj_size", "dtype")


def spec_arguments(spec: LSTMSpec) -> dict[str, Any]:
    """What a checkpoint tells of a spec: both sizes, and whatever does not stand at LSTMSpec's default.

    >>> spec_arguments(LSTMSpec(bidirectional=True))
    {'input_size': 10, 'hidden_size': 20, 'bidirectional': True}
    """
    default = LSTMSpec()
    always = ("input_size", "hidden_size")
    return {
        name: getattr(spec, name)
        for name in (*_SIZES, *SHAPELESS)
        if name in always or getattr(spec, name) != getattr(default, name)
    }


@written("file format tensor_count lstms others warnings runs sound verdict", command="checkpoint")
@dataclass(frozen=True, slots=True)
class CheckpointReport(Shown):
    """What a checkpoint holds.

    Attributes:
        file: its path.
        format: how it was written, one of FORMATS.
        entries: every tensor in it: where it stands, its shape, its dtype.
        lstms: each nn.LSTM.
        others: each other recurrent module.
        warnings: what to know before loading it.
        runs: what it names that torch.load would import and call, beyond tensors and plain containers.
    """

    view = "checkpoint"
    file: str
    format: Annotated[str, Limit(enum=list(FORMATS))]
    entries: Sequence[Entry]
    lstms: Sequence[FoundLSTM]
    others: Sequence[OtherModule] = ()
    warnings: Sequence[SpecWarning] = ()
    runs: Sequence[str] = ()

    @property
    def tensor_count(self) -> Natural:
        """How many tensors the file holds."""
        return len(self.entries)

    @property
    def sound(self) -> bool:
        """Whether there is an LSTM, and nothing looks wrong with any."""
        return bool(self.lstms) and not any(lstm.problems for lstm in self.lstms)

    @property
    def verdict(self) -> str:
        """What was found, in one sentence."""
        if not self.lstms:
            return f"No nn.LSTM in it: {self._instead()}."
        problems = sum(len(lstm.problems) for lstm in self.lstms)
        found = f"{plural(len(self.lstms), 'LSTM')} among {plural(len(self.entries), 'tensor')}"
        return f"{found}; {plural(problems, 'problem') if problems else 'every name and shape fits'}."

    def _instead(self) -> str:
        if self.others:
            return f"it holds {', '.join(_named(other) for other in self.others[:_MOST_NAMES])}{_more(self.others)}"
        if not self.entries:
            return "it holds no tensor at all"
        first = (entry.name[:_LONGEST_NAME] for entry in self.entries[:_MOST_NAMES])
        names = ", ".join(name or "one without a name" for name in first)
        held = f"{plural(len(self.entries), 'tensor')} ({names}{_more(self.entries)})"
        return f"{held}, " + _NONE.get(self.format, "none with the name of an LSTM's parameter")

    @property
    def verified(self) -> bool:
        """Whether it is sound."""
        return self.sound

    def to_dict(self, spell: Spell = spell_python) -> dict[str, Any]:
        """The report by the JSON contract, schema lstm-inspect/1.

        Args:
            spell: makes the value of ``next``: a Python call, or what to type on the command line.
        """
        document = contract.to_dict(self)
        for lstm, found in zip(document["lstms"], self.lstms, strict=True):
            lstm["next"] = None if found.spec is None else spell.inspection(spec_arguments(found.spec))
        return document


def code_warning(runs: Sequence[str]) -> SpecWarning:
    """What a file names beside tensors, and what that means for whoever loads it.

    >>> code_warning(["posix.system"]).message
    'unless weights_only=True refuses it, torch.load would import and call posix.system; nothing of it was run here'
    """
    named = ", ".join(printable(name[:_LONGEST_NAME]) for name in runs[:_MOST_NAMES]) + _more(runs)
    message = f"unless weights_only=True refuses it, torch.load would import and call {named}"
    return SpecWarning("runs-code", f"{literal(message)}; nothing of it was run here")


def wrapper_warning(wrapper: str) -> SpecWarning:
    """What a wrapper's prefix means for whoever loads the checkpoint.

    >>> wrapper_warning("module.").id
    'wrapped'
    """
    who = " and ".join(by for name, by in WRAPPERS.items() if name in wrapper)
    wanted = "a model that is not wrapped wants the names without it"
    message = f"every name begins with {wrapper!r}, put there by {who}: {wanted}"
    return SpecWarning("wrapped", message)


def _named(other: OtherModule) -> str:
    kind = "recurrent parameters of unknown kind" if other.kind == "unknown" else f"the {other.kind}"
    return f"{kind} {other.name[:_LONGEST_NAME]}".rstrip()


def _more(things: Sequence[object]) -> str:
    return f" and {len(things) - _MOST_NAMES} more" if len(things) > _MOST_NAMES else ""
