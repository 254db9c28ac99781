"""2,500 training steps of a small tagger, as somebody would write them."""

import torch
from torch import nn

torch.manual_seed(0)


class Tagger(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.LSTM(16, 32, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(64, 5)

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        output, _ = self.rnn(input)
        scores: torch.Tensor = self.fc(output)
        return scores


model = Tagger()
optimizer = torch.optim.Adam(model.parameters())
for _ in range(2500):
    input, labels = torch.randn(8, 20, 16), torch.randint(5, (8, 20))
    loss = nn.functional.cross_entropy(model(input).flatten(0, 1), labels.flatten())
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
print(f"{loss.item():.3f}")
