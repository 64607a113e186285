"""`Drawing`: boxes and words, as SVG (in a page or a file) or PNG, without a display."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import Final

from trafficdesk.packets.info import printable
from trafficdesk.report.raster import Colour, Raster

LETTER: Final = 6
"""Width that a letter takes."""
LINE: Final = 8
"""Height of a line of words."""
WHITE: Final = (255, 255, 255)
INK: Final = (27, 31, 36)
MUTED: Final = (91, 100, 114)
FAINT: Final = (223, 227, 232)
ACCENT: Final = (37, 99, 235)
RED: Final = (220, 38, 38)
_SCALE: Final = 2
"""Pixels of a PNG for one unit."""
_SHARES: Final = {"start": 0.0, "middle": 0.5, "end": 1.0}


@dataclass(frozen=True, slots=True)
class Box:
    """A filled rectangle."""

    x: float
    y: float
    width: float
    height: float
    fill: Colour


@dataclass(frozen=True, slots=True)
class Words:
    """A line of words whose top is `y`."""

    x: float
    y: float
    text: str
    ink: Colour = MUTED
    anchor: str = "start"
    """Which part of the words is at `x`: start, middle or end."""


@dataclass(slots=True)
class Drawing:
    """What is drawn, later ones over earlier ones, on white."""

    width: int
    height: int
    title: str
    """For those who can't see it."""
    boxes: list[Box] = field(default_factory=list)
    words: list[Words] = field(default_factory=list)

    def svg(self, *, alone: bool = False) -> str:
        """As an element for a page, or `alone` as a file."""
        space = ' xmlns="http://www.w3.org/2000/svg"' if alone else ""
        size = f'viewBox="0 0 {self.width} {self.height}" width="{self.width}" height="{self.height}"'
        told = f'role="img" aria-label="{_harmless(self.title)}"'
        parts = [
            f'<svg{space} {size} {told} font-family="sans-serif" font-size="11">',
            f'<rect width="{self.width}" height="{self.height}" fill="rgb{WHITE}"/>',
        ]
        parts += [
            f'<rect x="{box.x:.2f}" y="{box.y:.2f}" width="{box.width:.2f}" height="{box.height:.2f}" '
            f'fill="rgb{box.fill}"/>'
            for box in self.boxes
        ]
        parts += [
            f'<text x="{words.x:.2f}" y="{words.y + LINE:.2f}" fill="rgb{words.ink}" '
            f'text-anchor="{words.anchor}">{_harmless(words.text)}</text>'
            for words in self.words
        ]
        return "\n".join([*parts, "</svg>", ""])

    def png(self) -> bytes:
        """As a file, two pixels a unit."""
        picture = Raster(self.width * _SCALE, self.height * _SCALE, WHITE)
        for box in self.boxes:
            left, top = round(box.x * _SCALE), round(box.y * _SCALE)
            right, bottom = round((box.x + box.width) * _SCALE), round((box.y + box.height) * _SCALE)
            picture.box(left, top, max(right - left, 1), max(bottom - top, 1), box.fill)
        for words in self.words:
            text = _visible(words.text)
            begin = words.x * _SCALE - Raster.text_width(text) * _SHARES[words.anchor]
            picture.text(round(begin), round(words.y * _SCALE), text, words.ink)
        return picture.png()


def _visible(text: str) -> str:
    return printable(text.encode("utf-8", "surrogateescape"))


def _harmless(text: str) -> str:
    return escape(_visible(text))
