"""The settings in force: changed in one place, written to the file, told to whom they concern."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QThreadPool, Signal, Slot

from trafficdesk.ui.workers.background import Background

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from trafficdesk.settings import DetectionSettings, Settings, TimeFormat

RECENT_FILES: Final = 10
RECENT_FILTERS: Final = 10
RECENT_DISPLAY_FILTERS: Final = 20


_STOP_WAIT_MS: Final = 5_000


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
        self._save = save
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._running: Background | None = None
        self._unsaved = False

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
        self._unsaved = True
        self._write()

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
        self._pool.waitForDone(_STOP_WAIT_MS)
        if self._unsaved:
            self._running = None
            self._write()
            self._pool.waitForDone(_STOP_WAIT_MS)

    def _write(self) -> None:
        if self._running is not None:
            return
        settings, self._unsaved = self._settings, False
        self._running = Background("settings", lambda _progress: self._save(settings), "Saving the settings")
        self._running.signals.done.connect(self._on_saved)
        self._running.signals.failed.connect(self._on_failed)
        self._running.start(self._pool)

    @Slot(object, object)
    def _on_saved(self, _key: str, _result: object) -> None:
        self._running = None
        if self._unsaved:
            self._write()

    @Slot(object, object)
    def _on_failed(self, key: str, error: object) -> None:
        self.failed.emit(error)
        self._on_saved(key, None)
