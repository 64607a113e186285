"""`ui.panels.banner`: an error in its place, selectable and copyable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel

from trafficdesk.errors import CaptureError
from trafficdesk.ui.panels.banner import Banner
from trafficdesk.ui.theme import LIGHT

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def test_cause_and_remedy_can_be_selected_copied_and_dismissed(qtbot: QtBot) -> None:
    """Hidden until there is an error; its text is plain, selectable, copied whole; dismissing hides it."""
    banner = Banner(LIGHT)
    qtbot.addWidget(banner)
    assert banner.text == ""
    banner.show_error(CaptureError("<b>eth0</b> has gone.", "Plug it in again."))
    assert banner.text == "<b>eth0</b> has gone. Plug it in again."
    for label in banner.findChildren(QLabel):
        assert label.textFormat() == Qt.TextFormat.PlainText
        assert label.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByMouse
    banner.copy()
    assert QGuiApplication.clipboard().text() == banner.text
    banner.dismiss()
    assert banner.text == ""


def test_a_message_without_remedy_takes_one_line(qtbot: QtBot) -> None:
    """The second line is there only when it says something."""
    banner = Banner(LIGHT)
    qtbot.addWidget(banner)
    banner.show_message("Done.")
    assert [label.isVisibleTo(banner) for label in banner.findChildren(QLabel)] == [True, False]
