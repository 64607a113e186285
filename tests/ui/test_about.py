"""`ui.dialogs.about`: what a report of a fault needs, without importing what it names."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication

from trafficdesk import paths
from trafficdesk.ui.dialogs.about import AboutDialog, about_text

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def test_versions_and_folders_are_named(qtbot: QtBot) -> None:
    """Enough to reproduce a fault; Copy takes all of it."""
    dialog = AboutDialog()
    qtbot.addWidget(dialog)
    dialog.copy_button.click()
    copied = QGuiApplication.clipboard().text()
    assert copied == about_text()
    assert str(paths.log_dir()) in copied
    assert "scikit-learn" in copied


def test_nothing_heavy_is_imported() -> None:
    """Version numbers come from the packages' records."""
    code = (
        "import sys; from trafficdesk.ui.dialogs.about import about_text; about_text();"
        "sys.exit(bool({'sklearn', 'scapy', 'pandas', 'pyqtgraph'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
