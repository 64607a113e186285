"""Incidents as notices of the desktop, while the window is not in front: one for all of ten seconds, a click leads there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from PySide6.QtCore import QObject, Qt, QTimer, Slot
from PySide6.QtGui import QGuiApplication

from trafficdesk.alerts.policy import AlertPolicy
from trafficdesk.packets.printable import shown
from trafficdesk.ui.notices import notices_for
from trafficdesk.ui.wording import family_title

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from trafficdesk.detect.finding import Incident
    from trafficdesk.settings import Settings
    from trafficdesk.ui.desk import Desk
    from trafficdesk.ui.main_window import MainWindow
    from trafficdesk.ui.notices import Notices

GATHER_MS: Final = 10_000
"""After a notice, what comes within this time becomes one."""
_NAMED: Final = 3
"""Incidents of which a notice says the sentence."""
_LENGTH: Final = 200


class Place(NamedTuple):
    """Where a click on a notice leads."""

    capture_id: int
    incident_id: int


class Notifier(QObject):
    """Tells of incidents.

    Parameters
    ----------
    open_notices : the way to show them; asked at the first one.
    """

    def __init__(
        self, desk: Desk, open_notices: Callable[[MainWindow], Notices | None] = notices_for
    ) -> None:
        super().__init__(desk)
        self._desk = desk
        self._settings = desk.preferences.settings.mail
        self._policy = AlertPolicy(self._settings)
        self._open = open_notices
        self._notices: Notices | None = None
        self._looked = False
        self._waiting: list[Incident] = []
        self._pause = QTimer(self, singleShot=True, interval=GATHER_MS)
        self._pause.timeout.connect(self._tell)
        desk.due.connect(self._take)
        desk.preferences.changed.connect(self._on_settings)

    @Slot(object, object)
    def _on_settings(self, _before: Settings, now: Settings) -> None:
        self._settings = self._policy.settings = now.mail

    @Slot(object)
    def _take(self, incidents: Iterable[Incident]) -> None:
        if not self._settings.notify or self._in_front():
            return
        due = self._policy.due(incidents, self._desk.session.capture_id)
        self._waiting += [announcement.incident for announcement in due]
        if self._waiting and not self._pause.isActive():
            self._tell()

    def shut_down(self) -> None:
        """Show no more."""
        self._pause.stop()
        if self._notices is not None:
            self._notices.close()

    @Slot()
    def _tell(self) -> None:
        incidents, self._waiting = self._waiting, []
        # Whoever looks at the window now has seen them.
        if not incidents or self._in_front():
            return
        if not self._looked:
            self._looked = True
            self._notices = self._open(self._desk.window)
            if self._notices is not None:
                self._notices.clicked.connect(self._on_clicked)
        if self._notices is None:
            return
        title, body = worded(incidents)
        gravest = max(incidents, key=lambda incident: incident.severity)
        self._notices.show_notice(title, body, Place(self._desk.session.capture_id, gravest.id))
        self._pause.start()

    @Slot(object)
    def _on_clicked(self, place: Place | None) -> None:
        window = self._desk.window
        window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized)
        window.show()
        window.raise_()
        window.activateWindow()
        if place is not None and place.capture_id == self._desk.session.capture_id:
            window.show_packets()
            self._desk.show_incident(place.incident_id)

    def _in_front(self) -> bool:
        return QGuiApplication.applicationState() is Qt.ApplicationState.ApplicationActive


def worded(incidents: list[Incident]) -> tuple[str, str]:
    """Title and text of one notice for all of `incidents`, gravest first; plain text on lines of its own."""
    told = sorted(incidents, key=lambda incident: -incident.severity)
    if len(told) == 1:
        return f"{family_title(told[0].family)}, severity {told[0].severity}", shown(
            told[0].sentence, _LENGTH
        )
    lines = [shown(incident.sentence, _LENGTH) for incident in told[:_NAMED]]
    if len(told) > _NAMED:
        lines.append(f"and {len(told) - _NAMED} more")
    return f"{len(told)} incidents, severity up to {told[0].severity}", "\n".join(lines)
