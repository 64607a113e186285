"""A folder's path with a button that shows it in the system's file manager."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from trafficdesk.ui.labels import ElidedLabel

if TYPE_CHECKING:
    from pathlib import Path


class FolderRow(QWidget):
    """Shows where files lie; the button works once there are any."""

    def __init__(self, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder = folder
        self.path = ElidedLabel(str(folder), mode=Qt.TextElideMode.ElideMiddle)
        self.open_button = QPushButton("Open folder")
        self.open_button.setEnabled(folder.is_dir())
        self.open_button.setAutoDefault(False)
        self.open_button.clicked.connect(self._open)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self.path, 1)
        row.addWidget(self.open_button)

    @Slot()
    def _open(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._folder)))
