"""Settings of the capture, with a filter that is checked while it is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtWidgets import QComboBox, QWidget

from trafficdesk.capture.spool_folder import spool_dir
from trafficdesk.ui.dialogs.choice_editors import prepare_choice
from trafficdesk.ui.dialogs.field_editors import TextEditor
from trafficdesk.ui.dialogs.folder_row import FolderRow
from trafficdesk.ui.dialogs.job import Job
from trafficdesk.ui.dialogs.settings_page import SettingsPage, set_state
from trafficdesk.ui.theme import mono_font
from trafficdesk.ui.wording import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtGui import QWheelEvent

    from trafficdesk.settings import CaptureSettings
    from trafficdesk.ui.theme import Tokens

    CheckFilter = Callable[[str], str | None]

_CHECK_AFTER_MS: Final = 250
"""A pause in typing; half a word is always wrong."""
_TIP: Final = "BPF, as tcpdump takes it, e.g. not port 22. Empty: everything"


class InterfaceEditor(QComboBox):
    """The interface to capture on; one that is not there now can be kept."""

    edited = Signal()

    def __init__(self, names: Sequence[tuple[str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        prepare_choice(self)
        self.setAccessibleName("Interface")
        self.addItem("The one with the default route", "")
        for name, words in names:
            self.addItem(visible(words), name)
        self.activated.connect(self._report)

    def field_value(self) -> str:
        """The interface's name; empty = the one with the default route."""
        return str(self.currentData())

    def set_field_value(self, value: str) -> None:
        """Show `value`."""
        if self.findData(value) < 0:
            self.addItem(f"{visible(value)} (not there now)", value)
        self.setCurrentIndex(self.findData(value))

    def problem(self) -> str:
        """Never any: an interface may come back."""
        return ""

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the page."""
        event.ignore()

    def _report(self) -> None:
        self.edited.emit()


class FilterEditor(TextEditor):
    """A capture filter; whether it compiles is found out in a thread, the last text wins.

    Signals
    -------
    judged : "" where it compiles or is empty, else the reason why not.
    """

    judged = Signal(str)

    def __init__(self, check: CheckFilter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._check = check
        self._job: Job | None = None
        self._known: tuple[str, str] = ("", "")
        self.setFont(mono_font())
        self.setAccessibleName("Capture filter")
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_CHECK_AFTER_MS)
        self._timer.timeout.connect(self._begin)
        self.textChanged.connect(self._wait)

    def problem(self) -> str:
        """Why it does not compile; asks at once if it is not known yet."""
        text = self.field_value()
        if text and self._known[0] != text:
            self._known = (text, self._check(text) or "")
            self._judge()
        return self._known[1] if text else ""

    def _wait(self) -> None:
        set_state(self, "")
        self._timer.start()
        if not self.field_value():
            self.judged.emit("")

    def _begin(self) -> None:
        text = self.field_value()
        if not text or self._job is not None:
            return
        check = self._check
        self._job = Job(lambda: (text, check(text) or ""), "Checking the capture filter")
        self._job.succeeded.connect(self._take)
        self._job.failed.connect(self._give_up)
        self._job.start()

    @Slot(object)
    def _take(self, answer: tuple[str, str]) -> None:
        self._job = None
        if answer[0] == self.field_value():
            self._known = answer
            self._judge()
        else:
            self._timer.start()

    @Slot(object)
    def _give_up(self, _error: object) -> None:
        # Not knowing is no reason to refuse: the capture itself checks again.
        self._job = None

    def _judge(self) -> None:
        reason = self._known[1]
        set_state(self, "invalid" if reason else "valid")
        self.judged.emit(reason)


class CapturePage(SettingsPage):
    """Where frames come from.

    Parameters
    ----------
    check_filter : returns why an expression does not compile, or None.
    interfaces : (name, words) of what can be captured on.
    """

    title: ClassVar[str] = "Capture"
    icon: ClassVar[str] = "capture"
    intro: ClassVar[str] = (
        "What is read from the network, and how much of it is kept. Holds from the next capture on."
    )

    def __init__(
        self,
        section: CaptureSettings,
        tokens: Tokens,
        *,
        check_filter: CheckFilter,
        interfaces: Sequence[tuple[str, str]] = (),
    ) -> None:
        self._check_filter = check_filter
        self._interfaces = interfaces
        super().__init__(section, tokens)

    def build(self) -> None:
        """As declared, with editors of our own for the interface and the filter."""
        self.add_field("interface", InterfaceEditor(self._interfaces), tip="")
        self.filter = FilterEditor(self._check_filter)
        self.filter.set_field_value(self._section.capture_filter)
        self.filter.edited.connect(self.edited)
        self.filter.judged.connect(self._say_verdict)
        self.editors["capture_filter"] = self.filter
        self._verdict = self.add_row("Capture filter", self.filter, _TIP)
        for name in (
            *("promiscuous", "snap_length", "ring_mib", "kept_rows", "kept_bytes_mib"),
            *("stop_packets", "stop_seconds", "stop_megabytes"),
            *("spool", "spool_mib", "spool_hours", "spool_reserve_mib"),
        ):
            self.add_field(name)
        self.add_row(
            "Their folder", FolderRow(spool_dir()), "pcapng files that Wireshark opens; for you only."
        )

    @Slot(str)
    def _say_verdict(self, reason: str) -> None:
        self._verdict.setText(
            visible(reason) if reason else "It compiles." if self.filter.field_value() else _TIP
        )
        self._verdict.setProperty("class", "error" if reason else "muted")
        self._verdict.style().unpolish(self._verdict)
        self._verdict.style().polish(self._verdict)
