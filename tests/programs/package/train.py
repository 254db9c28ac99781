"""A module of a package, with a relative import and an exit handler."""

import atexit
import sys
from pathlib import Path

from .net import Net

atexit.register(print, "closed")
print(Path(sys.argv[0]).name, sys.argv[1:], __package__, __spec__.name)
Net()
