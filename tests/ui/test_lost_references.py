"""The PySide6 6.12.0 trap: calls that return nothing must not cost a reference of None or True.

That release, on Python 3.11, aborts the interpreter within seconds of painting. Whoever lifts the version cap in
pyproject.toml reads the answer here.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QImage, QPainter

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

ROUNDS = 1_000
SLACK = 50
"""References that caches may take or give back; a lost one a call would be 1,000."""


class Emitter(QObject):
    """Something to emit and to receive."""

    happened = Signal(object)

    @Slot(object)
    def receive(self, _value: object) -> None:
        """Return nothing."""


def references() -> tuple[int, int]:
    return sys.getrefcount(None), sys.getrefcount(True)


def test_emitting_keeps_references(qtbot: QtBot) -> None:  # an application must exist
    """A thousand emits to a slot leave the reference counts of None and True where they were."""
    emitter = Emitter()
    emitter.happened.connect(emitter.receive)
    before = references()
    for _ in range(ROUNDS):
        emitter.happened.emit(1)
    after = references()
    assert all(abs(now - then) < SLACK for now, then in zip(after, before, strict=True))


def test_painting_keeps_references(qtbot: QtBot) -> None:
    """A thousand painted texts and state changes leave the reference counts of None and True where they were."""
    image = QImage(100, 100, QImage.Format.Format_ARGB32)
    painter = QPainter(image)
    before = references()
    for _ in range(ROUNDS):
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.drawText(QRectF(0, 0, 50, 20), int(Qt.AlignmentFlag.AlignLeft.value), "x")
        painter.restore()
    after = references()
    painter.end()
    assert all(abs(now - then) < SLACK for now, then in zip(after, before, strict=True))
