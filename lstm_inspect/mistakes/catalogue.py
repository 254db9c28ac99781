"""Every mistake, once: its id, what is tempting, what that really is, and what to write instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lstm_inspect.mistakes.finding import Level


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake that torch accepts.

    Attributes:
        id: part of the contract; it is never used for anything else.
        title: the mistake in a few words.
        tempting: a line that makes it.
        what: what that line really gives, in words that hold for every nn.LSTM.
        instead: the line to write.
        lint: the level of a finding in source code; None if the linter does not look for it.
        live: the level of a finding in a run; None if a run can't show it.
    """

    id: str
    title: str
    tempting: str
    what: str
    instead: str
    lint: Level | None = None
    live: Level | None = None


CATALOGUE: Final[tuple[Mistake, ...]] = (
    Mistake(
        "last-step-bidirectional",
        "one step of output taken for the final state of both directions",
        "features = output[:, -1]",
        "the last step of output: its forward half is the final state, its reverse half is that direction's first "
        "step, not its final state",
        "features = torch.cat((hn[-2], hn[-1]), dim=-1)",
        lint="error",
        live="error",
    ),
    Mistake(
        "padding-as-last-step",
        "the last step of a padded batch taken for each sequence's last",
        "features = output[:, -1]",
        "the last step of the padded batch: padding, for every sequence that ends before it",
        "features = hn[-1]",
        lint="error",
        live="error",
    ),
    Mistake(
        "one-direction-of-two",
        "one direction of a bidirectional module, the other one unused",
        "features = hn[-1]",
        "the reverse direction's final state alone; the forward direction is used nowhere",
        "features = torch.cat((hn[-2], hn[-1]), dim=-1)",
        lint="warning",
        live="warning",
    ),
    Mistake(
        "sequences-mixed",
        "a view that puts several sequences into one row",
        "features = hn.view(hn.shape[1], -1)",
        "rows that hold states of several sequences: hn's first axis is layers and directions, not sequences",
        "features = hn.transpose(0, 1).flatten(1)",
        lint="error",
        live="error",
    ),
    Mistake(
        "layers-for-directions",
        "rows of two layers joined as if they were two directions",
        "features = torch.cat((hn[0], hn[1]), dim=-1)",
        "the rows of two layers of one direction, not of two directions",
        "features = hn[-1]",
        lint="error",
        live="error",
    ),
    Mistake(
        "first-layer",
        "a lower layer's rows taken for the final state",
        "features = hn[0]",
        "a lower layer's final state; the top layer's is used nowhere",
        "features = hn[-1]",
        lint="error",
        live="warning",
    ),
    Mistake(
        "directions-interleaved",
        "output viewed as if the features of the two directions took turns",
        "forward = output.view(*output.shape[:-1], hidden_size, 2)[..., 0]",
        "every other feature, of both directions: output's last axis is forward, then reverse",
        "forward, reverse = output.chunk(2, dim=-1)",
        lint="error",
        live="error",
    ),
    Mistake(
        "last-sequence",
        "the batch axis indexed or averaged as if it were time",
        "features = output[-1]",
        "all steps of one sequence: that axis is the batch",
        "features = output[:, -1]",
        lint="error",
        live="error",
    ),
    Mistake(
        "cell-for-hidden",
        "the cell state taken for the hidden state",
        "_, state = lstm(input); features = state[-1]",
        "the cell state: state is the pair (hn, cn), and its last item is cn",
        "features = state[0][-1]",
        lint="error",
        live="warning",
    ),
    Mistake(
        "padding-averaged",
        "a mean or a maximum over time with the padding in it",
        "features = output.mean(dim=1)",
        "a mean over all steps of the padded batch, those after a sequence's end included",
        "features = output.sum(dim=1) / lengths[:, None]",
        live="warning",
    ),
    Mistake(
        "sequences-not-independent",
        "a sequence's result that depends on the other sequences, or on its padding",
        "result = model(batch)",
        "alone, a sequence gives another result than it gives in the batch",
        "pack the batch, and keep sequences on their own axis",
        live="warning",
    ),
    Mistake(
        "batch-first-forgotten",
        "batch and time swapped before the call",
        "lstm = nn.LSTM(input_size, hidden_size); lstm(torch.randn(batch, time, input_size))",
        "the module reads the first axis as time: the recurrence runs over the sequences",
        "lstm = nn.LSTM(input_size, hidden_size, batch_first=True)",
        lint="error",
        live="error",
    ),
    Mistake(
        "random-initial-state",
        "an initial state drawn anew in every call, in eval mode too",
        "h0 = torch.randn(num_layers, batch, hidden_size)",
        "random numbers in every call: two calls with the same input differ, in eval mode too",
        "h0 = torch.zeros(num_layers, batch, hidden_size)",
        lint="warning",
        live="warning",
    ),
    Mistake(
        "dropout-one-layer",
        "dropout between layers that are not there",
        "lstm = nn.LSTM(input_size, hidden_size, dropout=0.5)",
        "nothing: dropout acts between layers, and there is one",
        "output = F.dropout(output, 0.5, training=self.training)",
        lint="note",
    ),
    Mistake(
        "order-not-restored",
        "a batch sorted by hand whose results are not put back in order",
        "output = output[order]",
        "order sorts once more: the way back is its inverse",
        "output = output[order.argsort()]",
        lint="error",
    ),
)

BY_ID: Final = {mistake.id: mistake for mistake in CATALOGUE}
