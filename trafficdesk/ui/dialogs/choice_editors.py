"""Editor for settings that are one of a few."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox

from trafficdesk.settings import MailSecurity, Theme, TimeFormat

if TYPE_CHECKING:
    from enum import StrEnum

    from PySide6.QtGui import QWheelEvent
    from PySide6.QtWidgets import QWidget

_CHOICES: Final[dict[StrEnum, str]] = {
    Theme.SYSTEM: "As the system",
    Theme.LIGHT: "Light",
    Theme.DARK: "Dark",
    TimeFormat.TIME_OF_DAY: "Time of day",
    TimeFormat.SINCE_START: "Seconds since the start",
    TimeFormat.SINCE_PREVIOUS: "Seconds since the row above",
    TimeFormat.UTC: "Date and time, UTC",
    MailSecurity.STARTTLS: "STARTTLS (usually port 587)",
    MailSecurity.TLS: "TLS from the start (usually port 465)",
    MailSecurity.NONE: "None: readable on the way",
}


class ChoiceEditor(QComboBox):
    """One member of an enumeration."""

    edited = Signal()

    def __init__(self, choices: type[StrEnum], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        prepare_choice(self)
        for member in choices:
            self.addItem(_CHOICES.get(member, member.value), member.value)
        self._choices = choices
        self.activated.connect(self._report)

    def field_value(self) -> StrEnum:
        """The chosen member."""
        return self._choices(self.currentData())

    def set_field_value(self, value: StrEnum) -> None:
        """Show `value`."""
        self.setCurrentIndex(self.findData(value.value))

    def problem(self) -> str:
        """None: only members can be chosen."""
        return ""

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the page."""
        event.ignore()

    def _report(self) -> None:
        self.edited.emit()


def prepare_choice(box: QComboBox) -> None:
    """Let a choice shrink with its page, and take no focus from the wheel."""
    box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(12)
