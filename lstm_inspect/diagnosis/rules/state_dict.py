"""load_state_dict of another LSTM's checkpoint: which argument the keys and the shapes say is another."""

from __future__ import annotations

from typing import Any, Final

from lstm_inspect.diagnosis.evidence import Evidence
from lstm_inspect.diagnosis.rule import Cause, Rule, says
from lstm_inspect.diagnosis.rules.state_dict_message import (
    OF_A_CELL,
    PARAMETER,
    keys,
    lstm_keys,
    mismatches,
    of_an_lstm,
)


def _reverse(side: str) -> Any:
    other = "Missing" if side == "Unexpected" else "Unexpected"
    return lambda e: (
        any(match[3] for match in lstm_keys(e, side)) and not any(match[3] for match in lstm_keys(e, other))
    )


def _layers(side: str) -> Any:
    """Keys of whole layers stand on one side only."""

    def decide(e: Evidence) -> bool:
        here = {int(match[2]) for match in lstm_keys(e, side) if not match[3] and match[1] == "weight_ih"}
        return bool(here) and min(here) > 0 and not _prefixed(e)

    return decide


def _deepest(e: Evidence, side: str) -> int:
    return max((int(match[2]) for match in lstm_keys(e, side)), default=0)


def _kind(side: str, *kinds: str) -> Any:
    """All keys on a side are of these kinds, a bias's or a projection's."""

    def decide(e: Evidence) -> bool:
        found = lstm_keys(e, side)
        return bool(found) and all(match[1] in kinds for match in found)

    return decide


def _prefixed(e: Evidence) -> bool:
    missing, unexpected = keys(e, "Missing"), keys(e, "Unexpected")
    tails = {key.rsplit(".", 1)[-1] for key in missing} & {key.rsplit(".", 1)[-1] for key in unexpected}
    return any(PARAMETER.match(tail) for tail in tails)


def _prefixes(e: Evidence) -> tuple[str, str]:
    """The prefix of the checkpoint's keys and the model's, as far as they differ."""
    loaded = next(key for key in keys(e, "Unexpected") if PARAMETER.match(key))
    tail = loaded.rsplit(".", 1)[-1]
    model = next(key for key in keys(e, "Missing") if key.rsplit(".", 1)[-1] == tail)
    return loaded.removesuffix(tail), model.removesuffix(tail)


def _rename(e: Evidence) -> str:
    loaded, model = _prefixes(e)
    if not model:
        return f"state_dict = {{key.removeprefix({loaded!r}): value for key, value in state_dict.items()}}"
    if not loaded:
        return f"state_dict = {{{model!r} + key: value for key, value in state_dict.items()}}"
    return f"state_dict = {{key.replace({loaded!r}, {model!r}, 1): value for key, value in state_dict.items()}}"


def _pair(e: Evidence, kind: str) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    pairs = {match[1] + match[2]: pair for name, pair in mismatches(e).items() if (match := PARAMETER.match(name))}
    return next((pair for name, pair in pairs.items() if name.startswith(kind)), None)


def _rows(e: Evidence) -> tuple[int, int] | None:
    """Rows of a weight in the checkpoint and in the model, where they differ."""
    pairs = [pair for pair in mismatches(e).values() if pair[0] and pair[1] and pair[0][0] != pair[1][0]]
    return (pairs[0][0][0], pairs[0][1][0]) if pairs else None


def _transposed(e: Evidence) -> bool:
    pairs = [pair for pair in mismatches(e).values() if len(pair[0]) == 2]
    return bool(pairs) and all(loaded == model[::-1] for loaded, model in pairs)


def _other_gates(e: Evidence) -> bool | None:
    rows = _rows(e)
    if rows is None or _transposed(e):
        return False
    return rows[0] * 4 == rows[1] * 3 or rows[0] * 3 == rows[1] * 4 or rows[0] * 4 == rows[1]


def _other_hidden(e: Evidence) -> bool | None:
    rows = _rows(e)
    if rows is None or _transposed(e) or _other_gates(e):
        return None if _other_gates(e) else False
    return rows[0] % 4 == 0


def _other_input(e: Evidence) -> bool:
    pair = _pair(e, "weight_ih0")
    return pair is not None and len(pair[0]) == 2 and pair[0][1] != pair[1][1] and not _transposed(e)


def _loaded(e: Evidence) -> dict[str, object]:
    """What the checkpoint's shapes say of its module."""
    facts: dict[str, object] = {}
    rows, first = _rows(e), _pair(e, "weight_ih0")
    if rows is not None and rows[0] % 4 == 0:
        facts["hidden_size"] = rows[0] // 4
    if first is not None and len(first[0]) == 2:
        facts["input_size"] = first[0][1]
    return facts


RULES: Final = (
    Rule(
        "state-dict",
        says(
            "Error(s) in loading state_dict for {module:name}:{rest:rest}",
            "While copying the parameter named {rest:rest}",
            "whilst copying the parameter named {rest:rest}",
        ),
        "state_dict",
        (
            Cause(
                "prefix",
                lambda e: (
                    f"the keys are the same but for a prefix: {_prefixes(e)[0]!r} in the checkpoint, "
                    f"{_prefixes(e)[1]!r} in the module"
                ),
                _rename,
                "the checkpoint is a whole model's, or was saved from DataParallel (module.) or under another name",
                _prefixed,
            ),
            Cause(
                "checkpoint-bidirectional",
                "the checkpoint's LSTM is bidirectional: its keys end in _reverse; the module has one direction",
                lambda e: e.constructor(**_loaded(e) | {"bidirectional": True}),
                "unexpected keys end in _reverse",
                _reverse("Unexpected"),
                argument="bidirectional",
            ),
            Cause(
                "module-bidirectional",
                "the module is bidirectional, and the checkpoint's LSTM has one direction: no key ends in _reverse",
                lambda e: e.constructor(**_loaded(e) | {"bidirectional": False}),
                "missing keys end in _reverse",
                _reverse("Missing"),
                argument="bidirectional",
            ),
            Cause(
                "checkpoint-deeper",
                lambda e: f"the checkpoint's LSTM has more layers: it holds _l{_deepest(e, 'Unexpected')}",
                lambda e: e.constructor(**_loaded(e) | {"num_layers": _deepest(e, "Unexpected") + 1}),
                lambda e: f"the highest layer among the unexpected keys is {_deepest(e, 'Unexpected')}, counted from 0",
                _layers("Unexpected"),
                argument="num_layers",
            ),
            Cause(
                "checkpoint-shallower",
                lambda e: f"the checkpoint's LSTM has fewer layers: it lacks _l{_deepest(e, 'Missing')}",
                lambda e: e.constructor(
                    **_loaded(e) | {"num_layers": min((int(m[2]) for m in lstm_keys(e, "Missing")), default=1)}
                ),
                "the lowest layer among the missing keys is the number of layers in the checkpoint",
                _layers("Missing"),
                argument="num_layers",
            ),
            Cause(
                "checkpoint-without-bias",
                "the checkpoint's LSTM has no bias",
                lambda e: e.constructor(**_loaded(e) | {"bias": False}),
                "the missing keys are bias_ih and bias_hh alone",
                _kind("Missing", "bias_ih", "bias_hh"),
                argument="bias",
            ),
            Cause(
                "module-without-bias",
                "the module was built with bias=False, and the checkpoint has biases",
                lambda e: e.constructor(**_loaded(e) | {"bias": True}),
                "the unexpected keys are bias_ih and bias_hh alone",
                _kind("Unexpected", "bias_ih", "bias_hh"),
                argument="bias",
            ),
            Cause(
                "checkpoint-projected",
                "the checkpoint's LSTM has a projection: it holds weight_hr",
                lambda e: e.constructor(proj_size=(_pair(e, "weight_hh") or ((0, "proj_size"),))[0][1]),
                "weight_hr is among the unexpected keys; weight_hh's columns are proj_size",
                lambda e: any(match[1] == "weight_hr" for match in lstm_keys(e, "Unexpected")),
                argument="proj_size",
            ),
            Cause(
                "module-projected",
                "the module has a projection, and the checkpoint's LSTM has none",
                lambda e: e.constructor(**_loaded(e) | {"proj_size": 0}),
                "weight_hr is among the missing keys",
                lambda e: any(match[1] == "weight_hr" for match in lstm_keys(e, "Missing")),
                argument="proj_size",
            ),
            Cause(
                "of-a-cell",
                "the checkpoint is an nn.LSTMCell's: its keys have no _l0",
                "state_dict = {{key + '_l0': value for key, value in state_dict.items()}}",
                "the unexpected keys are weight_ih, weight_hh, bias_ih and bias_hh",
                lambda e: any(OF_A_CELL.match(key) for key in keys(e, "Unexpected")),
            ),
            Cause(
                "wrapped",
                "the state dict is one level deeper: the checkpoint holds more than the weights",
                lambda e: f"lstm.load_state_dict(checkpoint[{(keys(e, 'Unexpected') or ['state_dict'])[0]!r}])",
                "the unexpected keys are state_dict, model, epoch, optimizer and the like",
                lambda e: (
                    bool(keys(e, "Unexpected"))
                    and not lstm_keys(e, "Unexpected")
                    and not any(OF_A_CELL.match(key) for key in keys(e, "Unexpected"))
                    and bool(lstm_keys(e, "Missing"))
                ),
            ),
            Cause(
                "weights-transposed",
                "the weights are transposed, (in, 4*H): Keras' and Flax' layout; torch's is (4*H, in)",
                "state_dict = {{key: value.T if value.dim() == 2 else value for key, value in state_dict.items()}}",
                "every shape of the checkpoint is the module's, turned round",
                _transposed,
            ),
            Cause(
                "other-gates",
                "the rows are in the ratio of 4 to 3 (or to 1): one of the two is a GRU (3*H rows) or a plain RNN (H), "
                "the other an LSTM (4*H)",
                "gates = state_dict['weight_hh_l0'].shape[0] // state_dict['weight_hh_l0'].shape[1]  # 4: "
                "LSTM, 3: GRU, 1: RNN",
                "weight_hh_l0 has 3 * hidden_size rows",
                _other_gates,
            ),
            Cause(
                "other-hidden-size",
                lambda e: (
                    "the checkpoint's LSTM has another hidden_size"
                    + (f": {r[0] // 4}, not {r[1] // 4} (weights have 4*H rows)" if (r := _rows(e)) else "")
                ),
                lambda e: e.constructor(**_loaded(e)),
                "hidden_size is weight_hh_l0.shape[0] // 4",
                _other_hidden,
                argument="hidden_size",
            ),
            Cause(
                "other-input-size",
                "the checkpoint's LSTM has another input_size: the columns of weight_ih_l0",
                lambda e: e.constructor(**_loaded(e)),
                "input_size is weight_ih_l0.shape[1]: another vocabulary's embedding, or other features",
                _other_input,
                argument="input_size",
            ),
            Cause(
                "not-tensors",
                "the state dict holds something else than tensors",
                "state_dict = {{key: torch.as_tensor(value) for key, value in state_dict.items()}}",
                "its values are NumPy arrays or numbers",
                lambda e: "expected torch.Tensor" in e.message,
            ),
            Cause(
                "another-module",
                "the module was built with other arguments than the one that was saved",
                "print({{key: tuple(value.shape) for key, value in state_dict.items()}})",
                "`lstm-inspect checkpoint FILE` tells the arguments from the shapes",
            ),
        ),
        claims=of_an_lstm,
    ),
)
