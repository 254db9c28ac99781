"""Where a message was raised: frames of every kind, whatever a launcher puts before them, and whose they are."""

from __future__ import annotations

import pytest

from lstm_inspect.diagnosis.diagnose import diagnose
from lstm_inspect.diagnosis.finding import Frame

SAID = "RuntimeError: input.size(-1) must be equal to input_size. Expected 3, got 7"
TORCH = 'File "/env/lib/python3.11/site-packages/torch/nn/modules/rnn.py", line 205, in check_input'

PYTHON = f"""Traceback (most recent call last):
  File "/home/me/net.py", line 8, in forward
    out, _ = self.lstm(x)
  {TORCH}
    raise RuntimeError(
{SAID}"""
TEXTS = {
    "python": PYTHON,
    "no header": PYTHON.partition("\n")[2],
    "windows": PYTHON.replace("/home/me/net.py", r"C:\\work\\net.py").replace("/env/lib/", r"C:\\Anaconda3\\lib\\"),
    "timestamps": "\n".join(f"2024-01-02 10:00:0{n},123 ERROR {line}" for n, line in enumerate(PYTHON.splitlines())),
    "ranks": "\n".join(f"[rank0]: {line}" for line in PYTHON.splitlines()),
    "ray": "\n".join(f"(worker pid=7) {line}" for line in PYTHON.splitlines()),
    "container": "\n".join(f"app_1  | {line}" for line in PYTHON.splitlines()),
    "carets": PYTHON.replace("self.lstm(x)\n", "self.lstm(x)\n             ^^^^^^^^^^^^\n"),
    "old notebook": f"""---------------------------------------------------------------------------
RuntimeError                              Traceback (most recent call last)
<ipython-input-9-1f> in <module>()
----> 3 model(x)

/home/me/net.py in forward(self, x)
      7         x = self.embed(x)
----> 8         out, _ = self.lstm(x)
      9         return out

/usr/local/lib/python3.6/dist-packages/torch/nn/modules/rnn.py in check_input(self, input, batch_sizes)
--> 205             raise RuntimeError(
{SAID}""",
    "new notebook": f"""RuntimeError                              Traceback (most recent call last)
Cell In[3], line 2
----> 2 model(x)

File ~/net.py:8, in forward(self, x)
      7 x = self.embed(x)
----> 8 out, _ = self.lstm(x)

File ~/env/lib/python3.11/site-packages/torch/nn/modules/rnn.py:205, in RNNBase.check_input(self, input)
--> 205     raise RuntimeError(
{SAID}""",
    "pdb": f"> /home/me/net.py(8)forward()\n-> out, _ = self.lstm(x)\n{SAID}",
}


@pytest.mark.parametrize("name", TEXTS)
def test_the_users_innermost_line(name: str) -> None:
    found = diagnose(TEXTS[name])
    assert (found.rule, found.matched) == ("input-size", True)
    assert found.where is not None
    assert found.where.file.endswith("net.py")
    assert (found.where.line, found.where.function, found.where.code) == (8, "forward", "out, _ = self.lstm(x)")


def test_a_cell_of_a_notebook() -> None:
    found = diagnose(f"Cell In[3], line 2\n      1 lstm = nn.LSTM(3, 4)\n----> 2 lstm(x)\n{SAID}")
    assert found.where == Frame("Cell In[3]", 2, "", "lstm(x)")


def test_no_frame_no_line() -> None:
    assert diagnose(SAID).where is None


GENERAL = "RuntimeError: mat1 and mat2 shapes cannot be multiplied (10x8 and 4x2)"
OWN = 'Traceback (most recent call last):\n  File "{file}", line 3, in {function}\n    {code}\n'


@pytest.mark.parametrize(
    ("file", "function", "code", "claimed"),
    [
        ("net.py", "forward", "y = self.fc(self.lstm(x)[0])", True),
        ("char_rnn.py", "forward", "y = self.fc(x)", True),
        ("net.py", "forward_gru", "y = self.fc(x)", True),
        ("decoder.py", "step", "y = self.fc(hidden[0])", True),
        ("train.py", "main", "h0 = self.init(x)", True),
        ("net.py", "forward", "y = self.fc(x)", False),
        ("/home/me/lstm/net.py", "forward", "y = self.fc(x)", False),
        ("net.py", "forward", "y = F.relu(self.hidden(x))", False),
        ("unet.py", "forward", "y = self.dec(torch.cat([x, skip], 1))", False),
        ("unet.py", "forward", "y = self.fc(self.lstm(x)[0])", True),
        ("resnet_gan.py", "forward", "h = self.fc(h0)", True),
        ("learnnet.py", "forward", "y = self.kernnet(x)", False),
        ("net.py", "forward", "y = self.conv1(x, hidden)", False),
        ("gan.py", "step", "loss_D = self.discriminator(fake, hidden)", False),
        ("/env/lib/python3.11/site-packages/transformers/trainer_seq2seq.py", "step", "loss = model(x)", False),
    ],
)
def test_whose_a_message_is(file: str, function: str, code: str, *, claimed: bool) -> None:
    found = diagnose(OWN.format(file=file, function=function, code=code) + GENERAL)
    assert found.matched is claimed
    assert bool(found.means) is not claimed
    assert found.if_lstm == ()


LAYER = (
    '  File "/env/lib/python3.11/site-packages/torch/nn/modules/{name}.py", line 9, in forward\n    return F.of(x)\n'
)
OF_A_LIBRARY = (
    '  File "/env/lib/python3.11/site-packages/dgl/nn/{name}.py", line 9, in forward\n    rst = th.matmul(rst, w)\n'
)


@pytest.mark.parametrize(
    ("inner", "claimed"),
    [
        (LAYER.format(name="linear"), True),
        (LAYER.format(name="container") + LAYER.format(name="rnn"), True),
        (LAYER.format(name="rnn") + LAYER.format(name="conv"), False),
        (LAYER.format(name="pooling"), False),
        (OF_A_LIBRARY.format(name="graphconv"), False),
    ],
)
def test_the_layer_that_raised_it_tells(inner: str, *, claimed: bool) -> None:
    code = "y = self.fc(hidden[0])"
    found = diagnose(OWN.format(file="net.py", function="forward", code=code) + inner + GENERAL)
    assert found.matched is claimed


@pytest.mark.parametrize(
    ("quoted", "matched", "perhaps"),
    [
        ("it fails here: y = self.fc(self.lstm(x)[0])", True, False),
        ("y = self.fc(self.flat(x))", False, True),
        ("y = self.conv2(self.conv1(x))", False, False),
        ("Epoch 3, loss = 0.2", False, True),
    ],
)
def test_a_line_of_code_that_is_quoted_before_a_message(quoted: str, *, matched: bool, perhaps: bool) -> None:
    found = diagnose(f"{quoted}\n{GENERAL}")
    assert (found.matched, bool(found.if_lstm), found.where) == (matched, perhaps, None)


def test_a_bare_message_may_be_an_lstms() -> None:
    found = diagnose(GENERAL)
    assert (found.matched, found.causes) == (False, ())
    assert found.if_lstm[0].id == "linear-after-two-directions"
    assert "matrix product" in str(found.means)


@pytest.mark.parametrize(
    ("code", "perhaps"),
    [
        ("y = self.fc(out[:, -1])", True),
        ("y = self.fc(out[:, -1, :])", True),
        ("y = self.fc(out[:, 0])", False),
        ("y = self.conv2(out[:, -1])", False),
        ("y = self.fc(out[:, -1:])", True),
        ("y = self.fc(out[:, -10])", False),
    ],
)
def test_a_last_step_may_be_an_lstms(code: str, *, perhaps: bool) -> None:
    found = diagnose(OWN.format(file="net.py", function="forward", code=code) + GENERAL)
    assert (found.matched, bool(found.if_lstm)) == (False, perhaps)
    assert not perhaps or "hidden_size" in found.needs[0]


def test_no_frame_of_backward_shows_a_module() -> None:
    text = "RuntimeError: Trying to backward through the graph a second time"
    silent = diagnose(OWN.format(file="train.py", function="main", code="loss.backward()") + text)
    assert silent.if_lstm[0].id == "state-not-detached"
    other = diagnose(OWN.format(file="train.py", function="main", code="loss_D.backward()") + text)
    assert (other.matched, other.if_lstm) == (False, ())


def test_the_replicas_of_data_parallel_outrank_the_layout() -> None:
    said = "RuntimeError: Expected hidden[0] size (1, 16, 256), got [1, 32, 256]"
    frame = (
        '  File "/env/lib/python3.9/site-packages/torch/nn/parallel/parallel_apply.py", line 61, in _worker\n    x()\n'
    )
    found = diagnose(OWN.format(file="net.py", function="forward", code="self.lstm(x, h)") + frame + said)
    assert found.causes[0].id == "data-parallel"
    assert "batch-first-missing" not in [cause.id for cause in found.causes]


def test_an_error_of_ours_outweighs_what_follows_it() -> None:
    later = OWN.format(file="serve.py", function="main", code="app.run()") + GENERAL
    assert diagnose(f"{PYTHON}\nrestarting\n{later}").rule == "input-size"
