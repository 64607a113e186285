"""Mails that wait for what follows their incident, while the window goes on."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QCoreApplication, QEventLoop, QObject, QTimer, Slot

if TYPE_CHECKING:
    from trafficdesk.alerts import AlertDispatcher
    from trafficdesk.ui.desk import Desk

_LOOK_MS: Final = 1_000
_TURN_S: Final = 0.05
_GATHER_S: Final = 15.0
"""A window that was closed is no longer seen, and a busy machine takes long; the alerts go in any case."""


class AlertWatch(QObject):
    """Tells the dispatcher how far analysis has come, and gives it what is known by then."""

    def __init__(self, desk: Desk, alerts: AlertDispatcher) -> None:
        super().__init__(desk)
        self._desk = desk
        self._alerts = alerts
        self._timer = QTimer(self, interval=_LOOK_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def let_go(self) -> None:
        """Nothing will follow any more: evidence is made while there are frames and a detector to ask, if need be at once."""
        self._timer.stop()
        self._alerts.follow(self._desk.session, self._until_ns(), last=True)
        deadline = time.monotonic() + _GATHER_S
        while not self._alerts.gathered(_TURN_S) and time.monotonic() < deadline:
            # The detector's answers come in this thread.
            QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)

    @Slot()
    def _look(self) -> None:
        self._alerts.follow(self._desk.session, self._until_ns())

    def _until_ns(self) -> int:
        """What analysis has passed, by the capture's time; nothing may come on an interface, and time passes."""
        log, pending, job = self._desk.session.log, self._desk.session.pending, self._desk.capture.job
        if not pending and job is not None and job.live:
            return time.time_ns()
        newest = max(log.end_id - 1 - pending, log.first_id)
        return int(log.column("timestamp_ns", np.array([newest]))[0]) if newest < log.end_id else 0
