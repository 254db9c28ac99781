"""Counts and lists in words."""

from collections.abc import Sequence


def plural(count: int, noun: str) -> str:
    """A count and its noun: 1 check, 1,200 checks."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def some(items: Sequence[object], most: int) -> str:
    """The first items, and how many more there are: a, b and 2 more."""
    more = f" and {len(items) - most:,} more" if len(items) > most else ""
    return f"{', '.join(map(str, items[:most]))}{more}"
