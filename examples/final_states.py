"""Which expression gives one vector a sequence, for each structure of an LSTM: asked of the library, and proved."""

from lstm_inspect import LSTMSpec, inspect

for num_layers in (1, 2):
    for bidirectional in (False, True):
        report = inspect(LSTMSpec(num_layers=num_layers, bidirectional=bidirectional))
        assert report.verified
        recipe = next(recipe for recipe in report.recipes if recipe.id == "whole-sequence")
        print(f"{report.constructor}\n    {recipe.expression}  {recipe.shape}")
