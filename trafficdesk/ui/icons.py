"""The icon family: outline drawings on a 16 px grid that take the text's colour.

Every file in `resources/icons` draws with `currentColor`; Qt has no such colour, so it is replaced while loading.
Rendered sizes are kept per name and colour; a changed theme asks again with its new colour.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from trafficdesk.paths import resources_dir

if TYPE_CHECKING:
    from PySide6.QtWidgets import QPushButton

_SIZES: Final = (16, 20, 24, 32, 40, 48, 64)
"""Pixels rendered: the 16 px grid at scales 1 to 4 and the usual steps between."""
_DISABLED_OPACITY: Final = 0.4
_GAP: Final = 0.25
"""Of an icon's width, between it and the words of a button: styled buttons leave none."""


def icon(name: str, color: str) -> QIcon:
    """Icon `name` of `resources/icons`, drawn in `color` ("#rrggbb").

    Raises
    ------
    FileNotFoundError
        If there is no such drawing.
    """
    return _icon(name, color)


def put_beside_words(button: QPushButton, name: str, color: str) -> None:
    """Give a button with words an icon, as `icon` draws it, and room between the two."""
    button.setIcon(_icon(name, color, _GAP))
    button.setIconSize(QSize(round(_SIZES[0] * (1 + _GAP)), _SIZES[0]))


def pixmap(name: str, color: str, size: int = 16, *, scale: float = 1.0) -> QPixmap:
    """One drawing as a square pixmap of `size` logical pixels for a screen of `scale`."""
    drawn = _render(_renderer(name, color), round(size * scale))
    drawn.setDevicePixelRatio(scale)
    return drawn


def app_icon() -> QIcon:
    """The program's own icon, in its own colours."""
    renderer = _renderer("trafficdesk", "#000000")
    result = QIcon()
    for size in (*_SIZES, 128, 256):
        result.addPixmap(_render(renderer, size))
    return result


@lru_cache(maxsize=256)
def _icon(name: str, color: str, gap: float = 0.0) -> QIcon:
    renderer = _renderer(name, color)
    result = QIcon()
    for size in _SIZES:
        drawn = _render(renderer, size, gap)
        for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):  # else Qt tints the selected one
            result.addPixmap(drawn, mode)
        result.addPixmap(_fainter(drawn), QIcon.Mode.Disabled)
    return result


def _renderer(name: str, color: str) -> QSvgRenderer:
    drawing = (resources_dir() / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    colored = drawing.replace("currentColor", QColor(color).name())
    return QSvgRenderer(QByteArray(colored.encode()))


def _render(renderer: QSvgRenderer, size: int, gap: float = 0.0) -> QPixmap:
    drawn = QPixmap(round(size * (1 + gap)), size)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    renderer.render(painter, QRectF(0, 0, size, size))
    painter.end()
    return drawn


def _fainter(drawn: QPixmap) -> QPixmap:
    """For what can't be chosen now; half the price of rendering it again."""
    made = QPixmap(drawn.size())
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    painter.setOpacity(_DISABLED_OPACITY)
    painter.drawPixmap(0, 0, drawn)
    painter.end()
    return made
