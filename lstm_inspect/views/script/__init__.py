"""How a script is written that builds an LSTM, runs it and asserts what it gives."""
