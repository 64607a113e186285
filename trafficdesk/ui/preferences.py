"""The settings in force: changed in one place, written to the file, told to whom they concern."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal

from trafficdesk.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from trafficdesk.settings import DetectionSettings, Settings

RECENT_FILES: Final = 10


class Preferences(QObject):
    """Parameters: the settings to begin with, and `save`, which writes them or raises `SettingsError`."""

    changed = Signal(object, object)
    """The `Settings` before, and those in force now."""
    failed = Signal(object)
    """`SettingsError`: they hold until TrafficDesk is closed, but could not be written."""

    def __init__(
        self, settings: Settings, save: Callable[[Settings], object], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._settings = settings
        self._save = save

    @property
    def settings(self) -> Settings:
        """Those in force."""
        return self._settings

    def set(self, settings: Settings) -> None:
        """Use and remember `settings`."""
        if settings == self._settings:
            return
        before, self._settings = self._settings, settings
        self.changed.emit(before, settings)
        try:
            self._save(settings)
        except SettingsError as error:
            self.failed.emit(error)

    def set_detection(self, detection: DetectionSettings) -> None:
        """Detect with other settings."""
        self.set(replace(self._settings, detection=detection))

    def set_interface(self, name: str) -> None:
        """Remember the interface that was chosen last."""
        self.set(replace(self._settings, view=replace(self._settings.view, last_interface=name)))

    def add_recent(self, path: Path) -> None:
        """Remember an opened file, newest first."""
        name = str(path.resolve())
        others = (recent for recent in self._settings.view.recent_files if recent != name)
        recent_files = (name, *others)[:RECENT_FILES]
        self.set(replace(self._settings, view=replace(self._settings.view, recent_files=recent_files)))
