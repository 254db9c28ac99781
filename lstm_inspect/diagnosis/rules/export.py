"""Kernels, tracing and export."""

from __future__ import annotations

from typing import Final

from lstm_inspect.diagnosis.rule import Cause, Rule, says

RULES: Final = (
    Rule(
        "not-contiguous-weights",
        says("RNN module weights are not part of single contiguous chunk of memory"),
        "lstm",
        (
            Cause(
                "weights-touched",
                "the weights were assigned, loaded, copied or shared, so they no longer lie in one piece: it "
                "costs memory "
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
                "cuDNN failed inside the LSTM: a torch build that does not fit the GPU or its driver, or too "
                "little memory",
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
                "output, (hn, cn) = lstm(input.flatten(1, 2))  # (T, V, B, I) -> (T, V*B, I): merge the mapped "
                "axis with B",
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
                "torch.onnx.export(model, (input, h0, c0), 'lstm.onnx', dynamic_axes={{'input': [0, 1], 'h0': "
                "[1], 'c0': [1]}})",
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
