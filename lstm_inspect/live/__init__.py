"""What a module, a model or a script of yours does with its LSTMs: its calls, proved while it runs."""
