"""Which span of the past, and whose: a choice of usual ones, or two moments."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QDateTime, QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QComboBox, QDateTimeEdit, QHBoxLayout, QWidget

from trafficdesk.ui.dialogs.choice_editors import prepare_choice
from trafficdesk.ui.history_request import Last
from trafficdesk.ui.wording import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

_FORMAT: Final = "yyyy-MM-dd HH:mm"
_EVERY: Final = "All sensors"
_DAY: Final = 86_400


class SpanChoice(QWidget):
    """Tells by `changed` that a person chose another span or sensor."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sensors: list[tuple[int, str]] = []
        self.last = QComboBox()
        self.last.setAccessibleName("Span of time")
        self.last.addItems([last.value for last in Last])
        self.last.setCurrentIndex(list(Last).index(Last.DAY))
        self.sensors = QComboBox()
        self.sensors.setAccessibleName("Sensor")
        for box in (self.last, self.sensors):
            prepare_choice(box)
        self.start, self.end = QDateTimeEdit(), QDateTimeEdit()
        for name, moment in (("From", self.start), ("To", self.end)):
            moment.setAccessibleName(name)
            moment.setDisplayFormat(_FORMAT)
            moment.setKeyboardTracking(False)
            moment.dateTimeChanged.connect(self.changed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for part in (self.sensors, self.start, self.end, self.last):
            row.addWidget(part)
        self.last.activated.connect(self._on_last)
        self.sensors.activated.connect(self.changed)
        self.sensors.hide()
        now = int(time.time())
        self._set_moments(now - _DAY, now)
        self._show_moments()

    @property
    def chosen(self) -> tuple[Last, int, int]:
        """The span; of a custom one its begin and end, seconds since the Unix epoch."""
        last = list(Last)[self.last.currentIndex()]
        if last is not Last.CUSTOM:
            return last, 0, 0
        return last, self.start.dateTime().toSecsSinceEpoch(), self.end.dateTime().toSecsSinceEpoch()

    @property
    def sensor(self) -> int | None:
        """Number of the sensor chosen; None = all."""
        row = self.sensors.currentIndex()
        return self._sensors[row - 1][0] if 0 < row <= len(self._sensors) else None

    def set_chosen(self, chosen: tuple[Last, int, int]) -> None:
        """Choose, without telling."""
        last, start_s, end_s = chosen
        self.last.setCurrentIndex(list(Last).index(last))
        if last is Last.CUSTOM:
            self._set_moments(start_s, end_s)
        self._show_moments()

    def set_sensors(self, sensors: Sequence[tuple[int, str]]) -> None:
        """Offer the machines that wrote; one alone needs no choice."""
        if list(sensors) == self._sensors:
            return
        chosen = self.sensor
        self._sensors = list(sensors)
        self.sensors.clear()
        self.sensors.addItems([_EVERY, *(visible(name) for _, name in sensors)])
        numbers = [number for number, _ in sensors]
        self.sensors.setCurrentIndex(numbers.index(chosen) + 1 if chosen in numbers else 0)
        self.sensors.setVisible(len(sensors) > 1)

    @Slot()
    def _on_last(self) -> None:
        self._show_moments()
        self.changed.emit()

    def _set_moments(self, start_s: int, end_s: int) -> None:
        for edit, moment in ((self.start, start_s), (self.end, end_s)):
            blocked = QSignalBlocker(edit)
            edit.setDateTime(QDateTime.fromSecsSinceEpoch(moment))
            blocked.unblock()

    def _show_moments(self) -> None:
        for edit in (self.start, self.end):
            edit.setVisible(self.chosen[0] is Last.CUSTOM)
