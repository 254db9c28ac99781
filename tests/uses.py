"""Models that use an LSTM's results: right ones, and wrong ones with one planted mistake each, marked ``# here``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pack_sequence, pad_packed_sequence, pad_sequence
from torch.utils.checkpoint import checkpoint

T, B, I, H = 5, 3, 4, 6  # noqa: E741
LENGTHS = [5, 2, 4]


class Net(nn.Module):
    """A recurrent module, what is done with its results, and a layer that reads that."""

    def __init__(
        self, body: Callable[..., Any], kind: Callable[..., nn.Module] = nn.LSTM, fc: int = H, **options: Any
    ) -> None:
        super().__init__()
        self.rnn = kind(I, H, **options)
        self.fc = nn.Linear(fc, 2)
        self.att = nn.Linear(fc, 1)
        self.norm = nn.LayerNorm(fc)
        self.second = nn.LSTM(fc, H, batch_first=True)
        self.decoder = nn.LSTM(I, H, batch_first=True)
        self.wide_decoder = nn.LSTM(I, 2 * H, batch_first=True)
        self.conv = nn.Conv1d(fc, 3, 3, padding=1)
        self.heads = nn.MultiheadAttention(fc, 1, batch_first=True)
        self.body = body

    def forward(self, *args: Any) -> Any:
        return self.body(self, *args)


@dataclass(frozen=True)
class Case:
    """A model and its call; ``id`` is the mistake in it, None if there is none."""

    name: str
    body: Callable[..., Any]
    id: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    says: tuple[str, ...] = ()
    time_first: bool = False
    args: Callable[[], tuple[Any, ...]] | None = None

    def model(self) -> Net:
        torch.manual_seed(0)
        return Net(self.body, **self.options).eval()

    def arguments(self) -> tuple[Any, ...]:
        torch.manual_seed(1)
        if self.args is not None:
            return self.args()
        return (torch.randn(T, B, I) if self.time_first else torch.randn(B, T, I),)

    @property
    def line(self) -> int:
        """The line that is marked."""
        import inspect

        lines, start = inspect.getsourcelines(self.body)
        return start + next(number for number, line in enumerate(lines) if "# here" in line)


BOTH = {"batch_first": True, "bidirectional": True}
TWO = {**BOTH, "fc": 2 * H}
FIRST = {"batch_first": True}
WRONG: list[Case] = []
RIGHT: list[Case] = []


def wrong(id: str, options: dict[str, Any], **more: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def add(body: Callable[..., Any]) -> Callable[..., Any]:
        WRONG.append(Case(body.__name__, body, id, options, **more))
        return body

    return add


def right(options: dict[str, Any], *says: str, **more: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def add(body: Callable[..., Any]) -> Callable[..., Any]:
        RIGHT.append(Case(body.__name__, body, None, options, says, **more))
        return body

    return add


def packed(x: Tensor, lengths: Any = LENGTHS) -> Any:
    return pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)


def with_lengths() -> tuple[Any, ...]:
    return torch.randn(B, T, I), torch.tensor(LENGTHS)


def unpacked(self: Net, x: Tensor, lengths: Tensor) -> tuple[Tensor, Any]:
    packed_output, state = self.rnn(packed(x, lengths))
    return pad_packed_sequence(packed_output, batch_first=True)[0], state


# --- wrong: one step, both directions


@wrong("last-step-bidirectional", TWO)
def last_step(self: Net, x: Tensor) -> Any:
    out, _ = self.rnn(x)
    return self.fc(out[:, -1])  # here


@wrong("last-step-bidirectional", {"bidirectional": True, "fc": 2 * H}, time_first=True)
def last_step_time_first(self: Net, x: Tensor) -> Any:
    out, _ = self.rnn(x)
    last = out[-1]  # here
    return self.fc(F.dropout(last, 0.1, self.training))


@wrong("last-step-bidirectional", TWO)
def first_step(self: Net, x: Tensor) -> Any:
    out, _ = self.rnn(x)
    return self.fc(out[:, 0, :])  # here


@wrong("last-step-bidirectional", {**BOTH, "kind": nn.GRU})
def last_step_directions_added(self: Net, x: Tensor) -> Any:
    out, _ = self.rnn(x)
    out = out[:, :, :H] + out[:, :, H:]
    return self.fc(out[:, -1, :])  # here


@wrong("last-step-bidirectional", {**BOTH, "num_layers": 2})
def last_step_directions_summed(self: Net, x: Tensor) -> Any:
    out, _ = self.rnn(x)
    out = out.view(B, T, 2, H).sum(2)
    return self.fc(torch.relu(out)[:, -1])  # here


@wrong("last-step-bidirectional", TWO)
def last_step_by_gather(self: Net, x: Tensor) -> Any:
    out, _ = self.rnn(x)
    index = torch.full((B, 1, 2 * H), T - 1)
    return self.fc(out.gather(1, index).squeeze(1))  # here


@wrong("last-step-bidirectional", TWO, args=with_lengths)
def last_valid_step_of_both(self: Net, x: Tensor, lengths: Tensor) -> Any:
    out, _ = unpacked(self, x, lengths)
    return self.fc(out[torch.arange(B), lengths - 1])  # here


@wrong("last-step-bidirectional", TWO)
def last_step_repeated_for_a_decoder(self: Net, x: Tensor) -> Any:
    out, _ = self.rnn(x)
    code = out[:, -1:].repeat(1, 4, 1)  # here
    return self.second(code)[0]


@wrong("last-step-bidirectional", TWO)
def last_step_as_a_query(self: Net, x: Tensor) -> Any:
    out, _ = self.rnn(x)
    query = out[:, -1].unsqueeze(2)  # here
    return self.fc(torch.bmm(torch.softmax(torch.bmm(out, query).transpose(1, 2), -1), out).squeeze(1))


@wrong("last-step-bidirectional", TWO)
def last_step_returned(self: Net, x: Tensor) -> Any:
    out, _ = self.rnn(x)
    return self.norm(out)[:, -1]  # here


@wrong("last-step-bidirectional", {**TWO, "num_layers": 2}, args=lambda: (torch.randn(T, I),))
def last_step_unbatched(self: Net, x: Tensor) -> Any:
    out, _ = self.rnn(x)
    return self.fc(out[-1])  # here


@wrong("last-step-bidirectional", {**TWO, "kind": nn.GRU}, args=with_lengths)
def last_valid_step_one_by_one(self: Net, x: Tensor, lengths: Tensor) -> Any:
    out, _ = unpacked(self, x, lengths)
    out = self.norm(out + F.pad(x, (0, 2 * H - I)))
    return self.fc(torch.stack([out[place, lengths[place] - 1] for place in range(len(x))]))  # here


@wrong("sequences-mixed", TWO)
def hn_viewed_for_attention(self: Net, x: Tensor) -> Any:
    out, (hn, _) = self.rnn(x)
    query = hn.view(-1, 2 * H, 1)  # here
    return self.fc((torch.bmm(out, query).softmax(1) * out).sum(1))


# --- wrong: padding


@wrong("padding-as-last-step", FIRST, args=with_lengths)
def padding_last(self: Net, x: Tensor, lengths: Tensor) -> Any:
    out, _ = unpacked(self, x, lengths)
    return self.fc(out[:, -1])  # here


@wrong("padding-as-last-step", {"kind": nn.GRU, **FIRST}, args=with_lengths)
def padding_last_by_chunks(self: Net, x: Tensor, lengths: Tensor) -> Any:
    out, _ = unpacked(self, x, lengths)
    last = out.unbind(1)[-1]  # here
    return self.fc(last)


@wrong("padding-as-last-step", TWO, args=with_lengths)
def padding_last_of_both(self: Net, x: Tensor, lengths: Tensor) -> Any:
    out, _ = unpacked(self, x, lengths)
    return self.fc(out[:, -1])  # here


@wrong("padding-averaged", FIRST, args=with_lengths)
def mean_over_padding(self: Net, x: Tensor, lengths: Tensor) -> Any:
    out, _ = unpacked(self, x, lengths)
    return self.fc(out.mean(dim=1))  # here


@wrong("padding-averaged", {**TWO, "kind": nn.GRU}, args=with_lengths)
def maximum_over_padding(self: Net, x: Tensor, lengths: Tensor) -> Any:
    out, _ = unpacked(self, x, lengths)
    best, _ = out.max(1)  # here
    return self.fc(best)


@wrong("padding-averaged", FIRST, args=with_lengths)
def pooled_over_padding(self: Net, x: Tensor, lengths: Tensor) -> Any:
    out, _ = unpacked(self, x, lengths)
    return self.fc(F.adaptive_avg_pool1d(out.transpose(1, 2), 1).squeeze(-1))  # here


# --- wrong: rows of hn


@wrong("sequences-mixed", TWO)
def hn_viewed(self: Net, x: Tensor) -> Any:
    _, (hn, _) = self.rnn(x)
    return self.fc(hn.view(B, -1))  # here


@wrong("sequences-mixed", {**TWO, "kind": nn.GRU})
def hn_reshaped(self: Net, x: Tensor) -> Any:
    _, hn = self.rnn(x)
    flat = hn.reshape(-1, 2 * H)  # here
    return self.fc(torch.tanh(flat))


@wrong("sequences-mixed", {"fc": T * H}, time_first=True)
def output_viewed(self: Net, x: Tensor) -> Any:
    out, _ = self.rnn(x)
    return self.fc(out.view(B, -1))  # here


@wrong("sequences-mixed", {**BOTH, "fc": 2 * H})
def hn_viewed_for_a_decoder(self: Net, x: Tensor) -> Any:
    _, (hn, cn) = self.rnn(x)
    state = (hn.view(1, B, 2 * H), cn.transpose(0, 1).reshape(1, B, 2 * H))  # here
    return self.wide_decoder(x, state)[0]


@wrong("sequences-mixed", {"num_layers": 2, "fc": 2 * H, **FIRST})
def layers_viewed(self: Net, x: Tensor) -> Any:
    _, (hn, _) = self.rnn(x)
    return self.fc(hn.view(-1, 2 * H))  # here


@wrong("one-direction-of-two", BOTH)
def one_direction(self: Net, x: Tensor) -> Any:
    _, (hn, _) = self.rnn(x)
    return self.fc(hn[-1])  # here


@wrong("one-direction-of-two", {**BOTH, "num_layers": 2, "kind": nn.RNN})
def forward_alone(self: Net, x: Tensor) -> Any:
    out, _ = self.rnn(x)
    return self.fc(out[:, -1, :H])  # here


@wrong("layers-for-directions", {**FIRST, "num_layers": 3, "fc": 2 * H})
def layers_as_directions(self: Net, x: Tensor) -> Any:
    _, (hn, _) = self.rnn(x)
    return self.fc(torch.cat((hn[-2], hn[-1]), dim=1))  # here


@wrong("layers-for-directions", {**TWO, "num_layers": 2})
def rows_of_two_layers(self: Net, x: Tensor) -> Any:
    _, (hn, _) = self.rnn(x)
    return self.fc(torch.cat([hn[2], hn[1]], dim=1))  # here


@wrong("first-layer", {**FIRST, "num_layers": 2})
def first_layer(self: Net, x: Tensor) -> Any:
    _, (hn, _) = self.rnn(x)
    return self.fc(hn[0])  # here


@wrong("first-layer", {**TWO, "num_layers": 2, "kind": nn.GRU})
def first_layer_of_both(self: Net, x: Tensor) -> Any:
    _, hn = self.rnn(x)
    return self.fc(torch.cat((hn[0], hn[1]), dim=-1))  # here


@wrong("cell-for-hidden", FIRST)
def cell_state(self: Net, x: Tensor) -> Any:
    _, state = self.rnn(x)
    return self.fc(state[-1].squeeze(0))  # here


@wrong("cell-for-hidden", {**FIRST, "num_layers": 2})
def cell_state_of_the_top(self: Net, x: Tensor) -> Any:
    _, state = self.rnn(x)
    return self.fc(state[1][-1])  # here


@wrong("directions-interleaved", BOTH)
def interleaved(self: Net, x: Tensor) -> Any:
    out, _ = self.rnn(x)
    return self.fc(out.view(B, T, H, 2)[..., 0])  # here


@wrong("directions-interleaved", BOTH)
def interleaved_and_summed(self: Net, x: Tensor) -> Any:
    out, _ = self.rnn(x)
    pairs = out.reshape(B, T, H, 2)  # here
    return self.fc(pairs.sum(-1))


# --- wrong: axes


@wrong("batch-first-forgotten", {})
def batch_first_forgotten(self: Net, x: Tensor) -> Any:
    out, _ = self.rnn(x)  # here
    return self.fc(out[:, -1])


@wrong("last-sequence", FIRST)
def last_sequence(self: Net, x: Tensor) -> Any:
    out, _ = self.rnn(x)
    return self.fc(out[-1])  # here


@wrong("last-sequence", FIRST)
def mean_over_sequences(self: Net, x: Tensor) -> Any:
    out, _ = self.rnn(x)
    return self.fc(out.mean(0))  # here


@wrong("random-initial-state", FIRST)
def random_state(self: Net, x: Tensor) -> Any:
    state = (torch.randn(1, B, H), torch.randn(1, B, H))
    out, _ = self.rnn(x, state)  # here
    return self.fc(out[:, -1])


@wrong("sequences-not-independent", FIRST)
def centred_over_the_batch(self: Net, x: Tensor) -> Any:
    out, _ = self.rnn(x - x.mean(0))  # here
    return self.fc(out[:, -1])


# --- right


@right(FIRST, "the final state of each sequence")
def right_last_step(self: Net, x: Tensor) -> Any:
    out, _ = self.rnn(x)
    return self.fc(out[:, -1])


@right({}, "the final state of each sequence", time_first=True)
def right_last_step_time_first(self: Net, x: Tensor) -> Any:
    out, _ = self.rnn(x)
    return self.fc(out[-1])


@right(TWO, "torch.cat((hn[-2], hn[-1]), dim=-1)", "the final state of each sequence, both directions")
def right_both_directions(self: Net, x: Tensor) -> Any:
    _, (hn, _) = self.rnn(x)
    return self.fc(torch.cat((hn[-2], hn[-1]), dim=1))


@right({**TWO, "num_layers": 3}, "the final state of each sequence, both directions")
def right_top_layer_by_view(self: Net, x: Tensor) -> Any:
    _, (hn, _) = self.rnn(x)
    top = hn.view(3, 2, B, H)[-1]
    return self.fc(torch.cat(tuple(top), dim=-1))


@right({**BOTH, "num_layers": 2, "fc": 4 * H}, "the final state of each sequence, both directions, all layers")
def right_all_layers(self: Net, x: Tensor) -> Any:
    _, (hn, _) = self.rnn(x)
    return self.fc(hn.transpose(0, 1).flatten(1))


@right({**FIRST, "num_layers": 2}, "hn[-1]", "the final state of each sequence")
def right_top_layer(self: Net, x: Tensor) -> Any:
    _, (hn, _) = self.rnn(x)
    return self.fc(hn[-1])


@right({**BOTH, "proj_size": 3, "fc": H}, "torch.cat((hn[-2], hn[-1]), dim=-1)")
def right_projected(self: Net, x: Tensor) -> Any:
    _, (hn, _) = self.rnn(x)
    return self.fc(torch.cat((hn[-2], hn[-1]), dim=1))


@right(BOTH, "the final state of each sequence, both directions")
def right_directions_added(self: Net, x: Tensor) -> Any:
    _, (hn, _) = self.rnn(x)
    return self.fc(hn.sum(0))


@right({**TWO, "kind": nn.GRU}, "the final state of each sequence, both directions")
def right_ends_of_output(self: Net, x: Tensor) -> Any:
    out, _ = self.rnn(x)
    return self.fc(torch.cat((out[:, -1, :H], out[:, 0, H:]), dim=-1))


@right({**TWO, "kind": nn.RNN}, "every step of each sequence, both directions")
def right_tagger(self: Net, x: Tensor) -> Any:
    out, _ = self.rnn(x)
    return self.fc(torch.relu(out))


@right(TWO, "every step of each sequence, both directions", args=with_lengths)
def right_padded_tagger(self: Net, x: Tensor, lengths: Tensor) -> Any:
    out, _ = unpacked(self, x, lengths)
    return self.fc(out)


@right(TWO, "every step of each sequence, both directions", args=with_lengths)
def right_valid_steps_alone(self: Net, x: Tensor, lengths: Tensor) -> Any:
    out, _ = unpacked(self, x, lengths)
    return self.fc(out[torch.arange(out.shape[1]) < lengths[:, None]])


@right(FIRST, "the final state of each sequence", args=with_lengths)
def right_last_valid_step(self: Net, x: Tensor, lengths: Tensor) -> Any:
    out, _ = unpacked(self, x, lengths)
    return self.fc(out[torch.arange(len(x)), lengths - 1])


@right({**FIRST, "kind": nn.GRU}, "the final state of each sequence", args=with_lengths)
def right_gathered(self: Net, x: Tensor, lengths: Tensor) -> Any:
    out, _ = unpacked(self, x, lengths)
    index = (lengths - 1)[:, None, None].expand(-1, 1, out.shape[-1])
    return self.fc(out.gather(1, index).squeeze(1))


@right(TWO, "torch.cat((hn[-2], hn[-1]), dim=-1)", args=with_lengths)
def right_packed(self: Net, x: Tensor, lengths: Tensor) -> Any:
    _, (hn, _) = self.rnn(packed(x, lengths))
    return self.fc(torch.cat((hn[-2], hn[-1]), dim=1))


@right(FIRST, "every step of each sequence", args=with_lengths)
def right_packed_data(self: Net, x: Tensor, lengths: Tensor) -> Any:
    out, _ = self.rnn(packed(x, lengths))
    return out._replace(data=self.fc(out.data))


@right(FIRST, "every step of each sequence", args=with_lengths)
def right_masked_mean(self: Net, x: Tensor, lengths: Tensor) -> Any:
    out, _ = unpacked(self, x, lengths)
    mask = (torch.arange(out.shape[1]) < lengths[:, None]).float()[..., None]
    return self.fc((out * mask).sum(1) / lengths[:, None])


@right(FIRST, "every step of each sequence", args=with_lengths)
def right_sum_over_zeros(self: Net, x: Tensor, lengths: Tensor) -> Any:
    out, _ = unpacked(self, x, lengths)
    return self.fc(out.sum(1) / lengths[:, None])


@right(TWO, "every step of each sequence, both directions", args=with_lengths)
def right_masked_maximum(self: Net, x: Tensor, lengths: Tensor) -> Any:
    out, _ = unpacked(self, x, lengths)
    later = torch.arange(out.shape[1]) >= lengths[:, None]
    return self.fc(out.masked_fill(later[..., None], -torch.inf).max(1)[0])


@right(TWO, "every step of each sequence, both directions")
def right_mean_over_all_steps(self: Net, x: Tensor) -> Any:
    out, _ = self.rnn(x)
    return self.fc(out.mean(1))


@right(TWO, "every step of each sequence, both directions", args=with_lengths)
def right_attention(self: Net, x: Tensor, lengths: Tensor) -> Any:
    out, _ = unpacked(self, x, lengths)
    later = torch.arange(out.shape[1]) >= lengths[:, None]
    weights = self.att(out).squeeze(-1).masked_fill(later, -torch.inf).softmax(-1)
    return self.fc((out * weights[..., None]).sum(1))


@right(TWO, "every step of each sequence, both directions")
def right_attention_by_product(self: Net, x: Tensor) -> Any:
    out, (hn, _) = self.rnn(x)
    query = torch.cat((hn[-2], hn[-1]), dim=-1)[:, :, None]
    weights = torch.bmm(out, query).softmax(1)
    return self.fc((weights * out).sum(1))


@right(TWO, "every step of each sequence, both directions")
def right_self_attention(self: Net, x: Tensor) -> Any:
    out, _ = self.rnn(x)
    return self.fc(self.heads(out, out, out)[0])


@right(TWO, "every step of each sequence, both directions")
def right_residual_and_norm(self: Net, x: Tensor) -> Any:
    out, _ = self.rnn(x)
    return self.fc(self.norm(out + x.repeat(1, 1, 3)))


@right(TWO, "every step of each sequence, both directions")
def right_convolution(self: Net, x: Tensor) -> Any:
    out, _ = self.rnn(x)
    return self.conv(out.transpose(1, 2)).amax(-1)


@right(TWO, "every step of each sequence, both directions")
def right_step_by_step(self: Net, x: Tensor) -> Any:
    out, _ = self.rnn(x)
    return torch.stack([self.fc(out[:, step]) for step in range(out.shape[1])], dim=1)


@right(FIRST, "the final state and the cell state of each sequence")
def right_encoder_decoder(self: Net, x: Tensor) -> Any:
    _, state = self.rnn(x)
    out, _ = self.decoder(x, state)
    return self.fc(out)


@right(TWO, "the final state and the cell state of each sequence, both directions")
def right_state_joined_for_a_decoder(self: Net, x: Tensor) -> Any:
    _, state = self.rnn(x)
    joined = tuple(each.transpose(0, 1).reshape(1, len(x), -1) for each in state)
    return self.wide_decoder(x, joined)[0]


@right(FIRST, "the final state and the cell state of each sequence")
def right_state_carried(self: Net, x: Tensor) -> Any:
    state, made = None, []
    for step in torch.split(x, 1, dim=1):
        out, state = self.rnn(step, state)
        made.append(self.fc(out.squeeze(1)))
    return torch.stack(made, dim=1)


@right(TWO, "every step of each sequence, both directions", args=with_lengths)
def right_packed_again(self: Net, x: Tensor, lengths: Tensor) -> Any:
    out, _ = unpacked(self, x, lengths)
    out, _ = self.second(packed(self.norm(out), lengths))
    return self.fc(torch.cat([pad_packed_sequence(out, batch_first=True)[0]] * 2, dim=-1))


@right({**FIRST, "kind": nn.GRU}, "the final state of each sequence", args=lambda: (torch.randn(6, T, I),))
def right_contrast(self: Net, x: Tensor) -> Any:
    _, hn = self.rnn(x)
    return torch.matmul(hn[-1], hn[-1].t()).argmax(1, keepdim=True) * 0 + self.fc(hn[-1])


@right({**TWO, "num_layers": 2}, "every step of each sequence, both directions")
def right_two_modules(self: Net, x: Tensor) -> Any:
    out, _ = self.rnn(x)
    return self.second(out)[0][:, -1]


@right(FIRST, "the final state", args=lambda: (torch.randn(T, I),))
def right_unbatched(self: Net, x: Tensor) -> Any:
    out, _ = self.rnn(x)
    return self.fc(out[-1])


@right(FIRST, "the final state of each sequence", args=lambda: (torch.randn(2, 3, T, I),))
def right_hierarchy(self: Net, x: Tensor) -> Any:
    _, (words, _) = self.rnn(x.flatten(0, 1))
    sentences = words[-1].view(2, 3, H)
    return self.second(sentences)[0][:, -1]


@right({**FIRST, "fc": 3 * H}, "the final state of each sequence", args=lambda: (torch.randn(2, 3, T, I),))
def right_channels_of_their_own(self: Net, x: Tensor) -> Any:
    _, (hn, _) = self.rnn(x.flatten(0, 1))
    return self.fc(hn[-1].view(2, 3 * H))


@right({**FIRST, "fc": T * H}, "every step of each sequence")
def right_whole_sequence_in_a_row(self: Net, x: Tensor) -> Any:
    out, _ = self.rnn(x)
    return self.fc(out.flatten(1))


@right({**FIRST, "kind": nn.GRU}, "the final state of each sequence", args=with_lengths)
def right_sorted_by_hand(self: Net, x: Tensor, lengths: Tensor) -> Any:
    lengths, order = lengths.sort(descending=True)
    _, hn = self.rnn(pack_padded_sequence(x[order], lengths, batch_first=True))
    return self.fc(hn[-1][order.argsort()])


@right({**TWO}, "several steps of each sequence, both directions")
def right_span(self: Net, x: Tensor) -> Any:
    out, _ = self.rnn(x)
    return self.fc(out[:, -1] - out[:, 0])


@right(TWO, "every step of each sequence, both directions")
def right_conditional_random_field(self: Net, x: Tensor) -> Any:
    emissions = self.fc(self.rnn(x)[0])
    score = emissions[:, 0]
    for step in range(1, T):
        score = torch.logsumexp(score[:, :, None] + emissions[:, step, None], dim=1)
    return score.logsumexp(-1)


@right(TWO, "every step of each sequence, both directions")
def right_written_into_a_buffer(self: Net, x: Tensor) -> Any:
    out, _ = self.rnn(x)
    buffer = torch.zeros(*out.shape[:2], 2 * H)
    for step in range(T):
        buffer[:, step] = out[:, step]
    return self.fc(buffer)


@right(TWO, "every step of each sequence, both directions")
def right_checkpointed(self: Net, x: Tensor) -> Any:
    out, _ = self.rnn(x)
    return checkpoint(lambda value: self.fc(torch.relu(value)), out, use_reentrant=False)


@right(TWO, "torch.cat((hn[-2], hn[-1]), dim=-1)")
def right_autocast(self: Net, x: Tensor) -> Any:
    _, (hn, _) = self.rnn(x)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return self.fc(torch.cat((hn[-2], hn[-1]), dim=1))


@right(FIRST, "every step of each sequence", args=lambda: ([torch.randn(length, I) for length in LENGTHS],))
def right_ragged(self: Net, parts: list[Tensor]) -> Any:
    out, _ = self.rnn(pack_sequence(parts, enforce_sorted=False))
    padded, lengths = pad_packed_sequence(out, batch_first=True)
    return self.fc(
        pad_sequence([each[:length] for each, length in zip(padded, lengths, strict=True)], batch_first=True)
    )


@right(TWO, "every step of each sequence, both directions")
def right_functional(self: Net, x: Tensor) -> Any:
    weights: dict[str, Tensor] = dict(self.rnn.named_parameters())
    out, _ = torch.func.functional_call(self.rnn, weights, (x,))
    return self.fc(out)


@right({**FIRST, "num_layers": 2}, "every step of each sequence")
def right_similarity(self: Net, x: Tensor) -> Any:
    out, (hn, _) = self.rnn(x)
    codes = F.normalize(hn[-1], dim=-1)
    return self.fc(out) + (codes @ codes.t()).diagonal()[:, None, None]
