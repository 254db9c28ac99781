"""Messages of other versions and devices, whole tracebacks and logs, and messages that are nobody's business here."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from lstm_inspect.diagnosis import text as traceback_text
from lstm_inspect.diagnosis.diagnose import Known, diagnose

OTHER_WORDINGS = [
    ("Expected hidden[0] size (1, 64, 256), got (64, 256)", "hidden-size", "rows-axis-missing"),
    ("Expected hidden[0] size (1, 128, 302), got (1, 40, 302)", "hidden-size", "last-batch"),
    ("Expected hidden size (2, 32, 64), got (1, 32, 64)", "hidden-size", "directions-missing"),
    ("input must have 3 dimensions, got 2", "input-axes", "no-batch-axis"),
    ("input must have 2 dimensions, got 3", "input-axes", "packed-axes"),
    ("LSTM: Expected input to be 2-D or 3-D but received 4-D tensor", "input-axes", "image"),
    ("lengths array has to be sorted in decreasing order", "lengths-sorted", "not-sorted"),
    ("'lengths' array has to be sorted in decreasing order", "lengths-sorted", "not-sorted"),
    ("Input batch size 2 doesn't match hidden[0] batch size 3", "cell-batch", "another-batch"),
    ("Expected !pre_compute_input to be true, but got false.", "packed-device", "packed-on-cpu"),
    (
        "'lengths' argument should be a 1D CPU int64 tensor, but got 1D cuda:0 Long tensor",
        "lengths-tensor",
        "lengths-on-device",
    ),
    (
        "Input and hidden tensors are not at the same device, found input tensor at cuda:0 and hidden tensor at cpu",
        "states-device",
        "states-elsewhere",
    ),
    (
        "Input and parameter tensors are not at the same device, "
        "found input tensor at cuda:0 and parameter tensor at cpu",
        "weights-device",
        "module-left-behind",
    ),
    (
        "Input and parameter tensors are not at the same device, "
        "found input tensor at cpu and parameter tensor at cuda:0",
        "weights-device",
        "input-left-behind",
    ),
    ("cudnn RNN backward can only be called in training mode", "cudnn-eval", "eval-mode"),
    ("derivative for aten::_cudnn_rnn_backward is not implemented", "second-derivative", "double-backward"),
    ("rnn: hx is not contiguous", "not-contiguous", "transposed-states"),
    ("input must have the type torch.float32, got type torch.float64", "input-dtype", "from-numpy"),
    ("expected m1 and m2 to have the same dtype, but got: double != float", "product-dtypes", "states-dtype"),
    ("size mismatch, m1: [15 x 8], m2: [4 x 2] at /tmp/TH.c:197", "product-shapes", "linear-after-two-directions"),
    ("'tuple' object has no attribute 'size'", "attribute", "result-is-a-tuple"),
    ("\"_thnn_fused_lstm_cell_cuda\" not implemented for 'BFloat16'", "not-implemented-for", "half-on-cpu"),
    (
        "Batching rule not implemented for aten::lstm.input. We could not generate a fallback.",
        "vmap",
        "lstm-under-vmap",
    ),
    ("Gather got an input of invalid size: got [2, 9, 4], but expected [2, 10, 4]", "joined-sizes", "replicas-differ"),
    ("Type 'Tuple[Tensor, Tensor, NoneType, NoneType]' cannot be traced.", "trace-types", "packed-traced"),
    (
        "UserWarning: RNN module weights are not part of single contiguous chunk of memory. This means",
        "not-contiguous-weights",
        "weights-touched",
    ),
    (
        "UserWarning: Exporting a model to ONNX with a batch_size other than 1, with a variable length with LSTM can",
        "onnx-batch",
        "states-inside",
    ),
    (
        "one of the variables needed for gradient computation has been modified by an inplace operation: "
        "[torch.FloatTensor [16, 3]] is at version 2; expected version 1 instead.",
        "changed-in-place",
        "stepped-under-carried-state",
    ),
    (
        "one of the variables needed for gradient computation has been modified by an inplace operation: "
        "[torch.FloatTensor [5, 2, 4]], which is output 0 of MkldnnRnnLayer, is at version 1;",
        "changed-in-place",
        "result-changed",
    ),
    ("Inference tensors cannot be saved for backward. Please do not use", "inference-tensor", "made-in-inference-mode"),
    (
        "output with shape [1, 80] doesn't match the broadcast shape [3, 80]",
        "states-batch-packed",
        "made-for-one-sequence",
    ),
    (
        "RuntimeError: While copying the parameter named weight_ih_l0, whose dimensions in the model are "
        "torch.Size([16, 3]) and whose dimensions in the checkpoint are torch.Size([16, 7]).",
        "state-dict",
        "other-input-size",
    ),
]


@pytest.mark.parametrize(("message", "rule", "cause"), OTHER_WORDINGS)
def test_older_and_gpu_wordings(message: str, rule: str, cause: str) -> None:
    found = diagnose(message)
    assert found.rule == rule
    assert cause in [each.id for each in (found.causes or found.if_lstm)[:2]]


UNRELATED = [
    "",
    "CUDA out of memory",
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of 79 GiB",
    "KeyError: 'lstm'",
    "FileNotFoundError: [Errno 2] No such file or directory: 'lstm.pt'",
    "ModuleNotFoundError: No module named 'torch'",
    "RuntimeError: stack expects each tensor to be equal size, but got [3] at entry 0 and [4] at entry 1",
    "RuntimeError: DataLoader worker (pid 4711) is killed by signal: Killed.",
    "RuntimeError: mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)",
    "RuntimeError: Given groups=1, weight of size [6, 1, 5, 5], expected input[4, 3, 28, 28] to have 1 channels",
    "RuntimeError: CUDA error: device-side assert triggered",
    "IndexError: index out of range in self",
    "AttributeError: 'NoneType' object has no attribute 'split'",
    "TypeError: MyModel.__init__() got an unexpected keyword argument 'hidden_dim'",
    "TypeError: MyModel.forward() takes from 2 to 3 positional arguments but 4 were given",
    'RuntimeError: Error(s) in loading state_dict for Net:\n\tMissing key(s) in state_dict: "fc1.weight", "fc1.bias".',
    "epoch 3 loss 0.12 lstm hidden size 20",
    "\x00\xff\x1b[31m" * 50,
]


@pytest.mark.parametrize("text", UNRELATED)
def test_what_is_not_claimed(text: str) -> None:
    found = diagnose(text)
    assert not found.matched
    assert found.needs


PLAIN = """Traceback (most recent call last):
  File "/home/me/lstm-project/train.py", line 12, in <module>
    logits = self.fc(x)
  File "/usr/lib/python3/site-packages/torch/nn/modules/linear.py", line 125, in forward
    return F.linear(input, self.weight, self.bias)
RuntimeError: mat1 and mat2 shapes cannot be multiplied (64x9216 and 400x120)
"""
LOADING = """Traceback (most recent call last):
  File "/home/me/train.py", line 12, in <module>
    for batch in loader:
  File "/usr/lib/python3/site-packages/torch/utils/data/dataloader.py", line 733, in __next__
    data = self._next_data()
AttributeError: 'tuple' object has no attribute 'size'
"""


@pytest.mark.parametrize("text", [PLAIN, LOADING])
def test_a_traceback_that_leads_elsewhere_is_not_claimed(text: str) -> None:
    assert not diagnose(text).matched


def test_the_same_words_are_claimed_where_an_lstm_is_involved() -> None:
    inside = PLAIN.replace("logits = self.fc(x)", "logits = self.fc(self.lstm(x)[0])")
    assert diagnose(inside).rule == "product-shapes"
    assert diagnose(PLAIN, hidden_size=30).rule == "product-shapes"
    assert diagnose(inside).needs == ()


def test_shared_words_ask_for_the_traceback() -> None:
    found = diagnose("AttributeError: 'tuple' object has no attribute 'shape'")
    assert not found.matched
    assert found.if_lstm[0].id == "result-is-a-tuple"
    assert "traceback" in found.needs[0]


TRACEBACK = """Traceback (most recent call last):
  File "/home/me/train.py", line 30, in <module>
    out, hx = self.lstm(x, hx)
  File "/usr/lib/python3/site-packages/torch/nn/modules/rnn.py", line 900, in forward
    raise RuntimeError(msg.format(expected_hidden_size, list(hx.size())))
RuntimeError: Expected hidden[0] size (1, 7, 4), got [1, 32, 4]
"""
NOTEBOOK = """\x1b[0;31m---------------------------------------------------------------------------\x1b[0m
\x1b[0;31mRuntimeError\x1b[0m                              Traceback (most recent call last)
Cell \x1b[0;32mIn[3], line 4\x1b[0m
\x1b[1;32m      2\x1b[0m lstm = nn.LSTM(3, 4)
\x1b[0;32m----> 4\x1b[0m \x1b[43mlstm\x1b[49m\x1b[43m(\x1b[49m\x1b[43mx\x1b[49m\x1b[43m)\x1b[49m
    1154 raise ValueError("hidden_size must be greater than zero")
\x1b[0;31mRuntimeError\x1b[0m: Expected hidden[0] size (1, 7, 4),
 got [1, 32, 4]"""


@pytest.mark.parametrize(
    "text",
    [
        TRACEBACK,
        TRACEBACK.replace("\n", "\r\n"),
        NOTEBOOK,
        f"INFO step 1\n{TRACEBACK}INFO shutting down\nCUDA out of memory\nKeyError: 'x'\n",
        f"RuntimeError: Expected hidden[1] size (9, 9, 9), got [8, 8, 8]\nretrying\n{TRACEBACK}",
        f"\u2502 {TRACEBACK} \u2502",
        f"UserWarning: dropout option adds dropout after all but last recurrent layer\n{TRACEBACK}",
        f"{TRACEBACK}UserWarning: RNN module weights are not part of single contiguous chunk of memory.\n",
        "\x00\x01garbage\xff" * 100 + TRACEBACK,
    ],
)
def test_the_last_error_of_a_text(text: str) -> None:
    found = diagnose(text)
    assert (found.rule, found.expected, found.got) == ("hidden-size", (1, 7, 4), (1, 32, 4))


def test_a_warning_counts_where_there_is_no_error() -> None:
    text = "UserWarning: RNN module weights are not part of single contiguous chunk of memory.\nCUDA out of memory"
    assert diagnose(text).rule == "not-contiguous-weights"


@pytest.mark.parametrize("before", [0, 10, 300_000, 1_000_000])
def test_windows_lose_nothing_at_their_edges(before: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traceback_text, "_WINDOW", 5_000)
    monkeypatch.setattr(traceback_text, "_OVERLAP", 2_000)
    line = "INFO epoch 1 loss 0.5\n"
    noise = line * (before // len(line))
    for after in range(0, 6_000, 450):
        found = diagnose(noise + TRACEBACK + "x" * after)
        assert found.expected == (1, 7, 4)


def test_a_window_that_forgets_the_overlap_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traceback_text, "_WINDOW", 5_000)
    monkeypatch.setattr(traceback_text, "_OVERLAP", 0)
    cut = [diagnose(TRACEBACK + "x " * after).matched for after in range(2_300, 2_600, 5)]
    assert not all(cut)


def test_it_loads_no_torch() -> None:
    code = (
        "import sys; from lstm_inspect.diagnosis.diagnose import diagnose; "
        "from lstm_inspect.diagnosis.check_call import check_call; from lstm_inspect.diagnosis.known import Known; "
        "diagnose('Expected hidden size (1, 2, 3), got [1, 1, 3]'); check_call(Known(lengths=(2, 1))); "
        "sys.exit(any(name in sys.modules for name in ('torch', 'rich', 'typer')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


HIDDEN: list[tuple[tuple[int, ...], tuple[int, ...], dict[str, Any], str]] = [
    ((1, 5, 4), (5, 1, 4), {}, "states-batch-first"),
    ((1, 5, 4), (1, 2, 4), {}, "batch-first-missing"),
    ((1, 5, 4), (1, 2, 4), {"input_shape": (2, 5, 3)}, "batch-first-missing"),
    ((1, 5, 4), (1, 2, 4), {"input_shape": (5, 2, 3)}, "batch-first-too-many"),
    ((1, 7, 4), (1, 32, 4), {"input_shape": (7, 5, 3), "batch_first": True}, "last-batch"),
    ((2, 3, 4), (1, 3, 8), {}, "directions-in-features"),
    ((2, 3, 4), (1, 3, 4), {"bidirectional": True, "num_layers": 1}, "directions-missing"),
    ((2, 3, 4), (1, 3, 4), {"bidirectional": False}, "layers-missing"),
    ((1, 3, 4), (2, 3, 4), {}, "bidirectional-into-one-direction"),
    ((1, 3, 4), (2, 3, 4), {"bidirectional": True}, "more-layers"),
    ((1, 3, 4), (1, 1, 4), {}, "made-for-one-sequence"),
    ((1, 3, 2), (1, 3, 4), {"proj_size": 2}, "h0-not-projected"),
    ((1, 3, 4), (1, 3, 5), {"proj_size": 0}, "another-width"),
]


@pytest.mark.parametrize(("expected", "got", "facts", "cause"), HIDDEN)
def test_the_shapes_decide(expected: tuple[int, ...], got: tuple[int, ...], facts: dict[str, Any], cause: str) -> None:
    found = diagnose(f"Expected hidden[0] size {expected}, got {list(got)}", **facts)
    assert found.causes[0].id == cause


def test_facts_are_given_either_way() -> None:
    message = "Expected hidden[0] size (2, 3, 4), got [1, 3, 4]"
    assert diagnose(message, Known(bidirectional=False)) == diagnose(message, bidirectional=False)
    with pytest.raises(TypeError):
        diagnose(message, hidden=4)


def test_the_axis_is_named_in_letters() -> None:
    assert diagnose("Input batch size 2 doesn't match hidden0 batch size 3").letter == "B"
    assert diagnose("mat1 and mat2 shapes cannot be multiplied (15x8 and 4x2)").letter == "D*R"
    assert diagnose("Expected target size [2, 4], got [2, 5]").letter is None
    found = diagnose("Expected hidden[1] size (1, 3, 4), got [1, 3, 2]")
    assert (found.argument, found.axis, found.letter) == ("c0", 2, "H")
    found = diagnose(
        "input.size(-1) must be equal to input_size. Expected 3, got 7", input_shape=(5, 2, 7), batch_first=True
    )
    assert (found.argument, found.axis, found.letter, found.expected) == ("input", 2, "I", (5, 2, 3))
