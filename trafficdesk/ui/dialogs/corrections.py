"""Everything that was said of flags, in one place: what it touches, until when; to edit, switch off, delete, take back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
)

from trafficdesk.detect.corrections import Once
from trafficdesk.detect.labels import Label, Stance
from trafficdesk.detect.suppression import SuppressionRule
from trafficdesk.ui import theme
from trafficdesk.ui.labels import plain_label, tooltip
from trafficdesk.ui.wording import clock_date, family_title, thousands, visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtWidgets import QWidget

    from trafficdesk.detect.corrections import Corrections, Entry

_HEADS: Final = ("On", "What was said", "Of what", "When", "Ends", "Packets", "Note")
_WHAT, _NOTE = 2, 6
_NUMBER: Final = Qt.ItemDataRole.UserRole


class CorrectionsDialog(QDialog):
    """Shows what holds; what a person wants is told by signals.

    Signals
    -------
    edit_wanted, delete_wanted : the entry's number.
    switched : the number of a rule that was switched on or off.
    undo_wanted, redo_wanted : a step back, and forth again.
    show_wanted : the suppressed packets are to be listed.
    """

    edit_wanted = Signal(int)
    delete_wanted = Signal(int)
    switched = Signal(int)
    undo_wanted = Signal()
    redo_wanted = Signal()
    show_wanted = Signal()
    rule_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Corrections and rules")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.summary = plain_label("")
        self.summary.setWordWrap(True)
        self.table = QTableWidget(0, len(_HEADS))
        self.table.setAccessibleName("Corrections")
        self.table.setHorizontalHeaderLabels(_HEADS)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        for column in (_WHAT, _NOTE):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.new, self.edit, self.delete = (
            QPushButton("New rule…"),
            QPushButton("Edit…"),
            QPushButton("Delete"),
        )
        self.undo, self.redo = QPushButton("Undo"), QPushButton("Redo")
        self.show_rows = QPushButton("Show suppressed packets")
        self._lay_out()
        self._join()
        self._choose()

    def show_corrections(
        self, corrections: Corrections, hits: Mapping[int, int], *, incidents: int, rows: int, now_ns: int
    ) -> None:
        """Show what holds, what it touches in this capture, and how much is suppressed in all."""
        told = "1 incident" if incidents == 1 else f"{thousands(incidents)} incidents"
        packets = "1 packet" if rows == 1 else f"{thousands(rows)} packets"
        nothing = "Nothing was said yet: choose Expected, Suspicious or Suppress on a flagged packet or an incident."
        self.summary.setText(
            f"Suppressed in this capture: {told}, {packets}." if corrections.entries else nothing
        )
        present = self._current()
        self.table.blockSignals(True)
        self.table.setRowCount(len(corrections.entries))
        for row, entry in enumerate(reversed(corrections.entries)):
            self._show_entry(row, entry, hits.get(entry.number, 0), now_ns)
        self.table.blockSignals(False)
        numbers = [entry.number for entry in reversed(corrections.entries)]
        if present in numbers:
            self.table.selectRow(numbers.index(present))
        self.show_rows.setEnabled(rows > 0)
        self._choose()

    def allow(self, *, undo: bool, redo: bool) -> None:
        """Whether there are steps to take."""
        self.undo.setEnabled(undo)
        self.redo.setEnabled(redo)

    def _show_entry(self, row: int, entry: Entry, hits: int, now_ns: int) -> None:
        said, what, ends, note = _words(entry, now_ns)
        cells = (
            "",
            said,
            what,
            clock_date(entry.noted_ns) if entry.noted_ns else "",
            ends,
            thousands(hits),
            note,
        )
        for column, text in enumerate(cells):
            item = QTableWidgetItem(visible(text))
            item.setData(_NUMBER, entry.number)
            item.setToolTip(tooltip(visible(text)) if column in {_WHAT, _NOTE} else "")
            if column == 5:
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.table.setItem(row, column, item)
            if column == 0 and isinstance(entry, SuppressionRule):
                item.setCheckState(Qt.CheckState.Checked if entry.on else Qt.CheckState.Unchecked)

    def _lay_out(self) -> None:
        choices = QHBoxLayout()
        for button in (self.new, self.edit, self.delete, self.undo, self.redo):
            button.setProperty("class", "small")
            button.setAutoDefault(False)
            choices.addWidget(button)
        choices.addStretch(1)
        self.show_rows.setProperty("class", "small")
        self.show_rows.setAutoDefault(False)
        choices.addWidget(self.show_rows)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        buttons.button(QDialogButtonBox.StandardButton.Close).setAutoDefault(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(3 * theme.SPACING)
        column.addWidget(self.summary)
        column.addWidget(self.table, 1)
        column.addLayout(choices)
        column.addWidget(buttons)
        self.resize(940, 440)

    def _join(self) -> None:
        self.new.clicked.connect(self.rule_wanted)
        self.edit.clicked.connect(self._edit)
        self.delete.clicked.connect(self._delete)
        self.undo.clicked.connect(self.undo_wanted)
        self.redo.clicked.connect(self.redo_wanted)
        self.show_rows.clicked.connect(self.show_wanted)
        self.table.itemSelectionChanged.connect(self._choose)
        self.table.itemChanged.connect(self._on_changed)
        self.table.itemDoubleClicked.connect(self._edit)

    def _current(self) -> int:
        items = self.table.selectedItems()
        return int(items[0].data(_NUMBER)) if items else 0

    @Slot()
    def _choose(self) -> None:
        for button in (self.edit, self.delete):
            button.setEnabled(self._current() > 0)

    @Slot()
    def _edit(self) -> None:
        if self._current():
            self.edit_wanted.emit(self._current())

    @Slot()
    def _delete(self) -> None:
        if self._current():
            self.delete_wanted.emit(self._current())

    @Slot(QTableWidgetItem)
    def _on_changed(self, item: QTableWidgetItem) -> None:
        if item.column() == 0:
            self.switched.emit(int(item.data(_NUMBER)))


def _words(entry: Entry, now_ns: int) -> tuple[str, str, str, str]:
    """What was said, of what, when it ends, and the note."""
    if isinstance(entry, Label):
        said = "Expected" if entry.stance is Stance.EXPECTED else "Suspicious"
        packets = "1 packet" if entry.packets == 1 else f"{entry.packets:,} packets"
        return said, f"{family_title(entry.family)} of {entry.culprit} · {packets}", "never", entry.name
    if isinstance(entry, Once):
        return "Just this once", entry.words, "with this capture", ""
    if entry.expired(now_ns):
        ends = f"ended {clock_date(entry.expires_ns)}"
    else:
        ends = clock_date(entry.expires_ns) if entry.expires_ns else "never"
    return "Suppressed", entry.words, ends, entry.note
