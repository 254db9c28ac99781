"""Gradients, cuDNN, tracing and export."""

from __future__ import annotations

from typing import Final

from lstm_inspect.own.evidence import Evidence
from lstm_inspect.own.rules.rule import Cause, Rule, says

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
    Rule(
        "not-contiguous-weights",
        says("RNN module weights are not part of single contiguous chunk of memory"),
        "lstm",
        (
            Cause(
                "weights-touched",
                "the weights were assigned, loaded, copied or shared, so they no longer lie in one piece: it costs memory "
                "and speed at every call, the results are right",
                "lstm.flatten_parameters()  # at the start of forward, under DataParallel too",
                "weights were set one by one, deep-copied, tied, or replicated",
            ),
        ),
        warning=True,
    ),
    Rule(
        "not-contiguous",
        says(
            "rnn: hx is not contiguous",
            "rnn: cx is not contiguous",
            "input is not contiguous",
            "This error may appear if you passed in a non-contiguous input",
        ),
        "h0",
        (
            Cause(
                "transposed-states",
                "the states, or the input, were transposed or expanded: cuDNN wants them in one piece",
                "h0, c0, input = h0.contiguous(), c0.contiguous(), input.contiguous()",
                "transpose, permute, expand or [:, :n] comes before the call",
            ),
        ),
        scope="near",
        claims=lambda e: e.message.startswith("rnn") or e.at_an_lstm,
    ),
    Rule(
        "cudnn-status",
        says("cuDNN error: CUDNN_STATUS_{name:name}", "CUDNN_STATUS_{name:name}"),
        "lstm",
        (
            Cause(
                "cudnn-build",
                "cuDNN failed inside the LSTM: a torch build that does not fit the GPU or its driver, or too little memory",
                "with torch.backends.cudnn.flags(enabled=False): output, (hn, cn) = lstm(input)",
                "it goes away with cuDNN off, and comes for every LSTM: install a build for this GPU",
            ),
            Cause(
                "cudnn-arguments",
                "the input or the states are on the CPU, not contiguous, or of another dtype",
                "h0, c0 = h0.to(input).contiguous(), c0.to(input).contiguous()",
                "it goes away without h0 and c0",
            ),
        ),
        scope="any",
    ),
    Rule(
        "vmap",
        says("Batching rule not implemented for aten::lstm"),
        "lstm",
        (
            Cause(
                "lstm-under-vmap",
                "torch.vmap has no rule for nn.LSTM",
                "output, (hn, cn) = lstm(input.flatten(1, 2))  # (T, V, B, I) -> (T, V*B, I): merge the mapped axis with B",
                "torch.vmap or torch.func maps over a call of the LSTM",
            ),
        ),
    ),
    Rule(
        "trace-types",
        says("Type 'Tuple[{type:text}]' cannot be traced"),
        "input",
        (
            Cause(
                "packed-traced",
                "a PackedSequence can't be traced from outside",
                "traced = torch.jit.trace(model, (input, lengths))  # and pack inside forward",
                "the model is traced with a PackedSequence",
                lambda e: None if "Tensor, Tensor, NoneType" in e.message else False,
            ),
            Cause(
                "none-traced",
                "None can't be an argument of a traced call",
                "traced = torch.jit.trace(model, (input,))",
                "hx=None is passed",
                lambda e: None,
                argument="hx",
            ),
        ),
        scope="near",
        claims=lambda e: "NoneType" in e.message,
    ),
    Rule(
        "onnx-batch",
        says(
            "Exporting a model to ONNX with a batch_size other than 1, with a variable length with LSTM",
            "pack_padded_sequence has been called with a Python list of sequence lengths",
            "ONNX export failed on LSTM because batch_first not supported",
        ),
        "lstm",
        (
            Cause(
                "states-inside",
                "h0 and c0 are made inside the model, so their batch size becomes a constant of the exported graph",
                "torch.onnx.export(model, (input, h0, c0), 'lstm.onnx', dynamic_axes={{'input': [0, 1], 'h0': [1], 'c0': [1]}})",
                "the exported model is run with another batch size",
                lambda e: "batch_size" in e.message or False,
                argument="h0",
            ),
            Cause(
                "lengths-list",
                "lengths is a Python list: tracing makes constants of them",
                "lengths = torch.tensor(lengths)",
                "the traced or exported model is run with other lengths",
                lambda e: "list" in e.message,
                argument="lengths",
            ),
            Cause(
                "batch-first-exported",
                "this exporter has no batch_first",
                "output, (hn, cn) = lstm(input.transpose(0, 1))  # of a module with batch_first=False",
                "torch is older than 1.2",
                lambda e: "batch_first" in e.message,
                argument="batch_first",
            ),
        ),
        warning=True,
    ),
    Rule(
        "projection-kernel",
        says(
            "LSTM with projections is not supported with oneDNN",
            "LSTM with projections is not currently supported with MIOpen",
            "LSTM with projections is not supported with MPS",
            "LSTM with projections is not currently supported with MPS",
        ),
        "proj_size",
        (
            Cause(
                "slower-kernel",
                "this device has no kernel of its own for a projection; torch takes its plain one: slower, and right",
                "output = torch.nn.Linear({hidden_size}, {proj_size})(output)  # if speed matters: not the same model",
                "proj_size is not 0",
            ),
        ),
        warning=True,
    ),
)
