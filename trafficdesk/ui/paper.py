"""Pages as PDF: laid out and written by Qt; nothing but the pictures that come with a page is ever loaded."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QRectF, QSize, Qt, QUrl
from PySide6.QtGui import (
    QGuiApplication,
    QImage,
    QPageLayout,
    QPageSize,
    QPainter,
    QPdfWriter,
    QTextDocument,
)
from PySide6.QtSvg import QSvgRenderer

if TYPE_CHECKING:
    from collections.abc import Mapping

_SCHEME: Final = "chart:"
_DETAIL: Final = 2.5
"""Dots of a picture for one unit of its drawing: 240 dpi on paper."""
_DPI: Final = 600


class Page(QTextDocument):
    """A page and its pictures."""

    def __init__(self, page: str, pictures: Mapping[str, str]) -> None:
        super().__init__()
        self._pictures = pictures
        self.setUndoRedoEnabled(False)
        self.setHtml(page)

    def loadResource(self, kind: int, name: QUrl | str) -> Any:  # Qt's
        """A picture of ours; files and addresses are never opened."""
        address = name.toString() if isinstance(name, QUrl) else name
        svg = self._pictures.get(address.removeprefix(_SCHEME)) if address.startswith(_SCHEME) else None
        if kind != QTextDocument.ResourceType.ImageResource.value or svg is None:
            return QImage()
        return _drawn(svg)


def pdf_bytes(page: str, pictures: Mapping[str, str]) -> bytes:
    """A PDF on A4, pages numbered; needs a Qt application."""
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setResolution(_DPI)
    writer.setTitle("TrafficDesk")
    writer.setPageLayout(
        QPageLayout(
            QPageSize(QPageSize.PageSizeId.A4),
            QPageLayout.Orientation.Portrait,
            QMarginsF(),  # QTextDocument.print leaves 2 cm
        )
    )
    Page(page, pictures).print_(writer)
    # The trailer is written when the writer goes.
    del writer
    buffer.close()
    return bytes(content.data())


def print_standard_input() -> int:
    """A page from standard input as PDF on standard output: the life of a process."""
    _application = QGuiApplication([sys.argv[0]])
    asked = json.loads(sys.stdin.buffer.read())
    sys.stdout.buffer.write(pdf_bytes(asked["page"], asked["pictures"]))
    sys.stdout.buffer.flush()
    return 0


def _drawn(svg: str) -> QImage:
    renderer = QSvgRenderer(QByteArray(svg.encode()))
    size = renderer.defaultSize() * _DETAIL
    image = QImage(QSize(max(size.width(), 1), max(size.height(), 1)), QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    renderer.render(painter, QRectF(image.rect()))
    painter.end()
    return image
