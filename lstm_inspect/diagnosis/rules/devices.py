"""Tensors on different devices."""

from __future__ import annotations

from typing import Final

from lstm_inspect.diagnosis.rule import Cause, Rule, says

_MOVE_STATES: Final = (
    "h0, c0 = h0.to(input.device), c0.to(input.device)  # or made by input.new_zeros(...); or none at all"
)
_MOVE_INPUT: Final = "input = input.to(next(lstm.parameters()).device)"
_MOVE_MODULE: Final = "lstm = lstm.to(input.device)"
_REAL_WEIGHTS: Final = "lstm = lstm.to_empty(device='cpu')  # then lstm.load_state_dict(...) or lstm.reset_parameters()"

RULES: Final = (
    Rule(
        "states-device",
        says(
            "Input and hidden tensors are not at the same device, found input tensor at {expected} and hidden "
            "tensor at "
            "{got}"
        ),
        "h0",
        (
            Cause(
                "states-elsewhere",
                "h0 and c0 are on {got} and the input on {expected}: torch.zeros(...) without a device makes them "
                "on the CPU, and .to() of the model does not move them",
                _MOVE_STATES,
                "h0.device is {got}",
            ),
            Cause(
                "input-left-behind",
                "the input was not moved to {got}",
                "input = input.to(h0.device)",
                "the module is on {got} too",
                argument="input",
            ),
        ),
    ),
    Rule(
        "weights-device",
        says(
            "Input and parameter tensors are not at the same device, found input tensor at {got} and parameter "
            "tensor at "
            "{expected}"
        ),
        "input",
        (
            Cause(
                "meta-weights",
                "the module was built on the meta device: its weights have shapes and no numbers",
                _REAL_WEIGHTS,
                "next(lstm.parameters()).device is meta",
                lambda e: e["expected"] == "meta",
                argument="lstm",
            ),
            Cause(
                "module-left-behind",
                "the module was not moved to {got}, where the input is",
                _MOVE_MODULE,
                "it is built, or kept in a plain list, where model.to(...) does not reach it",
                lambda e: e["expected"] == "cpu" and e["got"] != "meta",
                argument="lstm",
            ),
            Cause(
                "input-left-behind",
                "the input is on {got} and the weights on {expected}",
                _MOVE_INPUT,
                "input.device is {got}",
            ),
        ),
    ),
    Rule(
        "packed-device",
        says("Expected !pre_compute_input to be true, but got false", "Expected !pre_compute_input to be true"),
        "packed_input",
        (
            Cause(
                "packed-on-cpu",
                "the packed data is on the CPU and the weights are on the GPU",
                "packed_input = packed_input.to(next(lstm.parameters()).device)",
                "packed_input.data.device is cpu; .to() gives a new PackedSequence, it changes nothing in place",
            ),
        ),
    ),
    Rule(
        "other-device",
        says(
            "Tensor on device {got} is not on the expected device {expected}!",
            "Expected all tensors to be on the same device, but found at least two devices, {got} and {expected}!",
            "Expected all tensors to be on the same device, but got {name:text}is on {got}, different from "
            "other tensors on {expected}",
            "Expected object of device type {expected} but got device type {got} for argument",
            "is on {got}, but expected it to be on {expected} (while checking arguments",
            "is on {got}, but expected them to be on {expected} (while checking arguments",
        ),
        "input",
        (
            Cause(
                "input-elsewhere",
                "the input (packed, or a cell's: there nothing names it) and the weights are on different devices",
                "input = input.to(next(lstm.parameters()).device)  # packed_input.to(..) gives a new PackedSequence",
                "input.device, or packed_input.data.device, is not the weights'",
            ),
            Cause(
                "states-elsewhere",
                "h0 and c0 are on another device than the input; with packed input, and in nn.LSTMCell, "
                "nothing names them",
                _MOVE_STATES,
                "h0.device is not input.device",
                argument="h0",
            ),
        ),
        scope="near",
        claims=lambda e: e.message.startswith("Tensor on device") or e.at_an_lstm,
    ),
    Rule(
        "meta-copied",
        says("Cannot copy out of meta tensor; no data!"),
        "lstm",
        (
            Cause(
                "meta-module",
                "a module built on the meta device has no numbers that could be copied",
                _REAL_WEIGHTS,
                "it was built with device='meta', or under torch.device('meta')",
            ),
            Cause(
                "meta-lengths",
                "lengths, or one of the sequences, are on the meta device",
                "lengths = [len(sequence) for sequence in sequences]",
                "pack_padded_sequence or pad_sequence raises it",
                argument="lengths",
            ),
        ),
        scope="near",
    ),
    Rule(
        "meta-not-loaded",
        says(
            "for {name}: copying from a non-meta parameter in the checkpoint to a meta parameter in the current model, "
            "which is a no-op"
        ),
        "lstm",
        (
            Cause(
                "meta-module",
                "the module is on the meta device, so the checkpoint's numbers go nowhere",
                "lstm.load_state_dict(state_dict, assign=True)",
                "next(lstm.parameters()).device is meta",
            ),
        ),
        scope="any",
        warning=True,
    ),
    Rule(
        "no-cuda",
        says("Torch not compiled with CUDA enabled", "Placeholder storage has not been allocated on {got} device!"),
        "device",
        (
            Cause(
                "device-missing",
                "the device is not there: this torch was built without it, or the input stayed on the CPU",
                "device = 'cuda' if torch.cuda.is_available() else 'cpu'",
                "torch.cuda.is_available() is False",
            ),
        ),
        scope="any",
    ),
)
