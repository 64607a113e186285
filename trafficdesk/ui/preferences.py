"""The settings in force: changed in one place, written to the file, told to whom they concern."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal

from trafficdesk.ui.workers.newest import NewestWriter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from trafficdesk.settings import DetectionSettings, Settings, TimeFormat

RECENT_FILES: Final = 10
RECENT_FILTERS: Final = 10
RECENT_DISPLAY_FILTERS: Final = 20


class Preferences(QObject):
    """Settings are used at once and written in a thread: a disk may take a tenth of a second to say it has them.

    Parameters
    ----------
    settings : those to begin with.
    save : writes settings, or raises `SettingsError`.
    """

    changed = Signal(object, object)
    """The `Settings` before, and those in force now."""
    failed = Signal(object)
    """`SettingsError`: they hold until TrafficDesk is closed, but could not be written."""

    def __init__(
        self, settings: Settings, save: Callable[[Settings], object], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._settings = settings
        self._writer = NewestWriter(save, "Saving the settings", self)
        self._writer.failed.connect(self.failed)

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
        self._writer.write(settings)

    def set_detection(self, detection: DetectionSettings) -> None:
        """Detect with other settings."""
        self.set(replace(self._settings, detection=detection))

    def set_interface(self, name: str) -> None:
        """Remember what was chosen last to capture on; several interfaces are separated by commas."""
        self.set(replace(self._settings, view=replace(self._settings.view, last_interface=name)))

    def set_time_format(self, form: TimeFormat) -> None:
        """Show packets' times in another way."""
        self.set(replace(self._settings, view=replace(self._settings.view, time_format=form)))

    def add_recent(self, path: Path) -> None:
        """Remember an opened file, newest first."""
        name = str(path.resolve())
        others = (recent for recent in self._settings.view.recent_files if recent != name)
        recent_files = (name, *others)[:RECENT_FILES]
        self.set(replace(self._settings, view=replace(self._settings.view, recent_files=recent_files)))

    def add_capture_filter(self, expression: str) -> None:
        """Remember a capture filter that was used, newest first."""
        if not expression:
            return
        view = self._settings.view
        others = (recent for recent in view.recent_capture_filters if recent != expression)
        recent_filters = (expression, *others)[:RECENT_FILTERS]
        self.set(replace(self._settings, view=replace(view, recent_capture_filters=recent_filters)))

    def add_display_filter(self, expression: str) -> None:
        """Remember a display filter that was applied, newest first."""
        view = self._settings.view
        others = (recent for recent in view.recent_display_filters if recent != expression)
        recent_filters = (expression, *others)[:RECENT_DISPLAY_FILTERS]
        self.set(replace(self._settings, view=replace(view, recent_display_filters=recent_filters)))

    def set_saved_filters(self, lines: tuple[str, ...]) -> None:
        """Remember the display filters that have a button, in their order."""
        self.set(replace(self._settings, view=replace(self._settings.view, saved_filters=lines)))

    def shut_down(self) -> None:
        """Wait until what was changed last is written."""
        self._writer.shut_down()
