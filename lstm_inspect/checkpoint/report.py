"""CheckpointReport: the recurrent modules that a checkpoint holds, as frozen data."""

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

from lstm_inspect.checkpoint.content import Container, Entry
from lstm_inspect.errors import Spell, spell_python
from lstm_inspect.theory import contract
from lstm_inspect.theory.contract import Limit, Natural, Positive, record
from lstm_inspect.theory.dtypes import DTYPES
from lstm_inspect.theory.expressions import constructor
from lstm_inspect.theory.shapes import Shape
from lstm_inspect.theory.shown import Shown
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.theory.warnings import SpecWarning
from lstm_inspect.theory.words import plural, some

FORMATS: Final = (
    *("torch.save (zip)", "torch.save (legacy)", "TorchScript", "pickle", "safetensors"),
    *("NumPy (.npz)", "ONNX", "HDF5", "Keras (.keras)"),
)
"""How a file may have been written."""

CERTAINTY: Final = ("shape", "name", "attribute")
"""What may tell an argument of nn.LSTM, the most certain first."""

SHAPELESS: Final = ("batch_first", "dropout")
"""Arguments of nn.LSTM that shape no parameter: only a whole module tells them."""

_SIZES: Final = ("input_size", "hidden_size", "num_layers", "bidirectional", "bias", "proj_size")
_PROBLEMS: Final = (
    *("missing-layer", "missing-direction", "missing-parameter"),
    *("shape", "mixed-dtypes", "dtype", "sizes", "kind", "foreign"),
)
_KINDS: Final = ("GRU", "RNN", "LSTMCell", "GRUCell", "RNNCell", "quantized LSTM", "unknown")
_NONE: Final = {
    "ONNX": "and no LSTM, GRU or RNN node",
    **dict.fromkeys(("HDF5", "Keras (.keras)"), "none of a recurrent layer of Keras"),
}
MOST_NAMES: Final = 4
LONGEST_NAME: Final = 100


@record()
class Problem:
    """Something that looks wrong with an LSTM's parameters."""

    id: Annotated[str, Limit(enum=list(_PROBLEMS))]  #: what kind of problem.
    message: str  #: what it is, in words.
    parameter: str | None = None  #: torch's name of the parameter at fault; None if it is about more than one.


@dataclass(frozen=True, slots=True)
class Found:
    """A recurrent module, by where it stands in a file."""

    container: Container  #: the keys that lead to its state dict.
    name: str  #: its qualified name, without what a wrapper put before it; empty if the state dict is its own.
    wrapper: str  #: what a wrapper (DataParallel, torch.compile) put before every name.

    @property
    def prefix(self) -> str:
        """What stands before its parameters' names in the state dict: "module.encoder.lstm."."""
        return f"{self.wrapper}{self.name}." if self.name else self.wrapper


@record("input_size hidden_size num_layers bidirectional bias proj_size dtype")
class Sizes:
    """What most of a module's parameters agree on."""

    kind: str  #: "LSTM", "GRU" or "RNN".
    input_size: Positive | None  #: None if there is no weight_ih of layer 0.
    hidden_size: Positive
    num_layers: Positive  #: the highest layer's number + 1; 1 in a cell.
    bidirectional: bool
    bias: bool
    dtype: str
    proj_size: Natural = 0
    assumed: bool = False  #: whether no weight_hh tells the kind, and it is taken for an LSTM.

    def spec(self, attributes: Mapping[str, Any]) -> LSTMSpec:
        """The LSTM of these sizes and attributes, or SpecError; 1 and float32 stand for what it can't have."""
        told: dict[str, Any] = {name: getattr(self, name) for name in _SIZES} | {**attributes}
        told["input_size"] = 1 if self.input_size is None else self.input_size
        return LSTMSpec(**told, dtype=self.dtype if self.dtype in DTYPES else "float32")


@record("name stored_as shape dtype")
class FoundParameter:
    """One parameter of a found module."""

    name: str  #: torch's: "weight_ih_l1_reverse"; a cell's has no layer, "bias_hh".
    stored_as: str  #: the name that it is stored under.
    shape: Shape
    dtype: str
    suffix: str = ""  #: of stored_as, where that says how it is stored ("_orig").
    place: Hashable = None  #: of its numbers (see Entry).


@record()
class Told:
    """An argument of nn.LSTM, and how certain it is: a shape confirms it, or a name or an attribute says it."""

    argument: str
    by: Annotated[str, Limit(enum=list(CERTAINTY))]


@record("name container prefix *sizes parameter_count parameters unknown known_by=told notes problems constructor next")
class FoundLSTM(Found):
    """An nn.LSTM that a checkpoint holds."""

    sizes: Sizes  #: what most of its parameters agree on.
    spec: LSTMSpec | None  #: the module to build; None if the sizes are not all known, or not allowed.
    parameters: Sequence[FoundParameter]  #: every parameter that is there, in torch's order.
    #: what tells each argument: "shape", "name" or "attribute"; what nothing tells is left out.
    known_by: Mapping[str, str]
    notes: Sequence[str] = ()  #: how it is stored, where that is not as it is.
    problems: Sequence[Problem] = ()  #: what looks wrong; empty if everything fits.

    @property
    def unknown(self) -> Sequence[str]:
        """The arguments of nn.LSTM that nothing in the file tells."""
        return [name for name in SHAPELESS if name not in self.known_by]

    @property
    def told(self) -> Sequence[Told]:
        """What tells each argument of nn.LSTM."""
        return [Told(argument, by) for argument, by in self.known_by.items()]

    @property
    def next(self) -> str | None:
        """What to type to go on from there."""
        return None  # spelt by whoever writes the report

    @property
    def parameter_count(self) -> Natural:
        """Numbers in the parameters that are there."""
        return sum(math.prod(shape) for shape in {each.stored_as: each.shape for each in self.parameters}.values())

    @property
    def constructor(self) -> str | None:
        """The call that builds it, as far as a checkpoint can tell; None if its sizes are not all known."""
        return None if self.spec is None else constructor(self.spec)

    def go_on(self, spell: Spell) -> str | None:
        """What to type to inspect it: both sizes, and whatever does not stand at LSTMSpec's default."""
        if self.spec is None:
            return None
        told = {"input_size": self.spec.input_size, "hidden_size": self.spec.hidden_size, **self.spec.arguments()}
        return spell.inspection({name: told[name] for name in (*_SIZES, "dtype", *SHAPELESS) if name in told})


@record("name container prefix kind *sizes message")
class OtherModule(Found):
    """A recurrent module that is not an nn.LSTM: named, not covered."""

    kind: Annotated[str, Limit(enum=list(_KINDS))]  #: torch.nn's name of its class.
    sizes: Sizes | None  #: None where the shapes don't tell.
    message: str  #: a sentence that says what it is.


@record("file format tensor_count lstms others warnings runs sound verdict", command="checkpoint")
class CheckpointReport(Shown):
    """What a checkpoint holds."""

    view = "checkpoint"
    file: str  #: its path.
    format: Annotated[str, Limit(enum=list(FORMATS))]  #: how it was written, one of FORMATS.
    entries: Sequence[Entry]  #: every tensor in it: where it stands, its shape, its dtype.
    lstms: Sequence[FoundLSTM]  #: each nn.LSTM.
    others: Sequence[OtherModule] = ()  #: each other recurrent module.
    warnings: Sequence[SpecWarning] = ()  #: what to know before loading it.
    #: what it names that torch.load would import and call, beyond tensors and plain containers.
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
            kinds = {"unknown": "recurrent parameters of unknown kind"}
            named = [
                f"{kinds.get(other.kind, f'the {other.kind}')} {other.name[:LONGEST_NAME]}".rstrip()
                for other in self.others
            ]
            return f"it holds {some(named, MOST_NAMES)}"
        if not self.entries:
            return "it holds no tensor at all"
        names = [entry.name[:LONGEST_NAME] or "one without a name" for entry in self.entries]
        held = f"{plural(len(self.entries), 'tensor')} ({some(names, MOST_NAMES)})"
        return f"{held}, " + _NONE.get(self.format, "none with the name of an LSTM's parameter")

    @property
    def verified(self) -> bool:
        """Whether it is sound."""
        return self.sound

    def to_dict(self, spell: Spell = spell_python) -> dict[str, Any]:
        """The report by the JSON contract, schema lstm-inspect/1; spell says how the value of ``next`` is typed."""
        document = contract.to_dict(self)
        for lstm, found in zip(document["lstms"], self.lstms, strict=True):
            lstm["next"] = found.go_on(spell)
        return document
