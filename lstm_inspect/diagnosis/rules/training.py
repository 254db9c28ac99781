"""Gradients, cuDNN, tracing and export."""

from __future__ import annotations

from typing import Final

from lstm_inspect.diagnosis.evidence import Evidence
from lstm_inspect.diagnosis.rule import Cause, Rule, says

_DETACH: Final = "hidden = tuple(state.detach() for state in hidden)  # between batches"


def _of_an_lstm(e: Evidence) -> bool:
    return any(word in e.message for word in ("RnnLayer", "CudnnRnn", "Lstm", "LSTM", "lstm"))


def _weight(e: Evidence) -> bool | None:
    """A parameter was changed: a leaf, and no function's output."""
    return None if "which is output" not in e.message else False


RULES: Final = (
    Rule(
        "backward-twice",
        says("Trying to backward through the graph a second time"),
        "hx",
        (
            Cause(
                "state-not-detached",
                "the state carried to the next batch still holds the last batch's graph, which backward has freed",
                _DETACH,
                "(hn, cn) of one batch is passed to the next, or kept on self (both of them have to be detached; "
                "retain_graph=True would walk back through every batch)",
            ),
            Cause(
                "backward-again",
                "backward was called twice on losses that share one run of the LSTM",
                "loss = first_loss + second_loss; loss.backward()",
                "two losses, or two backward calls, in one step",
            ),
        ),
        scope="near",
    ),
    Rule(
        "changed-in-place",
        says(
            "one of the variables needed for gradient computation has been modified by an inplace operation: "
            "[torch.{type} {got:view}], which is output {n:int} of {name}, is at version",
            "one of the variables needed for gradient computation has been modified by an inplace operation: "
            "[torch.{type} {got:view}] is at version",
            "one of the variables needed for gradient computation has been modified by an inplace operation",
        ),
        "output",
        (
            Cause(
                "result-changed",
                "output, hn or cn was changed in place, and the LSTM needs it for its backward",
                "output = output.clone()  # then change it; or output = output * mask, not output *= mask",
                "output[..] = .., output += .. or hn.zero_() comes after the call",
                lambda e: True if _of_an_lstm(e) else None,
            ),
            Cause(
                "stepped-under-carried-state",
                "the optimizer changed the weights while the carried state still holds the last batch's graph, "
                "kept by retain_graph=True",
                _DETACH,
                "backward(retain_graph=True) and a state that is carried from batch to batch",
                _weight,
                argument="hx",
            ),
            Cause(
                "state-changed",
                "the state is reset in place between batches",
                "hidden = None  # new states; not hidden[0].zero_()",
                "zero_(), fill_() or an assignment by index on hn or cn",
                argument="hx",
            ),
        ),
        scope="near",
    ),
    Rule(
        "inference-tensor",
        says(
            "Inference tensors cannot be saved for backward", "Inplace update to inference tensor outside InferenceMode"
        ),
        "hx",
        (
            Cause(
                "made-in-inference-mode",
                "a state or an input that was made under torch.inference_mode() goes into a call that is trained",
                "h0, c0 = h0.clone(), c0.clone()  # or make them under torch.no_grad()",
                "states are kept from an evaluation",
            ),
        ),
        scope="near",
    ),
    Rule(
        "no-gradient",
        says("element 0 of tensors does not require grad and does not have a grad_fn"),
        "output",
        (
            Cause(
                "ran-without-gradients",
                "the LSTM ran under no_grad or inference_mode, or its result was detached before the loss",
                "with torch.enable_grad(): output, (hn, cn) = lstm(input)",
                "output.requires_grad is False",
            ),
        ),
        scope="any",
    ),
    Rule(
        "leaf-in-place",
        says(
            "a leaf Variable that requires grad is being used in an in-place operation",
            "a view of a leaf Variable that requires grad is being used in an in-place operation",
            "a leaf Variable that requires grad has been used in an in-place operation",
        ),
        "lstm",
        (
            Cause(
                "weight-changed",
                "a weight of the LSTM is changed in place while gradients are recorded",
                "with torch.no_grad(): lstm.weight_ih_l0.copy_(weight)",
                "a parameter, such as the forget gate's bias, is filled or copied into",
            ),
            Cause(
                "learned-state-changed",
                "an initial state that is learned is changed in place",
                "with torch.no_grad(): h0.zero_()",
                "h0 is an nn.Parameter or has requires_grad=True",
                argument="h0",
            ),
        ),
        scope="near",
    ),
    Rule(
        "deepcopy",
        says("Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol"),
        "hn",
        (
            Cause(
                "state-on-the-module",
                "a state that holds its graph is kept on the module, or copied itself",
                "self.hidden = tuple(state.detach() for state in self.hidden)",
                "copy.deepcopy(model) meets self.hidden, or a state is put in a list of copies",
            ),
        ),
        scope="near",
    ),
    Rule(
        "cudnn-eval",
        says(
            "cudnn RNN backward can only be called in training mode",
            "cudnn RNN backward can only be called in train mode",
            "backward_input can only be called in training mode",
        ),
        "lstm",
        (
            Cause(
                "eval-mode",
                "backward was called after a run in eval mode: cuDNN keeps what it needs in training mode only",
                "lstm.train()  # dropout off: lstm.dropout = 0.0",
                "gradients of an evaluated model are wanted (saliency, attacks, captum)",
            ),
            Cause(
                "cudnn-off",
                "the model has to stay in eval mode: then cuDNN has to be off for that pass",
                "with torch.backends.cudnn.flags(enabled=False): output, (hn, cn) = lstm(input)",
                "other layers' behaviour in eval mode matters",
            ),
        ),
    ),
    Rule(
        "second-derivative",
        says(
            "derivative for aten::_cudnn_rnn_backward is not implemented",
            "the derivative for '_cudnn_rnn_backward' is not implemented",
            "derivative for _cudnn_rnn_backward is not implemented",
            "derivative for aten::mkldnn_rnn_layer_backward is not implemented",
            "the derivative for 'mkldnn_rnn_layer_backward' is not implemented",
            "derivative for aten::_thnn_fused_lstm_cell_backward_impl is not implemented",
            "the derivative for '_thnn_fused_lstm_cell_backward' is not implemented",
        ),
        "lstm",
        (
            Cause(
                "double-backward",
                "a gradient of a gradient is wanted (gradient penalty, MAML), and this kernel has none",
                "with torch.backends.cudnn.flags(enabled=False): output, (hn, cn) = lstm(input)",
                "create_graph=True is used; on a CPU: torch.backends.mkldnn.flags(enabled=False)",
            ),
        ),
    ),
)
