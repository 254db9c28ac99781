"""Weights: assigned, initialised, or missing after the module was changed."""

from __future__ import annotations

import re
from typing import Final

from lstm_inspect.diagnosis.rule import Cause, Rule, says

_PARAMETER: Final = re.compile(r"(?:^|.*\.)(weight_ih|weight_hh|weight_hr|bias_ih|bias_hh)_l(\d+)(_reverse)?$")

MODULE_CHANGED: Final = Cause(
    "module-changed",
    "num_layers or bidirectional was changed after the module was built: there are no weights for more layers",
    lambda e: e.constructor(),
    "lstm.num_layers or lstm.bidirectional is assigned somewhere",
)

RULES: Final = (
    Rule(
        "state-dict-type",
        says("Expected state_dict to be dict-like, got <class '{got}'>."),
        "state_dict",
        (
            Cause(
                "not-loaded",
                "load_state_dict takes the state dict itself, not a file's name and not a module",
                "lstm.load_state_dict(torch.load(path, weights_only=True))",
                "a path, or a whole saved module, was passed",
            ),
        ),
        scope="near",
    ),
    Rule(
        "parameter-assigned",
        says(
            "cannot assign '{got}' as parameter '{name:name}' (torch.nn.Parameter or None expected)",
            "cannot assign '{got}' object to parameter '{name:name}' (torch.nn.Parameter or None required)",
        ),
        "{name}",
        (
            Cause(
                "plain-tensor",
                "a plain {got} was assigned to the parameter {name}",
                "with torch.no_grad(): lstm.{name}.copy_(weight)",
                "weights are ported or initialised by hand; copy_ checks the shape, assigning an nn.Parameter does not",
            ),
        ),
        claims=lambda e: _PARAMETER.match(e["name"]) is not None,
    ),
    Rule(
        "stacked-slice",
        says("ArrayRef: invalid slice, N = {n:int}; M = {m:int}; size = {size:int}"),
        "num_layers",
        (MODULE_CHANGED,),
        claims=lambda e: e["size"] >= 2,
    ),
    Rule(
        "initialised",
        says(
            "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions",
            "Only tensors with 2 or more dimensions are supported",
        ),
        "lstm",
        (
            Cause(
                "bias-initialised",
                "an initialisation for matrices met a bias, which is a vector of 4*H",
                "for name, p in lstm.named_parameters(): torch.nn.init.xavier_uniform_(p) if 'weight' in name else "
                "torch.nn.init.zeros_(p)",
                "xavier, kaiming or orthogonal is applied to every parameter",
            ),
        ),
        scope="near",
    ),
)
