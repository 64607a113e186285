"""Geometry, splitters and columns of the window, remembered in a file beside the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QByteArray, QSettings
from PySide6.QtGui import QGuiApplication

from trafficdesk.paths import config_dir

if TYPE_CHECKING:
    from trafficdesk.ui.main_window import MainWindow

_FIRST_SIZE: Final = (1440, 900)
_COLUMNS: Final = "columns/3"
"""Another set of columns needs another name: an old state would place them wrongly."""

_CHOSEN: Final = "columns/chosen"


def window_settings() -> QSettings:
    """The file."""
    return QSettings(str(config_dir() / "window.ini"), QSettings.Format.IniFormat)


def restore(window: MainWindow, stored: QSettings) -> None:
    """As it was left, as far as it still fits the screens there are; each part falls back alone."""
    if (
        _without_screen()
        or not window.restoreGeometry(_bytes(stored, "geometry"))
        or not _on_a_screen(window)
    ):
        _place_first(window)
    window.page.across.restoreState(_bytes(stored, "across"))
    window.page.column.restoreState(_bytes(stored, "column"))
    window.page.details.splitter.restoreState(_bytes(stored, "details"))
    window.page.table.header.restore(_bytes(stored, _COLUMNS), _texts(stored, _CHOSEN))


def save(window: MainWindow, stored: QSettings) -> None:
    """Remember how it is."""
    stored.setValue("geometry", window.saveGeometry())
    stored.setValue("across", window.page.across.saveState())
    stored.setValue("column", window.page.column.saveState())
    stored.setValue("details", window.page.details.splitter.saveState())
    stored.setValue(_COLUMNS, window.page.table.header.layout_state())
    stored.setValue(_CHOSEN, window.page.table.header.choices())
    stored.sync()


def _bytes(stored: QSettings, key: str) -> QByteArray:
    value = stored.value(key)
    return value if isinstance(value, QByteArray) else QByteArray()


def _texts(stored: QSettings, key: str) -> list[str]:
    value = stored.value(key)
    # One text alone comes back as a text.
    return (
        [str(item) for item in value]
        if isinstance(value, list)
        else [value]
        if isinstance(value, str)
        else []
    )


def _without_screen() -> bool:
    """The offscreen platform claims a screen of 800 x 800; its pictures are to look like the real window."""
    return bool(QGuiApplication.platformName() == "offscreen")


def _on_a_screen(window: MainWindow) -> bool:
    frame = window.frameGeometry()
    return any(screen.availableGeometry().intersects(frame) for screen in QGuiApplication.screens())


def _place_first(window: MainWindow) -> None:
    screen = QGuiApplication.primaryScreen()
    width, height = _FIRST_SIZE
    if screen is None or _without_screen():
        window.resize(width, height)
        return
    room = screen.availableGeometry()
    window.resize(min(width, room.width()), min(height, room.height()))
    place = window.frameGeometry()
    place.moveCenter(room.center())
    window.move(place.topLeft())
