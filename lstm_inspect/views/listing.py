"""A file's models and factories, and what to type for each."""

from rich.console import Group, RenderableType
from rich.text import Text

from lstm_inspect.errors import Spell
from lstm_inspect.live.model import Listing
from lstm_inspect.views import look
from lstm_inspect.views.page import Detail


def page(listing: Listing, spell: Spell, detail: Detail) -> RenderableType:
    """What can be inspected in a file."""
    if not listing.found:
        return look.sentence(f"{listing.target} holds no model, no class of one and no function without arguments.")
    parts: list[RenderableType] = []
    for each in listing.found:
        parts += [Text(f"{each.name}, a {each.kind}"), look.code(each.command), Text()]
    note = "A class is called with random numbers of the shapes that --input names; a function returns model, args"
    return Group(Text(f"To inspect in {listing.target}", style=look.TITLE), *parts, look.sentence(note, look.FAINT))
