"""The formats of checkpoints: names, shapes and dtypes out of each file's header; no tensor is read, no code is run."""
