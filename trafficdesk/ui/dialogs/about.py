"""Who this is, which versions it runs on, where its files lie: what a person copies into a report of a fault."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout

from trafficdesk import paths
from trafficdesk.ui.icons import app_icon
from trafficdesk.ui.labels import plain_label
from trafficdesk.ui.theme import mono_font

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

_PACKAGES: Final = ("PySide6-Essentials", "pyqtgraph", "numpy", "pandas", "scikit-learn", "scapy")
_LOGO_PX: Final = 64


def about_text() -> str:
    """Versions and folders, one per line; imports none of the packages it names."""
    lines = [
        f"TrafficDesk {_version('trafficdesk')}",
        f"Python {platform.python_version()}, Qt {qVersion()}, {platform.system()} {platform.release()}",
        *(f"{name} {_version(name)}" for name in _PACKAGES),
        f"Settings: {paths.config_dir()}",
        f"Data: {paths.data_dir()}",
        f"Log: {paths.log_dir()}",
        f"Program: {sys.executable}",
    ]
    return "\n".join(lines)


class AboutDialog(QDialog):
    """About TrafficDesk."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("About TrafficDesk")
        self.details = QPlainTextEdit(about_text())
        self.details.setReadOnly(True)
        self.details.setFont(mono_font())
        self.details.setTabChangesFocus(True)
        self.details.setAccessibleName("Versions and folders")
        logo = QLabel()
        logo.setPixmap(app_icon().pixmap(_LOGO_PX, _LOGO_PX))
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(plain_label("TrafficDesk", "title"))
        purpose = "Learns what is usual on your network, and shows, explains and mails what is not."
        for sentence in (purpose, "Only networks you own or may monitor. MIT licence, without any warranty."):
            label = plain_label(sentence, "muted")
            label.setWordWrap(True)
            words.addWidget(label)
        head = QHBoxLayout()
        head.setSpacing(16)
        head.addWidget(logo, 0, Qt.AlignmentFlag.AlignTop)
        head.addLayout(words, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 16)
        column.setSpacing(16)
        column.addLayout(head)
        column.addWidget(self.details, 1)
        column.addWidget(self._make_buttons())
        self.resize(560, 400)

    def _make_buttons(self) -> QDialogButtonBox:
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.copy_button = buttons.addButton("Copy", QDialogButtonBox.ButtonRole.ActionRole)
        buttons.button(QDialogButtonBox.StandardButton.Close).setDefault(True)
        self.copy_button.setAutoDefault(False)
        self.copy_button.clicked.connect(self._copy)
        buttons.rejected.connect(self.reject)
        return buttons

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.details.toPlainText())


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(version unknown)"
