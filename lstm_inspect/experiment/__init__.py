"""What does come out, measured: torch lives here, and importing this package imports it.

The garbage collector is off meanwhile: torch makes a great many objects that live as long as the
process, and walking them again and again costs about a tenth of the import.
"""

import gc
import warnings

_was_enabled = gc.isenabled()
gc.disable()
try:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Failed to initialize NumPy")  # torch's: nothing here needs it
        import torch  # noqa: F401
except ModuleNotFoundError as error:
    if error.name != "torch":
        raise
    ways = "pip install torch, or leave it at theory alone with predict=True"
    raise ModuleNotFoundError(f"torch runs the LSTM and is not installed here: {ways}", name="torch") from None
finally:
    if _was_enabled:
        gc.enable()
