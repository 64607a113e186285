"""Settings of the capture, with a filter that is checked while it is typed."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, ClassVar, Final

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QBoxLayout, QComboBox, QWidget

from trafficdesk.capture.interfaces import interface_names
from trafficdesk.capture.spool.folder import spool_dir
from trafficdesk.ui.dialogs.choice_editors import prepare_choice
from trafficdesk.ui.dialogs.field_editors import IntegerEditor
from trafficdesk.ui.dialogs.filter_editor import FilterEditor
from trafficdesk.ui.dialogs.folder_row import FolderRow
from trafficdesk.ui.dialogs.settings_page import SettingsPage
from trafficdesk.ui.wording import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QWheelEvent

    from trafficdesk.settings import CaptureSettings
    from trafficdesk.ui.dialogs.filter_editor import CheckFilter
    from trafficdesk.ui.theme import Tokens

_FAST_LINK_BPS: Final = 1e9
_STOPS: Final = (
    ("stop_packets", "packets", "no packet limit"),
    ("stop_seconds", "seconds", "no time limit"),
    ("stop_megabytes", "MB", "no size limit"),
)
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
        """Show `value`; several interfaces are one entry."""
        if self.findData(value) < 0:
            names = interface_names(value)
            known = {name: self.itemText(self.findData(name)) for name in names if self.findData(name) >= 0}
            words = ", ".join(known.get(name, visible(name)) for name in names)
            self.addItem(words if len(known) == len(names) else f"{words} (not there now)", value)
        self.setCurrentIndex(self.findData(value))

    def problem(self) -> str:
        """Never any: an interface may come back."""
        return ""

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the page."""
        event.ignore()

    def _report(self) -> None:
        self.edited.emit()


class CaptureForm(SettingsPage):
    """Rows that the settings and the capture options share.

    Parameters
    ----------
    check_filter : returns why an expression does not compile, or None.
    recent_filters : capture filters used before, the newest first.
    """

    def __init__(
        self,
        section: CaptureSettings,
        tokens: Tokens,
        *,
        check_filter: CheckFilter,
        recent_filters: Sequence[str] = (),
    ) -> None:
        self._check_filter = check_filter
        self._recent_filters = recent_filters
        super().__init__(section, tokens)
        self.apply_theme(tokens)

    def add_filter(self) -> None:
        """Add the capture filter, with its verdict below."""
        self.filter = FilterEditor(self._check_filter, self._recent_filters)
        self.filter.set_field_value(self._section.capture_filter)
        self.filter.edited.connect(self.edited)
        self.filter.judged.connect(self._say_verdict)
        self.editors["capture_filter"] = self.filter
        self._verdict = self.add_row("Capture filter", self.filter, _TIP)

    def add_ring(self) -> None:
        """Add the size of the kernel's ring, with what it costs below."""
        ring = IntegerEditor(*_bounds(self._section, "ring_mib"), "MiB")
        ring.set_field_value(self._section.ring_mib)
        ring.setAccessibleName("Kernel ring")
        ring.edited.connect(self.edited)
        ring.edited.connect(self._say_cost)
        self.editors["ring_mib"] = ring
        self._cost = self.add_row("Kernel ring", ring, ring_words(self._section.ring_mib))

    def add_stops(self, direction: QBoxLayout.Direction = QBoxLayout.Direction.TopToBottom) -> None:
        """Add when a capture stops by itself, three limits that belong together."""
        row = QBoxLayout(direction)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for name, unit, never in _STOPS:
            editor = IntegerEditor(*_bounds(self._section, name), unit)
            editor.setSpecialValueText(never)
            editor.set_field_value(getattr(self._section, name))
            editor.setAccessibleName(f"Stop after {unit}")
            editor.setMinimumHeight(32)
            editor.edited.connect(self.edited)
            self.editors[name] = editor
            row.addWidget(editor, 1)
        cell = QWidget()
        cell.setLayout(row)
        self.add_row(
            "Stop after", cell, "Whatever comes first; 0 is no limit. 1 MB = 1,000,000 bytes on the wire"
        )

    def apply_theme(self, tokens: Tokens) -> None:
        """Take the colours of a theme."""
        super().apply_theme(tokens)
        self.filter.apply_theme(tokens)

    @Slot()
    def _say_cost(self) -> None:
        ring = self.editors["ring_mib"]
        assert isinstance(ring, IntegerEditor)
        self._cost.setText(ring_words(ring.value()))

    @Slot(str)
    def _say_verdict(self, reason: str) -> None:
        self._verdict.setText(
            visible(reason) if reason else "It compiles." if self.filter.field_value() else _TIP
        )
        self._verdict.setProperty("class", "error" if reason else "muted")
        self._verdict.style().unpolish(self._verdict)
        self._verdict.style().polish(self._verdict)


class CapturePage(CaptureForm):
    """Where frames come from.

    Parameters
    ----------
    check_filter, recent_filters : see `CaptureForm`.
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
        recent_filters: Sequence[str] = (),
    ) -> None:
        self._interfaces = interfaces
        super().__init__(section, tokens, check_filter=check_filter, recent_filters=recent_filters)

    def build(self) -> None:
        """As declared, with editors of our own where a declaration does not say enough."""
        own = {"capture_filter": self.add_filter, "ring_mib": self.add_ring, "stop_packets": self.add_stops}
        for item in fields(self._section):
            if item.name == "interface":
                self.add_field(item.name, InterfaceEditor(self._interfaces), tip="")
            elif item.name in own:
                own[item.name]()
            elif item.name not in self.editors:
                self.add_field(item.name)
            if item.name == "spool_reserve_mib":
                self.add_row(
                    "Their folder", FolderRow(spool_dir()), "pcapng files that Wireshark opens; for you only."
                )


def ring_words(mebibytes: int) -> str:
    """What a kernel ring of that size costs, and how long a standstill it outlasts."""
    seconds = mebibytes * 2**20 * 8 / _FAST_LINK_BPS
    return f"{mebibytes:,} MiB of memory per interface; outlasts a standstill of {seconds:.2g} s at 1 Gbit/s"


def check_capture_filter(expression: str, names: Sequence[str] = ()) -> str | None:
    """Why the system's BPF compiler does not take `expression` on the interfaces; None = it does."""
    from trafficdesk.capture.filter_check import check_filter_on

    return check_filter_on(expression, names)


def _bounds(section: CaptureSettings, name: str) -> tuple[int, int]:
    metadata = next(item.metadata for item in fields(section) if item.name == name)
    return int(metadata["low"]), int(metadata["high"])
