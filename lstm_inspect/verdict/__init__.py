"""Whether what must come out did come out: theory held against experiment, as frozen data."""
