"""Break a line of Python that is too long: inside its brackets, between tokens, an item a line if need be."""

import re
import textwrap
from typing import Final

WIDTH: Final = 88
"""Characters in a line of a script."""

_INDENT: Final = 4
_TOKEN: Final = re.compile(r"\"[^\"]*\"|'[^']*'|[^\"'()\[\]{},]+|.")
_OPENING: Final = "([{"
_CLOSING: Final = ")]}"


def lay_out(code: str, width: int = WIDTH, indent: int = 0) -> str:
    """A statement or an expression on as many lines of a width as it needs; what has no bracket stays whole.

    Its first line stands behind ``indent`` characters already; the others begin with as many blanks.

    >>> print(lay_out("final_state = torch.cat((hn[-2], hn[-1]), dim=-1)", 40))
    final_state = torch.cat(
        (hn[-2], hn[-1]), dim=-1
    )
    """
    if indent + len(code) <= width:
        return code
    names, equals, values = code.partition(" = ")
    if equals and not values.startswith("(") and len(_items(values)) > 1:
        code = f"{names} = ({values})"  # several values are a tuple with brackets or without
    parts = _parts(code)
    for place in sorted(range(1, len(parts), 2), key=lambda place: -len(parts[place])):
        parts[place] = _bracket(parts[place], width, indent)
        first, *others = "".join(parts).split("\n")
        if indent + len(first) <= width and all(len(line) <= width for line in others):
            break
    return "".join(parts)


def _parts(code: str) -> list[str]:
    """Text and outermost brackets in turn: the brackets stand at the odd places."""
    parts, depth = [""], 0
    for piece in _TOKEN.findall(code):
        if piece in _OPENING and depth == 0:
            parts.append("")
        depth += (piece in _OPENING) - (piece in _CLOSING)
        parts[-1] += piece
        if piece in _CLOSING and depth == 0:
            parts.append("")
    return parts


def _bracket(text: str, width: int, indent: int) -> str:
    """A bracket whose items stand on one line, or a line each; whole numbers fill their lines."""
    inner, items, margin = text[1:-1], _items(text[1:-1]), " " * (indent + _INDENT)
    if not items:
        return text
    if len(margin) + len(inner) <= width:
        lines = [margin + inner]
    elif len(items) > 1 and all(re.fullmatch(r"-?\d+", item) for item in items):
        lines = textwrap.wrap(f"{', '.join(items)},", width, initial_indent=margin, subsequent_indent=margin)
    else:
        comma = "," if len(items) > 1 or inner.rstrip().endswith(",") else ""
        lines = [f"{margin}{lay_out(item, width - len(comma), len(margin))}{comma}" for item in items]
    return "\n".join([text[0], *lines, " " * indent + text[-1]])


def _items(inner: str) -> list[str]:
    """What the commas outside further brackets separate; a comprehension is one item."""
    items, depth = [""], 0
    for piece in _TOKEN.findall(inner):
        depth += (piece in _OPENING) - (piece in _CLOSING)
        if depth == 0 and " for " in f"{piece} ":
            return [inner.strip()]
        if piece == "," and depth == 0:
            items.append("")
        else:
            items[-1] += piece
    return [item.strip() for item in items if item.strip()]


def lay_out_lines(source: str, width: int) -> str:
    """Several lines of Python, each broken where it is too long; a comment stands above what is broken.

    >>> print(lay_out_lines("features = torch.cat((hn[-2], hn[-1]), dim=-1)  # both", 40))
    # both
    features = torch.cat(
        (hn[-2], hn[-1]), dim=-1
    )
    """
    lines: list[str] = []
    for line in source.split("\n"):
        indent = len(line) - len(line.lstrip())
        code, mark, comment = line[indent:].partition("# ") if len(line) > width else (line[indent:], "", "")
        if mark:
            margin = f"{line[:indent]}# "
            lines += textwrap.wrap(comment, width, initial_indent=margin, subsequent_indent=margin)
        if code.strip() or not mark:
            lines.append(line[:indent] + lay_out(code.rstrip(), width, indent))
    return "\n".join(lines)


def commented(statement: str, comment: str) -> str:
    """A statement with a comment behind it, or above it where that would make the line too long; none if empty.

    >>> commented("assert hn.shape == (1, 3, 20)", "(L*D, B, H)")
    'assert hn.shape == (1, 3, 20)  # (L*D, B, H)'
    """
    beside = f"{statement}  # {comment}"
    if not comment or len(beside) > WIDTH:
        return "\n".join([*wrapped(comment), lay_out(statement)])
    return beside


def wrapped(comment: str, *, hanging: str = "") -> list[str]:
    """A comment on as many lines as it takes; blanks at its beginning stay, ``hanging`` begins its other lines.

    >>> wrapped("hn[0]: layer 0")
    ['# hn[0]: layer 0']
    """
    wrapper = textwrap.TextWrapper(WIDTH, break_long_words=False, break_on_hyphens=False)
    wrapper.initial_indent, wrapper.subsequent_indent = "# ", f"# {hanging}"
    return wrapper.wrap(comment)
