"""The user's own things: a live module, a model, a checkpoint, an error message."""
