"""Which LSTMs stand in a file of yours: told by names and shapes; nothing of the file is run."""
