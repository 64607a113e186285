"""`LaterStatistics`: page, controller and commands of statistics, which the first window does not wait for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

if TYPE_CHECKING:
    from trafficdesk.ui.desk import Desk
    from trafficdesk.ui.statistics_commands import StatisticsCommands
    from trafficdesk.ui.statistics_controller import StatisticsController


class LaterStatistics(QObject):
    """Makes them when they are first asked for: after the first paint, when a capture begins, or is looked at."""

    built = Signal()
    """They are there."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._desk = desk
        self._controller: StatisticsController | None = None
        self._commands: StatisticsCommands | None = None
        desk.capture.evicting.connect(self._on_evicting)
        desk.window.statistics_shown.connect(self._on_shown)

    @property
    def there(self) -> bool:
        """Whether they were made."""
        return self._controller is not None

    @property
    def controller(self) -> StatisticsController:
        """What counts for the page."""
        return self._controller or self.build()

    def build(self) -> StatisticsController:
        """Make them, where that was not done."""
        if self._controller is None:
            self._controller = self._built()
            self.built.emit()
        return self._controller

    def shut_down(self) -> None:
        """End the controller's thread."""
        if self._controller is not None:
            self._controller.shut_down()

    @Slot(object)
    def _on_evicting(self, first_kept_id: int) -> None:
        self.controller.evicting(first_kept_id)

    @Slot(bool)
    def _on_shown(self, looked_at: bool) -> None:
        if looked_at or self.there:
            self.controller.set_looked_at(looked_at)

    def _built(self) -> StatisticsController:
        from trafficdesk.ui.statistics_commands import StatisticsCommands
        from trafficdesk.ui.statistics_controller import StatisticsController

        desk = self._desk
        page = desk.window.statistics
        controller = StatisticsController(desk.session, desk.model, page, desk.dashboard.rate, desk)
        desk.display.changed.connect(controller.filter_changed)
        desk.names.settled.connect(controller.identified)
        self._commands = StatisticsCommands(desk.window, controller, self)
        return controller
