"""What goes wrong after the call: the result is a tuple, packed, wider or laid out otherwise than expected."""

from __future__ import annotations

from typing import Final

from lstm_inspect.diagnosis.rule import Cause, Rule, says

RULES: Final = (
    Rule(
        "index-range",
        says(
            "index {index:int} is out of bounds for dimension {axis:int} with size {size:int}",
            "tuple index out of range",
            "list index out of range",
        ),
        "hx",
        (
            Cause(
                "one-tensor",
                "hx is one tensor, not the tuple (h0, c0): hx[1] is looked for among its rows, and there is one",
                "output, (hn, cn) = lstm(input, (h0, c0))",
                "the LSTM is called with a single tensor, and L*D is 1",
                lambda e: (e.get("index"), e.get("axis"), e.get("size")) == (1, 0, 1) or False,
            ),
            Cause(
                "one-state",
                "hx holds one state; both are wanted, or none",
                "output, (hn, cn) = lstm(input, (h0, c0))",
                "hx is (h0,), or ()",
                lambda e: None if e.get("index") is None else False,
            ),
            Cause(
                "row-of-hn",
                lambda e: (
                    f"hn has {e['size']} row(s): L*D, the layers times the directions"
                    if e.get("size") is not None
                    else "(hn, cn) has two parts, and a PackedSequence four"
                ),
                "state = hn[-1]  # the last layer's; with two directions torch.cat((hn[-2], hn[-1]), dim=-1)",
                "hn or cn is indexed: hn[-2] exists with two directions, or from two layers on",
                lambda e: None if e.get("axis") in (0, None) else False,
                argument="hn",
                axis=0,
            ),
            Cause(
                "lengths-as-index",
                "a length was used as an index: the last valid step is lengths - 1",
                "last = output[torch.arange(output.shape[0]), lengths - 1]  # batch_first, one direction",
                lambda e: (
                    f"index {e['index']} is max(lengths), or batch and time are swapped"
                    if e.get("index") is not None
                    else "the index is computed from lengths"
                ),
                lambda e: None if e.get("index") is not None else False,
                argument="output",
            ),
        ),
        scope="near",
        claims=lambda e: e.at_an_lstm or e.trace in ("none", "hidden"),
    ),
    Rule(
        "too-many-indices",
        says("too many indices for tensor of dimension {got:int}"),
        "output",
        (
            Cause(
                "unbatched-output",
                "output has two axes, (T, D*R): the input was 2-D, so torch took it for one unbatched sequence",
                "output, (hn, cn) = lstm(input.unsqueeze({batch_axis}))",
                "input.shape has two sizes",
                lambda e: None if e["got"] == 2 else False,
            ),
            Cause(
                "state-already-taken",
                "the axis is gone already: hn[-1] is (B, R), output[-1] is (B, D*R)",
                "features = hn[-1]  # (B, R), nothing left to take a step from",
                "a step or a row was taken before",
            ),
        ),
        scope="near",
        claims=lambda e: e["got"] <= 2,
    ),
    Rule(
        "loss-layout",
        says(
            "Expected target size {expected:shape}, got {got:shape}",
            "Expected target size {expected:shape}, got torch.Size({got:shape})",
        ),
        "output",
        (
            Cause(
                "classes-last",
                "the loss wants the classes on axis 1, (B, C, T), and the LSTM gives them last, (B, T, C)",
                "loss = criterion(output.transpose(1, 2), target)  # or output.flatten(0, 1), target.flatten()",
                lambda e: (
                    f"target.shape is {e['got']}, and {e['expected'][-1]} of {e['expected']} is the number of classes"
                ),
            ),
            Cause(
                "target-transposed",
                "output is (T, B, C) and the target (B, T), or the other way round",
                "target = target.transpose(0, 1)",
                "{got} are B and T in another order than output's",
            ),
        ),
        axis=1,
        scope="near",
        claims=lambda e: len(e.expected) == len(e.got) == 2,
    ),
    Rule(
        "loss-batch",
        says("Expected input batch_size ({got:int}) to match target batch_size ({expected:int})."),
        "output",
        (
            Cause(
                "target-not-flattened",
                lambda e: (
                    f"output was flattened to {e['got']} steps, and the target still has its own axes"
                    if e["got"] > e["expected"]
                    else "one result a sequence meets a target for each step"
                ),
                lambda e: (
                    "loss = criterion(output.flatten(0, 1), target.flatten())"
                    if e["got"] > e["expected"]
                    else "loss = criterion(output.flatten(0, 1), target.flatten())  # output of every step, not hn[-1]"
                ),
                lambda e: f"{max(e['got'], e['expected'])} is T*B",
                lambda e: None if max(e["got"], e["expected"]) % max(1, min(e["got"], e["expected"])) == 0 else False,
            ),
            Cause(
                "batch-first-missing",
                "the step was taken on the axis of the batch: output[-1] belongs to batch_first=False, "
                "output[:, -1] to True",
                "features = hn[-1]  # (B, R), whatever batch_first is",
                lambda e: f"{e['got']} is T, and B is {e['expected']}",
            ),
        ),
        axis=0,
        scope="near",
    ),
    Rule(
        "target-axes",
        says("0D or 1D target tensor expected, multi-target not supported", "multi-target not supported at"),
        "output",
        (
            Cause(
                "one-result-for-every-step",
                "the target has a label for each step, and the LSTM's result was cut to one step or one state",
                "loss = criterion(output.flatten(0, 1), target.flatten())  # a label for each step",
                "target.shape is (B, T)",
            ),
        ),
        scope="near",
    ),
    Rule(
        "next-layer-width",
        says(
            "running_mean should contain {got:int} elements not {expected:int}",
            "Given normalized_shape=[{expected:int}], expected input with shape [*, {again:int}], but got "
            "input of size{got:shape}",
            "was expecting embedding dimension of {expected:int}, but got {got:int}",
        ),
        "output",
        (
            Cause(
                "batch-norm-layout",
                "BatchNorm1d wants features on axis 1, (B, H, T), and the LSTM gives them last: it took T for "
                "the features",
                "output = norm(output.transpose(1, 2)).transpose(1, 2)  # output: (B, T, H)",
                "output has three axes",
                lambda e: "running_mean" in e.message,
            ),
            Cause(
                "two-directions",
                "the next layer was made for H features, and output of a bidirectional LSTM has 2*H",
                lambda e: f"norm = torch.nn.LayerNorm({2 * e['expected']})",
                "the LSTM has bidirectional=True and hidden_size={expected}",
                lambda e: (
                    "running_mean" not in e.message
                    and (e["got"][-1] if isinstance(e["got"], tuple) else e["got"]) == 2 * e["expected"]
                ),
                axis=-1,
            ),
            Cause(
                "another-width",
                "the next layer was made for {expected} features",
                "width = output.shape[-1]  # D*R: what the next layer has to take",
                "output.shape[-1] is not {expected}",
                lambda e: None if "running_mean" not in e.message else False,
                axis=-1,
            ),
        ),
        scope="near",
    ),
    Rule(
        "joined-sizes",
        says(
            "Sizes of tensors must match except in dimension {axis:int}. Expected size {expected:int} but got "
            "size {got:int}",
            "Sizes of tensors must match except in dimension {axis:int}. Got {got:int} and {expected:int}",
            "Gather got an input of invalid size: got {got:shape}, but expected {expected:shape}",
            "Expected size for first two dimensions of batch2 tensor to be: {expected:shape} but got: {got:shape}",
        ),
        "output",
        (
            Cause(
                "replicas-differ",
                "DataParallel's replicas unpacked outputs of different lengths, each its own longest sequence",
                "output, lengths = pad_packed_sequence(packed_output, batch_first=True, total_length=input.shape[1])",
                "the model is wrapped in DataParallel and unpacks inside forward",
                lambda e: True if e.message.startswith("Gather") else e.mentions("parallel") or None,
            ),
            Cause(
                "axes-of-states",
                "output is (T, B, .) or (B, T, .), and hn is (L*D, B, .): one of them has to be brought to the "
                "other's axes",
                "state = hn[-1].unsqueeze({time_axis}).expand_as(output)  # the last layer's, at every step",
                "a state is joined with, or multiplied by, output",
                lambda e: False if e.message.startswith("Gather") else None,
            ),
        ),
        scope="near",
        claims=lambda e: e.message.startswith("Gather") or e.at_an_lstm or 1 in (e["expected"], e["got"]),
    ),
    Rule(
        "view-not-contiguous",
        says("view size is not compatible with input tensor's size and stride"),
        "hn",
        (
            Cause(
                "transposed-view",
                "a transposed hn or output is not contiguous, and view can't merge its axes",
                "states = hn.transpose(0, 1).reshape(hn.shape[1], -1)  # (B, L*D*R)",
                "transpose, permute or batch_first comes before view (a plain hn.view(B, -1) would mix the sequences)",
            ),
        ),
        scope="near",
    ),
)
