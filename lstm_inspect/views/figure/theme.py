"""The looks of a picture: colours that differ in lightness too, and hatches, by role, on a light and a dark ground.

The colours of the marks are those of Okabe and Ito, which stay apart for every kind of colour blindness
(https://jfly.uni-koeln.de/color/); a diamond, a hatch and a dashed edge say the same without colour.
"""

from dataclasses import dataclass
from typing import Final, Literal

_SKY, _VERMILION, _YELLOW = "#56B4E9", "#D55E00", "#F0E442"
_BLACK, _NONE = "#111111", "none"


@dataclass(frozen=True, slots=True)
class Look:
    """How an area is drawn; the hatch and the edge share a colour."""

    fill: str
    edge: str
    width: float = 0.9
    form: Literal["round", "sharp", "circle", "diamond"] = "round"  #: areas that touch others have sharp corners.
    dashed: bool = False
    hatch: str = ""


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours of a picture."""

    ground: str
    ink: str
    faint: str
    band: str
    blank: str
    equal: str

    def area(self, role: str) -> Look:
        """The look of a cell, a slice of output or a box, by its role."""
        edge = self.faint
        return {
            "output": Look(_SKY, self.ink, form="circle"),
            "output and hn": Look(_VERMILION, self.ink, 1.4, "diamond"),
            "hn alone": Look(_YELLOW, _BLACK, 1.2, "diamond", hatch="/////"),
            "neither": Look(self.blank, self.ink, form="circle"),
            "input": Look(self.faint, self.faint, form="sharp"),
            "band": Look(self.band, _NONE),
            "column": Look(_NONE, edge, 0.6),
            "half": Look(_SKY, self.ink, form="sharp"),
            "half of hn": Look(_VERMILION, self.ink, 1.4, "sharp"),
            "hn": Look(self.ground, _VERMILION, 1.4),
            "cn": Look(self.ground, edge, 1.1, dashed=True),
            "gate": Look(_SKY, self.ink),
            "candidate": Look(_YELLOW, _BLACK),
            "valid": Look(_SKY, self.ink, 0.7, "sharp"),
            "padding": Look(self.blank, edge, 0.5, "sharp", hatch="xxxx"),
        }[role]

    def line(self, role: str) -> tuple[str, float]:
        """The colour and the width of a line."""
        return {"flow": (self.faint, 0.9), "axis": (self.ink, 0.9), "equal": (self.equal, 2.2)}[role]

    def words(self, role: str) -> str:
        """The colour of words; a cell's number stands on the cell's own light ground."""
        return {"faint": self.faint, "note": self.faint, "cell": _BLACK, "gate": _BLACK}.get(role, self.ink)


THEMES: Final = {
    "light": Theme("#ffffff", "#111111", "#5f6368", "#f1f3f4", "#ffffff", _VERMILION),
    "dark": Theme("#14171a", "#e8eaed", "#a3a9b0", "#22262b", "#22262b", _VERMILION),
}
