"""Settings of threat lists: which there are, what is in them, how old they are, what is wrong with them."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QPlainTextEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from trafficdesk.ui import theme
from trafficdesk.ui.dialogs.folder_row import FolderRow
from trafficdesk.ui.dialogs.job import Job
from trafficdesk.ui.dialogs.settings_page import SettingsPage
from trafficdesk.ui.labels import plain_label, tooltip
from trafficdesk.ui.wording import visible

if TYPE_CHECKING:
    from PySide6.QtGui import QShowEvent

    from trafficdesk.settings import ThreatSettings
    from trafficdesk.threats import Library, ThreatList
    from trafficdesk.ui.theme import Tokens

_TITLES: Final = ("List", "Format", "Entries", "Age", "Problems")
_NUMBERS: Final = (2, 4)
_TABLE_HEIGHT: Final = 168
_SHEET: Final = "QTableView::item { padding: 0 8px; }"
"""As wide as the head's own."""
_PROBLEMS_HEIGHT: Final = 84
_FILES: Final = "Lists (*.txt *.csv *.tsv *.json *.list *.hosts *.netset *.ipset *.gz);;All files (*)"
_NONE: Final = "No list yet. Drop files into the folder, or add them from where they are."
_DAY_S: Final = 86_400


class ThreatsPage(SettingsPage):
    """Lists of bad addresses and names; a row each.

    Parameters
    ----------
    library : reads them, in a thread.
    """

    title: ClassVar[str] = "Threat lists"
    icon: ClassVar[str] = "warning"
    hidden: ClassVar[tuple[str, ...]] = ("files", "off")
    intro: ClassVar[str] = (
        "Addresses, networks and names that somebody says are bad: text, CSV, hosts files or STIX. A hit is one reason "
        "among others; alone it raises no alarm. Nothing is downloaded."
    )

    def __init__(self, section: ThreatSettings, tokens: Tokens, library: Library) -> None:
        self._library = library
        self._files, self._off = list(section.files), set(section.off)
        self._lists: tuple[ThreatList, ...] = ()
        self._reading: Job | None = None
        self._was_shown = False
        super().__init__(section, tokens)

    def build(self) -> None:
        """The folder, the lists, what is wrong with the one that is chosen, and when a list is old."""
        self.table = _a_table()
        self.table.itemChanged.connect(self._on_switched)
        self.table.itemSelectionChanged.connect(self._on_selected)
        self.problems = QPlainTextEdit()
        self.problems.setReadOnly(True)
        self.problems.setFixedHeight(_PROBLEMS_HEIGHT)
        self.problems.setAccessibleName("Problems of the chosen list")
        self.problems.setTabChangesFocus(True)
        self.add, self.remove, self.again = (QPushButton(words) for words in ("Add…", "Remove", "Read again"))
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.SPACING)
        for button, doing in ((self.add, self.choose), (self.remove, self.take_out), (self.again, self.read)):
            button.setAutoDefault(False)
            button.clicked.connect(doing)
            buttons.addWidget(button)
        buttons.addStretch(1)
        self.state = plain_label("", "muted")
        self.state.setWordWrap(True)
        self.form.addRow(self.table)
        self.form.addRow(_holder(buttons))
        self.form.addRow(self.state)
        self.form.addRow(self.problems)
        self.add_row(
            "Folder", FolderRow(self._library.folder), "Every file in it is a list, and read when it changes"
        )
        super().build()

    def section(self) -> ThreatSettings:
        """With the files and switches of the table."""
        section: ThreatSettings = super().section()
        return replace(section, files=tuple(self._files), off=tuple(sorted(self._off)))

    def add_files(self, names: list[str]) -> None:
        """Use these files from where they are."""
        known = {str(one.path) for one in self._lists} | set(self._files)
        new = [name for name in dict.fromkeys(str(Path(name)) for name in names) if name not in known]
        if new:
            self._files += new
            self.edited.emit()
            self.read()

    def showEvent(self, event: QShowEvent) -> None:
        """Read them when somebody looks."""
        super().showEvent(event)
        if not self._was_shown:
            self._was_shown = True
            self.read()

    @Slot()
    def choose(self) -> None:
        """Ask for files to add."""
        names, _ = QFileDialog.getOpenFileNames(self, "Add threat lists", "", _FILES)
        self.add_files(names)

    @Slot()
    def take_out(self) -> None:
        """Use the chosen list no more, if it was added; the file stays."""
        one = self._chosen()
        if one is not None and str(one.path) in self._files:
            self._files.remove(str(one.path))
            self._off.discard(str(one.path))
            self.edited.emit()
            self.read()

    @Slot()
    def read(self) -> None:
        """Read what is new, in a thread."""
        if self._reading is not None:
            return
        self.state.setText("Reading…")
        self.again.setEnabled(False)
        files, library = tuple(self._files), self._library
        self._reading = Job(lambda: (files, library.lists(files)), "Reading threat lists")
        self._reading.succeeded.connect(self._on_read)
        self._reading.failed.connect(self._on_failed)
        self._reading.start()

    @Slot(object)
    def _on_read(self, answer: tuple[tuple[str, ...], tuple[ThreatList, ...]]) -> None:
        files, lists = answer
        self._reading = None
        self.again.setEnabled(True)
        self._lists = lists
        self._fill()
        if files != tuple(self._files):
            self.read()

    @Slot(object)
    def _on_failed(self, error: object) -> None:
        self._reading = None
        self.again.setEnabled(True)
        self.state.setText(visible(str(error)))

    def _fill(self) -> None:
        chosen = self.table.currentRow()
        self.table.blockSignals(True)
        self.table.setRowCount(len(self._lists))
        for row, one in enumerate(self._lists):
            for column, words in enumerate(self._cells(one)):
                item = QTableWidgetItem(visible(words))
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable)
                if column in _NUMBERS:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.table.setItem(row, column, item)
            head = self.table.item(row, 0)
            assert head is not None
            head.setFlags(head.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            on = str(one.path) not in self._off
            head.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
            head.setToolTip(tooltip(visible(str(one.path))))
        self.table.setCurrentCell(min(max(chosen, 0), len(self._lists) - 1), 0)
        self.table.blockSignals(False)
        self._on_selected()
        self._say_state()

    def _cells(self, one: ThreatList) -> tuple[str, ...]:
        if one.error:
            return one.name, "not read", "", "", "1"
        days = int(max(time.time() - one.dated_s, 0) // _DAY_S)
        age = "today" if days == 0 else "1 day" if days == 1 else f"{days:,} days"
        stale = ", old" if self._is_old(one) else ""
        return one.name, one.format, f"{one.entries:,}", age + stale, f"{one.problem_count:,}"

    def _is_old(self, one: ThreatList) -> bool:
        from trafficdesk.threats.words import is_old

        return is_old(one, self._section, time.time())

    def _say_state(self) -> None:
        if not self._lists:
            self.state.setText(_NONE)
            return
        used = [one for one in self._lists if str(one.path) not in self._off]
        words = f"{sum(one.entries for one in used):,} entries in use."
        if old := [one.name for one in used if self._is_old(one)]:
            words += f" Old, fetch them anew: {', '.join(map(visible, old))}."
        self.state.setText(words)

    def _chosen(self) -> ThreatList | None:
        row = self.table.currentRow()
        return self._lists[row] if 0 <= row < len(self._lists) else None

    @Slot()
    def _on_selected(self) -> None:
        one = self._chosen()
        added = one is not None and str(one.path) in self._files
        self.remove.setEnabled(added)
        self.remove.setToolTip(
            "" if added or one is None else "It lies in the folder: take it out there, or switch it off"
        )
        self.problems.setPlainText(_problem_words(one) if one is not None else "")
        self.problems.setVisible(one is not None)

    @Slot(QTableWidgetItem)
    def _on_switched(self, item: QTableWidgetItem) -> None:
        if item.column() == 0 and 0 <= item.row() < len(self._lists):
            name = str(self._lists[item.row()].path)
            if item.checkState() == Qt.CheckState.Checked:
                self._off.discard(name)
            else:
                self._off.add(name)
            self.edited.emit()
            self._say_state()


def _problem_words(one: ThreatList) -> str:
    if one.error:
        return f"Not read: {visible(one.error)}."
    if not one.problem_count:
        return "Every entry is used."
    lines = [
        f"{one.unit} {problem.place:,}: {visible(problem.words)}" if problem.place else visible(problem.words)
        for problem in one.problems
    ]
    if more := one.problem_count - len(one.problems):
        lines.append(f"and {more:,} more")
    return "\n".join(lines)


def _a_table() -> QTableWidget:
    table = QTableWidget(0, len(_TITLES))
    table.setHorizontalHeaderLabels(_TITLES)
    table.setAccessibleName("Threat lists")
    table.setFixedHeight(_TABLE_HEIGHT)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setStyleSheet(_SHEET)
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.setTabKeyNavigation(False)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(theme.ROW_HEIGHT + theme.SPACING)
    header = table.horizontalHeader()
    header.setHighlightSections(False)
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    for column in range(len(_TITLES)):
        side = Qt.AlignmentFlag.AlignRight if column in _NUMBERS else Qt.AlignmentFlag.AlignLeft
        item = table.horizontalHeaderItem(column)
        assert item is not None
        item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
    return table


def _holder(row: QHBoxLayout) -> QWidget:
    holder = QWidget()
    row.setContentsMargins(0, 0, 0, 0)
    holder.setLayout(row)
    return holder
