"""`ui.dialogs.settings_page`: a page from a declaration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLabel

from trafficdesk.settings import DetectionSettings, ViewSettings
from trafficdesk.ui.dialogs.detection_page import DetectionPage
from trafficdesk.ui.dialogs.plain_pages import AppearancePage
from trafficdesk.ui.theme import LIGHT

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def test_labels_and_tips_come_from_the_declaration(qtbot: QtBot) -> None:
    """Each shown field's words are on the page."""
    page = DetectionPage(DetectionSettings(), LIGHT)
    qtbot.addWidget(page)
    texts = {label.text() for label in page.findChildren(QLabel)}
    assert {
        "Rolling window",
        "Refit after",
        "Trees",
        "The same seed on the same packets gives the same scores",
    } <= texts


def test_hidden_fields_are_carried_through(qtbot: QtBot) -> None:
    """What the program keeps for itself is neither shown nor lost."""
    view = ViewSettings(recent_files=("a",), last_interface="b")
    page = AppearancePage(view, LIGHT)
    qtbot.addWidget(page)
    assert list(page.editors) == ["theme", "time_format", "resolve_names", "colour_packets"]
    assert page.section() == view
