"""A classifier's confusion matrix as a picture: SVG, or PNG drawn without a display.

Rows are what it was, columns what it was called; a cell is the darker the larger its share of its row, and the
diagonal, where both agree, has the other colour.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final

from trafficdesk.packets.info import printable
from trafficdesk.report.raster import Raster

if TYPE_CHECKING:
    from trafficdesk.classify.report import TrainingReport

PICTURES: Final = (".svg", ".png")
_CELL: Final = 44
_LETTER: Final = 8
"""Pixels a letter takes, as wide as the widest usual one."""
_LONGEST: Final = 22
"""Letters of a class' name that are drawn."""
_MARGIN: Final = 16
_HEADING: Final = 44
RIGHT: Final = (31, 119, 110)
WRONG: Final = (178, 58, 72)
_WHITE: Final = (255, 255, 255)
_INK: Final = (32, 33, 36)
_LINE: Final = (208, 210, 214)
_LETTERS: Final = f'font-family="sans-serif" font-size="13" fill="rgb{_INK}"'


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: how it is painted."""

    row: int
    column: int
    text: str
    """How many rows; empty = none."""
    fill: tuple[int, int, int]
    ink: tuple[int, int, int]


def cells_of(report: TrainingReport) -> list[Cell]:
    """The matrix' cells, row by row."""
    cells = []
    for row, counts in enumerate(report.confusion):
        total = sum(counts)
        for column, count in enumerate(counts):
            share = count / total if total else 0.0
            strong = RIGHT if row == column else WRONG
            depth = 0.0 if not count else 0.12 + 0.88 * share
            fill = _between(_WHITE, strong, depth)
            cells.append(
                Cell(row, column, short_count(count) if count else "", fill, _WHITE if depth > 0.55 else _INK)
            )
    return cells


def short_count(count: int) -> str:
    """At most five letters: 940, 12k, 3.4M."""
    for size, sign in ((1_000_000, "M"), (1_000, "k")):
        if count >= size:
            value = count / size
            return f"{value:.1f}{sign}" if value < 9.95 else f"{value:.0f}{sign}"
    return str(count)


def title_of(report: TrainingReport) -> str:
    """What is seen."""
    accuracy = "" if report.accuracy is None else f", {report.accuracy:.1%} right"
    return f"{report.tested:,} rows of {report.held_out} it was not shown{accuracy}"


def class_name(name: str) -> str:
    """A class' name, fit to be drawn."""
    text = printable(name.encode("utf-8", "surrogateescape"))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}~"


def as_svg(report: TrainingReport) -> str:
    """The picture as a whole SVG file."""
    names = [class_name(one.name) for one in report.classes]
    side = _LETTER * max(map(len, names)) + _MARGIN
    width, height = _size(len(names), side, report)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" {_LETTERS}>',
        f'<rect width="{width}" height="{height}" fill="rgb{_WHITE}"/>',
        f'<text x="{_MARGIN}" y="22">{escape(title_of(report))}</text>',
        f'<text x="{_MARGIN}" y="40" fill="rgb(95,99,104)">down: what it was, across: what it was called</text>',
    ]
    left, top = _MARGIN + side, _HEADING + side
    for index, name in enumerate(names):
        middle = _CELL * index + _CELL // 2
        parts += [
            f'<text x="{left - 8}" y="{top + middle + 5}" text-anchor="end">{escape(name)}</text>',
            f'<text transform="translate({left + middle + 5},{top - 8}) rotate(-90)">{escape(name)}</text>',
        ]
    for cell in cells_of(report):
        x, y = left + cell.column * _CELL, top + cell.row * _CELL
        parts.append(
            f'<rect x="{x}" y="{y}" width="{_CELL}" height="{_CELL}" fill="rgb{cell.fill}" stroke="rgb{_LINE}"/>'
        )
        if cell.text:
            parts.append(
                f'<text x="{x + _CELL // 2}" y="{y + _CELL // 2 + 5}" text-anchor="middle" '
                f'fill="rgb{cell.ink}">{cell.text}</text>'
            )
    return "\n".join([*parts, "</svg>", ""])


def as_png(report: TrainingReport) -> bytes:
    """The picture as a whole PNG file."""
    names = [class_name(one.name) for one in report.classes]
    side = Raster.text_width("x" * max(map(len, names))) + _MARGIN
    width, height = _size(len(names), side, report)
    picture = Raster(width, height, _WHITE)
    picture.text(_MARGIN, 8, title_of(report), _INK)
    picture.text(_MARGIN, 26, "down: what it was, across: what it was called", (95, 99, 104))
    left, top = _MARGIN + side, _HEADING + side
    for index, name in enumerate(names):
        middle = _CELL * index + _CELL // 2 - Raster.LINE // 2
        picture.text(left - 8 - Raster.text_width(name), top + middle, name, _INK)
        picture.text_up(left + middle, top - 8, name, _INK)
    for cell in cells_of(report):
        x, y = left + cell.column * _CELL, top + cell.row * _CELL
        picture.box(x, y, _CELL + 1, _CELL + 1, _LINE)
        picture.box(x + 1, y + 1, _CELL - 1, _CELL - 1, cell.fill)
        across = x + (_CELL - Raster.text_width(cell.text)) // 2
        picture.text(across, y + (_CELL - Raster.LINE) // 2, cell.text, cell.ink)
    return picture.png()


def picture_of(report: TrainingReport, suffix: str) -> bytes:
    """The picture as a file of this kind: one of `PICTURES`."""
    return as_png(report) if suffix == ".png" else as_svg(report).encode()


def _size(classes: int, side: int, report: TrainingReport) -> tuple[int, int]:
    across = max(side + classes * _CELL, Raster.text_width(title_of(report)))
    return across + 2 * _MARGIN, _HEADING + side + classes * _CELL + _MARGIN


def _between(low: tuple[int, int, int], high: tuple[int, int, int], share: float) -> tuple[int, int, int]:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(low, high, strict=True))
    return red, green, blue
