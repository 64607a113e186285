"""`ui.panels.hex_view`: bytes, ASCII, highlighting, clicks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QKeySequence

from trafficdesk.ui.panels.hex_view import PER_LINE, HexView
from trafficdesk.ui.theme import LIGHT

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

DATA = bytes(range(256)) * 4


@pytest.fixture
def view(qtbot: QtBot) -> HexView:
    made = HexView(LIGHT)
    qtbot.addWidget(made)
    made.resize(700, 200)
    made.show()
    qtbot.waitExposed(made)
    made.set_data(DATA)
    return made


def test_a_line_has_offset_bytes_and_ascii(view: HexView) -> None:
    """Printable ASCII as it is, everything else a dot; the last line may be short."""
    assert view.line_text(4) == ("0040  40 41 42 43 44 45 46 47  48 49 4a 4b 4c 4d 4e 4f  @ABCDEFG HIJKLMNO")
    view.set_data(b"\x00\x7f\xffA")
    assert view.line_text(0).split() == ["0000", "00", "7f", "ff", "41", "...A"]


def test_a_highlight_is_brought_into_sight(view: HexView) -> None:
    """The first highlighted byte's line is visible; ranges end where the data does."""
    view.highlight(900, 5_000)
    assert view.highlighted == range(900, len(DATA))
    top = view.verticalScrollBar().value()
    assert top <= 900 // PER_LINE < top + view._visible_lines()
    view.set_data(b"abc")
    assert not view.highlighted


def test_a_click_names_its_byte_in_either_part(qtbot: QtBot, view: HexView) -> None:
    """Clicks on hex digits and on ASCII tell the offset; beside them nothing."""
    advance = view._advance
    for character in (6 + 3 * 9 + 1, 6 + 48 + 3 + 9 + 1):
        place = QPoint(12 + character * advance + 2, 6 + 2 * 20 + 5)
        with qtbot.waitSignal(view.byte_clicked) as told:
            qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
        assert told.args == [2 * PER_LINE + 9]
    assert view.offset_at(QPoint(14, 30)) is None


def test_copying_takes_the_highlight_or_all(qtbot: QtBot, view: HexView) -> None:
    """Ctrl+C copies hex digits."""
    view.highlight(1, 4)
    qtbot.keySequence(view, QKeySequence(QKeySequence.StandardKey.Copy))
    assert QGuiApplication.clipboard().text() == "01 02 03"
    view.highlight(0, 0)
    qtbot.keySequence(view, QKeySequence(QKeySequence.StandardKey.Copy))
    assert bytes.fromhex(QGuiApplication.clipboard().text()) == DATA


def test_highlighted_bytes_are_painted(view: HexView) -> None:
    """The highlight's colour is there when a range is marked, and not before."""

    def colours() -> set[str]:
        image = view.viewport().grab().toImage()
        return {
            image.pixelColor(x, y).name()
            for x in range(0, image.width(), 3)
            for y in range(0, image.height(), 3)
        }

    assert LIGHT.accent_background not in colours()
    view.highlight(0, 4)
    assert LIGHT.accent_background in colours()
