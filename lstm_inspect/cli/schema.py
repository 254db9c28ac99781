"""lstm-inspect schema"""

import json

from lstm_inspect.cli import streams
from lstm_inspect.cli.flags import Values, command
from lstm_inspect.theory.contract import json_schema


@command()
def schema(values: Values) -> int:
    """The JSON Schema (2020-12) of what --json writes.

    Example: lstm-inspect schema
    """
    streams.write(json.dumps(json_schema(), indent=2))
    return streams.OK
