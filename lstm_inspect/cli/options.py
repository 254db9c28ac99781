"""The flags that commands share: each with its name, its default and its help in this one place."""

from collections.abc import Mapping
from typing import Any, Final

from lstm_inspect.cli.constructor import CALL, parse_constructor
from lstm_inspect.cli.flags import Flag, Values, file, number, switch, text, whole
from lstm_inspect.cli.lengths import parse_lengths
from lstm_inspect.errors import SpecError, Spell
from lstm_inspect.theory.dtypes import DTYPES, validate_tolerance
from lstm_inspect.theory.spec import DEFAULT_BATCH_SIZE, DEFAULT_SEQ_LEN, STATES, LSTMSpec

_LSTM, _BATCH, _RUN, _REPORT = "The LSTM", "The batch", "The run", "The report"
_D: Final = LSTMSpec()
_SORTED: Final = "--enforce-sorted/--no-enforce-sorted"
_DEVICES: Final = "cpu|cuda|cuda:N|mps|meta|auto"

LSTM_FLAGS: Final = (
    whole(_LSTM, "--input-size", help="I: features of one input step.", default=_D.input_size),
    whole(_LSTM, "--hidden-size", help="H: features of the cell state.", default=_D.hidden_size),
    whole(_LSTM, "--layers", "--num-layers", help="L: stacked layers.", default=_D.num_layers),
    switch(_LSTM, "--bidir/--no-bidir", "--bidirectional/--no-bidirectional", help="D: two directions, or one."),
    switch(_LSTM, "--batch-first/--no-batch-first", help="Input and output are (B, T, .), not (T, B, .)."),
    switch(_LSTM, "--bias/--no-bias", help="Two bias vectors per layer and direction, or none.", default=_D.bias),
    whole(_LSTM, "--proj-size", help="P: features of the projected hidden state; 0 for none.", default=0),
    number(_LSTM, "--dropout", help="Between layers, in training; what runs here is in eval mode.", default=0.0),
)
BATCH_FLAGS: Final = (
    whole(_BATCH, "--seq-len", help=f"T: time steps of the padded batch.  [default: {DEFAULT_SEQ_LEN}]"),
    whole(_BATCH, "--batch", "--batch-size", help=f"B: sequences.  [default: {DEFAULT_BATCH_SIZE}]"),
    switch(_BATCH, "--unbatched", help="Input (T, I), states (L*D, .): no batch axis."),
    text(_BATCH, "--lengths", help="Valid steps of each sequence; they give B and T.", metavar="8,9,10|@FILE|-"),
    switch(_BATCH, _SORTED, help="Refuse lengths that don't descend, as torch does."),
    whole(_BATCH, "--total-length", help="T of a batch padded further than its longest sequence."),
    number(_BATCH, "--padding-value", help="Fills the padded cells of input and output.", default=0.0),
)
RUN_FLAGS: Final = (
    text(_RUN, "--state", help="What h0 and c0 hold.", default=_D.state, metavar="|".join(STATES)),
    whole(_RUN, "--seed", help="Of weights, input and initial state.", default=_D.seed),
    text(_RUN, "--dtype", help="Of weights, input and states.", default=_D.dtype, metavar="|".join(DTYPES)),
    text(_RUN, "--device", help="meta: shapes without memory.", default=_D.device, metavar=_DEVICES),
)
PREDICT: Final = switch(_RUN, "--predict", help="Theory alone: nothing is run, torch is not loaded.")
CHECK_FLAGS: Final = (
    PREDICT,
    switch(_RUN, "--reference/--no-reference", help="Check the results against the equations.", default=True),
    number(_RUN, "--rtol", help="Relative tolerance of the inexact checks.  [default: by dtype]"),
    number(_RUN, "--atol", help="Absolute tolerance of the inexact checks.  [default: by dtype]"),
    switch(_RUN, "--tf32", help="Let cuDNN use TF32 in float32, with the tolerance that it needs."),
)
JSON: Final = switch(_REPORT, "--json", help="One JSON document and nothing else.")
FORCE: Final = switch(_REPORT, "--force", help="Overwrite an existing file.")
_PAGES: Final = (".txt", ".html", ".svg")  # views.export.FORMATS, which loads rich
_SAVED: Final = "Write the report to a file as well, by suffix."
SAVE: Final = file(_REPORT, "--save", help=_SAVED, suffixes=_PAGES, example="report.html")
REPORT_FLAGS: Final = (switch(_REPORT, "--all", help="Every row of every table."), JSON, SAVE, FORCE)
CHECKS: Final = switch(_REPORT, "--checks", help="Each check with its reason and its tolerance.")

SPEC_FLAGS: Final = (CALL, *LSTM_FLAGS, *BATCH_FLAGS, *RUN_FLAGS)
_FLAG_OF: Final[dict[str, Flag]] = {flag.name: flag for flag in (*SPEC_FLAGS, *CHECK_FLAGS, CHECKS, *REPORT_FLAGS)}


class _Flags(Spell):
    """How the command line is typed."""

    def __call__(self, name: str, value: str | None) -> str:
        """An argument as a flag.

        >>> spell_flag("proj_size", "10"), spell_flag("bidirectional", "False"), spell_flag("batch_size", "None")
        ('--proj-size 10', '--no-bidir', '--unbatched')
        """
        if name == "batch_size" and value == "None":
            return "--unbatched"
        flag = _FLAG_OF.get(name) or switch("", f"--{name.replace('_', '-')}", help="")
        return flag.spelled(value)

    def inspection(self, spec: Mapping[str, Any], options: Mapping[str, Any] | None = None) -> str:
        """The command line that inspects the spec with these arguments.

        >>> spell_flag.inspection({"num_layers": 2, "lengths": (8, 9, 10)}, {"reference": False})
        'lstm-inspect shapes --layers 2 --lengths 8,9,10 --no-reference'
        """
        given = {**spec, **(options or {})}
        typed = {name: ",".join(map(str, v)) if isinstance(v, tuple) else str(v) for name, v in given.items()}
        flags = [self(name, typed[name]) for name in _FLAG_OF if name in typed]
        return " ".join(["lstm-inspect shapes", *flags])


spell_flag: Final = _Flags()


def spec_of(values: Values) -> LSTMSpec:
    """The spec that a command line names; a flag that is not given keeps LSTMSpec's default.

    Raises:
        SpecError: a value is out of range, or two contradict each other.
        FileError: the lengths can't be read.
    """
    given = {flag.name: values[flag.name] for flag in SPEC_FLAGS if values.get(flag.name) is not None}
    call = given.pop("call", None)
    if "lengths" in given:
        given["lengths"] = parse_lengths(given["lengths"])
    if call is not None:
        given |= _called(call, given)
    if given.pop("unbatched", False):
        if "batch_size" in given:
            raise SpecError("batch_size", str(given["batch_size"]), "left out with {batch_size=None}", "one of the two")
        given["batch_size"] = None
    return LSTMSpec(**given)


def _called(call: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What --call names; a flag beside it may not say otherwise."""
    found = parse_constructor(call)
    for name, value in found.items():
        default = getattr(_D, name)
        if given.get(name, default) not in (default, value):
            typed = spell_flag(name, str(given[name]))
            raise SpecError("call", repr(call), f"used without {typed}, which says otherwise", "one of the two")
    return found


def checking_of(values: Values) -> dict[str, Any]:
    """How to check: the keyword arguments of ``inspect`` that a command line names; SpecError at a bad tolerance."""
    validate_tolerance(rtol=values.get("rtol"), atol=values.get("atol"))
    return {flag.name: values[flag.name] for flag in CHECK_FLAGS if flag.name in values}
