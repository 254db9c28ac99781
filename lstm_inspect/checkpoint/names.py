"""The names that recurrent modules give their parameters, and the names under which those are stored.

Foreign facts: torch's nn.RNNBase and nn.LSTMCell name the parameters; torch.nn.utils' weight_norm, spectral_norm,
prune and parametrize, and the weight drop of AWD-LSTM (Merity et al., 2017), store them under names of their own.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

KINDS: Final = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")
"""The kinds of parameter, in torch's order; weight_hr is the projection's."""

STORED: Final = {
    "": "",
    ".original": "a parametrization (torch.nn.utils.parametrize)",
    ".original1": "weight_norm (torch.nn.utils.parametrizations)",
    "_orig": "pruning or spectral_norm (torch.nn.utils)",
    "_raw": "weight drop (AWD-LSTM)",
    "_v": "weight_norm (torch.nn.utils)",
}
"""What a parameter may be stored as: the suffix of its name, best first, and what put it there.

The shape is the parameter's own. What else those methods store (``_g``, ``_u``, ``_mask``, ``.original0``) is not it.
"""

_NAME: Final = re.compile(
    r"(?:(?P<module>.+)\.)?"
    rf"(?P<kind>{'|'.join(KINDS)})(?:_l(?P<layer>0|[1-9]\d{{0,8}})(?P<reverse>_reverse)?)?"
    r"(?P<stored>\.original[01]?|_orig|_raw|_[vgu]|_mask|)",
    re.DOTALL,
)
_QUANTIZED: Final = re.compile(
    r"(?:(?P<module>.+)\.)?(?:layers\.\d+\.layer_(?:fw|bw)\.cell\..+|_all_weight_values\.\d+\..+)", re.DOTALL
)
_PARAMETRIZED: Final = "parametrizations"


class Slot(NamedTuple):
    """Which parameter of a recurrent module a tensor is: one of KINDS, its layer (None in a cell), its direction."""

    kind: str
    layer: int | None = None
    reverse: bool = False

    @property
    def name(self) -> str:
        """torch's name.

        >>> Slot("weight_ih", 1, reverse=True).name, Slot("bias_hh").name
        ('weight_ih_l1_reverse', 'bias_hh')
        """
        return self.kind if self.layer is None else f"{self.kind}_l{self.layer}{'_reverse' if self.reverse else ''}"

    @property
    def order(self) -> tuple[int, bool, int]:
        """Sorts slots as ``module.named_parameters()`` does."""
        return (self.layer or 0, self.reverse, KINDS.index(self.kind))


def parse(name: str) -> tuple[str, Slot, str] | None:
    """The module, the slot and the stored suffix of a recurrent module's parameter; None for any other name.

    >>> parse("encoder.lstm.weight_ih_l0_reverse")
    ('encoder.lstm', Slot(kind='weight_ih', layer=0, reverse=True), '')
    >>> parse("lstm.parametrizations.weight_hh_l0.original1")
    ('lstm', Slot(kind='weight_hh', layer=0, reverse=False), '.original1')
    >>> parse("fc.weight")
    """
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    module, layer = match["module"] or "", match["layer"]
    if match["stored"].startswith("."):
        module, _, last = module.rpartition(".")
        if last != _PARAMETRIZED:
            return None
    slot = Slot(match["kind"], None if layer is None else int(layer), match["reverse"] is not None)
    return module, slot, match["stored"]


def quantized_module(name: str) -> str | None:
    """The module's name if a tensor is part of an LSTM made for quantization, or quantized; None for any other name.

    >>> quantized_module("tagger.lstm.layers.0.layer_fw.cell.igates.weight")
    'tagger.lstm'
    """
    match = _QUANTIZED.fullmatch(name)
    return None if match is None else match["module"] or ""
