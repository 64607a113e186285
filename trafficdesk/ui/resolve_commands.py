"""Names instead of addresses, on or off: in the packet table and in every table of statistics."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QThreadPool, Slot

from trafficdesk.ui.address_names import AddressNames, warm_up
from trafficdesk.ui.workers.background import Background

if TYPE_CHECKING:
    from trafficdesk.settings import Settings
    from trafficdesk.ui.desk import Desk

_STOP_WAIT_MS: Final = 5_000


class ResolveCommands(QObject):
    """Joins the action and its setting with the tables; nobody is asked for a name."""

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._preferences = desk.preferences
        self._model = desk.model
        self._desk = desk
        self._header = desk.window.page.table.header
        self._names = AddressNames(desk.session)
        self._pool = QThreadPool(self)
        self._warming: Background | None = None
        self._warm = False
        self._action = desk.window.actions_["resolve_names"]
        self._action.setCheckable(True)
        self._action.triggered.connect(self._on_toggled)
        desk.preferences.changed.connect(self._on_settings)
        desk.window.closing.connect(self.shut_down)
        # Not before the window is there: the registry's import would hold it up.
        desk.window.shown.connect(self._show)
        desk.later_statistics.built.connect(self._show)

    def shut_down(self) -> None:
        """End the thread."""
        self._pool.waitForDone(_STOP_WAIT_MS)

    @Slot(bool)
    def _on_toggled(self, checked: bool) -> None:
        settings = self._preferences.settings
        self._preferences.set(replace(settings, view=replace(settings.view, resolve_names=checked)))

    @Slot(object, object)
    def _on_settings(self, before: Settings, now: Settings) -> None:
        if before.view.resolve_names != now.view.resolve_names:
            self._show()

    @Slot()
    def _show(self) -> None:
        wanted = self._preferences.settings.view.resolve_names
        self._action.setChecked(wanted)
        if not wanted or self._warm:
            names = self._names if wanted else None
            self._model.set_names(names)
            if self._desk.later_statistics.there:
                self._desk.window.statistics.set_names(names)
            self._header.set_named(named=wanted)
        elif self._warming is None:
            self._warming = Background("makers", lambda _progress: warm_up(), "Reading the makers' names")
            self._warming.signals.done.connect(self._on_warm)
            self._warming.signals.failed.connect(self._on_warm)
            self._warming.start(self._pool)

    @Slot(object, object)
    def _on_warm(self, _key: str, _result: object) -> None:
        # Without the registry addresses of network cards have no names; the log file says why.
        self._warming = None
        self._warm = True
        self._show()
