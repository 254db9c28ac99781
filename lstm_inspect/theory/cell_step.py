"""One step of one cell, as Python: what a layer and direction does at a time step."""

from __future__ import annotations

from lstm_inspect.theory.spec import LSTMSpec


def cell_step(spec: LSTMSpec) -> tuple[str, ...]:
    """The statements that make layer 0's next ``h`` (B, R) and ``c`` (B, H) of one step ``x`` (B, I), going forward.

    The equations are those of torch's documentation of nn.LSTM. They are the same in every layer and direction: the
    parameters' names alone change.

    >>> cell_step(LSTMSpec(bias=False))[-1]
    'h = torch.sigmoid(o) * torch.tanh(c)'
    """
    bias = ("bias_ih_l0", "bias_hh_l0") if spec.bias else ()
    added = "".join(f" + lstm.{name}" for name in bias)
    projected = ("h = h @ lstm.weight_hr_l0.T",) if spec.proj_size else ()
    return (
        f"gates = x @ lstm.weight_ih_l0.T + h @ lstm.weight_hh_l0.T{added}",
        "i, f, g, o = gates.chunk(4, dim=-1)",
        "c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)",
        "h = torch.sigmoid(o) * torch.tanh(c)",
        *projected,
    )
