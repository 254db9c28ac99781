"""A model that holds its own loss, and a trainer that knows nothing of it."""

import torch
from torch import nn


class Module(nn.Module):
    def __init__(self):
        super().__init__()
        self.model = nn.ModuleDict({"lstm": nn.LSTM(4, 8, num_layers=2, dropout=0.5), "fc": nn.Linear(8, 1)})

    def training_step(self, batch, batch_idx):
        x, y = batch
        output, (hn, cn) = self.model["lstm"](x)
        return nn.functional.mse_loss(self.model["fc"](hn[-1]), y)

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters())


class Trainer:
    def __init__(self, max_epochs):
        self.max_epochs = max_epochs

    def fit(self, module, batches):
        optimizer = module.configure_optimizers()
        for epoch in range(self.max_epochs):
            module.train()
            for index, batch in enumerate(batches):
                loss = module.training_step(batch, index)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            module.eval()
            with torch.no_grad():
                module.training_step(batches[0], 0)
        print("fitted", len(batches) * self.max_epochs)


def main():
    Trainer(2).fit(Module(), [(torch.randn(5, 3, 4), torch.randn(3, 1)) for _ in range(4)])


if __name__ == "__main__":
    main()
