"""What each command of the window does: asks the person where it must, then tells the desk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QModelIndex, QObject, QPoint, Slot
from PySide6.QtWidgets import QFileDialog, QInputDialog

from trafficdesk.export.corrections_json import CorrectionFile
from trafficdesk.ui.classifier_commands import ClassifierCommands
from trafficdesk.ui.colour_commands import ColourCommands
from trafficdesk.ui.correction_commands import CorrectionCommands
from trafficdesk.ui.evidence_commands import EvidenceCommands
from trafficdesk.ui.export_controller import ExportController, with_suffix
from trafficdesk.ui.filter_commands import FilterCommands
from trafficdesk.ui.interface_commands import InterfaceCommands
from trafficdesk.ui.packet_menu import PacketMenu
from trafficdesk.ui.report_commands import ReportCommands
from trafficdesk.ui.resolve_commands import ResolveCommands
from trafficdesk.ui.shortcut_list import ShortcutList
from trafficdesk.ui.table_commands import TableCommands
from trafficdesk.ui.walk_commands import WalkCommands
from trafficdesk.ui.why_controller import WhyController
from trafficdesk.ui.workers.capture_jobs import LiveJob

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from trafficdesk.capture.source import FrameStore
    from trafficdesk.export.capture_file import SavedCapture
    from trafficdesk.ui.desk import Desk
    from trafficdesk.ui.interface_lister import InterfaceLister

CAPTURE_FILES: Final = "Captures and evidence (*.pcap *.pcapng *.cap *.dmp *.gz *.zip);;All files (*)"


class Commands(QObject):
    """Joins the actions with what they do; the settings dialog is the composition root's."""

    def __init__(self, desk: Desk, interfaces: InterfaceLister) -> None:
        super().__init__(desk)
        self._desk = desk
        self._window = desk.window
        self.exports = ExportController(desk.session, self)
        self._menu = PacketMenu(desk.session.log, desk.model, desk.window.actions_, self)
        self._capturing = InterfaceCommands(desk, interfaces, self)
        self._filters = FilterCommands(self._window, desk.preferences, desk.session.log, self)
        self.table = TableCommands(desk, self)
        self.walk = WalkCommands(desk, self)
        self._colours = ColourCommands(desk, self)
        self.corrections = CorrectionCommands(desk, CorrectionFile(), self)
        self._resolving = ResolveCommands(desk, self)
        self.evidence = EvidenceCommands(desk, self)
        self.report = ReportCommands(desk, self)
        self._why = WhyController(desk, self)
        self.classifier = ClassifierCommands(desk, self)
        self._join_actions()
        self._join_window()

    def _join_actions(self) -> None:
        actions, table, bar = self._window.actions_, self._window.page.table, self._window.filter_bar
        doings: dict[str, Callable[[], object]] = {
            "open": self.choose_file, "sample": self._desk.open_sample, "quit": self._window.close,
            "save": self.save, "export_selected": self.export_selected, "export_shown": self.export_shown,
            "export_all": self.export_all, "start_stop": self.start_or_stop,
            "restart": self.restart, "focus_filter": self.focus_filter,
            "clear_filter": bar.clear_and_apply, "go_to": self.go_to, "previous": self.previous,
            "next": self.next,
            "follow": table.follow, "copy": table.copy_rows, "refit": self._desk.analysis.refit,
            "show_packets": self._window.show_packets, "show_statistics": self._window.show_statistics,
            "show_flagged": self.show_flagged, "shortcuts": self.shortcuts, "about": self.about,
        }  # fmt: skip
        for name, doing in doings.items():
            actions[name].triggered.connect(doing)

    def _join_window(self) -> None:
        window, exports, dashboard = self._window, self.exports, self._desk.dashboard
        window.bar.start_stop_clicked.connect(self.start_or_stop)
        window.file_dropped.connect(self.open_path)
        window.recent_chosen.connect(self.open_path)
        window.welcome.open_requested.connect(self.choose_file)
        window.welcome.sample_requested.connect(self._desk.open_sample)
        window.page.table.menu_requested.connect(self._on_menu)
        window.page.empty.clicked.connect(self._on_empty_clicked)
        self._menu.filter_wanted.connect(window.filter_bar.set_expression)
        exports.progressed.connect(dashboard.show_export)
        exports.ended.connect(dashboard.export_ended)
        exports.failed.connect(window.banner.show_error)
        exports.done.connect(self._on_exported)
        exports.saved.connect(self._on_saved)
        window.status.cancel_clicked.connect(exports.stop)

    @Slot(object)
    def open_path(self, path: Path) -> None:
        """Open a file that was dropped or chosen."""
        self._desk.open_file(path)

    @Slot()
    def choose_file(self) -> None:
        """Ask for a capture file and open it."""
        chosen, _ = QFileDialog.getOpenFileName(self._window, "Open a capture file", "", CAPTURE_FILES)
        if chosen:
            self._desk.open_file(Path(chosen))

    @Slot()
    def start_or_stop(self) -> None:
        """Stop what runs, else listen on the chosen interface."""
        if self._desk.capture.running:
            self._desk.capture.stop()
        elif self._window.bar.interface:
            self._desk.listen(self._window.bar.interface)
        else:
            self._window.banner.show_message(
                "No interface is chosen.",
                "Choose one on the left of Start, or open a capture file.",
                "warning",
            )

    @Slot()
    def restart(self) -> None:
        """Begin the live capture again with an empty log."""
        job = self._desk.capture.job
        if isinstance(job, LiveJob):
            self._desk.listen(job.interface)

    @Slot()
    def save(self) -> None:
        """Ask which raw frames to save, and where, and save them."""
        store, log = self._desk.capture.frames, self._desk.session.log
        if self._is_exporting():
            return
        if store is None or not log.end_id:
            self._window.banner.show_message(
                "There is nothing to save.", "Start a capture or open a file first.", "warning"
            )
            return
        from trafficdesk.ui.dialogs.save_capture import SaveCaptureDialog, Selection

        ids = np.sort(self._window.page.table.selected_ids())
        dialog = SaveCaptureDialog(
            log, Selection(log.end_id, self._desk.model.chosen_ids(), ids), self._window
        )
        if dialog.exec():
            self._save(store, dialog.ids, comments=dialog.comments.isChecked())
        dialog.deleteLater()

    def _save(self, store: FrameStore, ids: NDArray[np.int64] | range, *, comments: bool) -> None:
        title = f"Save {len(ids):,} packets"
        chosen, _ = QFileDialog.getSaveFileName(self._window, title, "capture.pcapng", "pcapng (*.pcapng)")
        if chosen:
            self._window.banner.dismiss()
            self.exports.save(with_suffix(chosen, ".pcapng"), store, ids, comments=comments)

    @Slot()
    def export_selected(self) -> None:
        """Write the selected rows."""
        self._export(self._window.page.table.selected_ids(), "selected")

    @Slot()
    def export_shown(self) -> None:
        """Write the rows that the filter shows."""
        self._export(self._desk.model.chosen_ids(), "shown")

    @Slot()
    def export_all(self) -> None:
        """Write every row that is kept."""
        log = self._desk.session.log
        self._export(np.arange(log.first_id, log.end_id, dtype=np.int64), "kept")

    @Slot()
    def focus_filter(self) -> None:
        """Go to the filter's line."""
        self._window.filter_bar.setFocus()
        self._window.filter_bar.selectAll()

    @Slot()
    def go_to(self) -> None:
        """Ask for a packet's number and go there."""
        log = self._desk.session.log
        if not len(log):
            return
        present = self._window.page.table.current_id()
        number, accepted = QInputDialog.getInt(
            self._window,
            "Go to packet",
            f"Packet number, {log.first_id + 1:,} to {log.end_id:,}",
            (log.first_id if present is None else present) + 1,
            log.first_id + 1,
            log.end_id,
        )
        if accepted:
            self.go_to_packet(number - 1)

    def go_to_packet(self, packet_id: int) -> None:
        """Make a packet the current one, or the next one shown."""
        table = self._window.page.table
        table.go_to_row(self._desk.model.nearest_row(packet_id))
        table.setFocus()

    @Slot()
    def previous(self) -> None:
        """One row up, from anywhere."""
        self._move(-1)

    @Slot()
    def next(self) -> None:
        """One row down, from anywhere."""
        self._move(1)

    @Slot()
    def show_flagged(self) -> None:
        """Filter by what the analysis flagged."""
        self._window.filter_bar.set_expression("td.flagged == 1")

    @Slot()
    def shortcuts(self) -> None:
        """Show the list of shortcuts."""
        ShortcutList(self._window).show()

    @Slot()
    def about(self) -> None:
        """Say what this is."""
        from trafficdesk.ui.dialogs.about import AboutDialog

        AboutDialog(self._window).open()

    def _export(self, ids: NDArray[np.int64], which: str) -> None:
        if self._is_exporting():
            return
        if not len(ids):
            self._window.banner.show_message(
                f"No packets are {which}.", "There is nothing to export.", "warning"
            )
            return
        title = f"Export {len(ids):,} {which} packets as CSV"
        chosen, _ = QFileDialog.getSaveFileName(self._window, title, "packets.csv", "CSV (*.csv)")
        if chosen:
            self._window.banner.dismiss()
            self.exports.export(with_suffix(chosen, ".csv"), ids)

    def _is_exporting(self) -> bool:
        """Whether another file is being written; says so."""
        if self.exports.running:
            self._window.banner.show_message(
                "A file is being written.",
                "Wait until it is done, or cancel it below on the right.",
                "warning",
            )
        return self.exports.running

    def _move(self, step: int) -> None:
        table = self._window.page.table
        row = table.currentIndex().row() + step
        if 0 <= row < self._desk.model.rowCount():
            table.go_to_row(row)

    @Slot(QPoint, QModelIndex)
    def _on_menu(self, position: QPoint, index: QModelIndex) -> None:
        self._menu.show(position, index, self._window.filter_bar.applied_expression)

    @Slot()
    def _on_empty_clicked(self) -> None:
        if self._desk.display.active:
            self._window.filter_bar.clear_and_apply()
        else:
            self.choose_file()

    @Slot(int, str)
    def _on_exported(self, rows: int, path: str) -> None:
        self._window.banner.show_message(f"{rows:,} packets were exported to {path}.")

    @Slot(object)
    def _on_saved(self, saved: SavedCapture) -> None:
        banner = self._window.banner
        if not saved.missing:
            banner.show_message(f"{saved.frames:,} packets were saved to {saved.path}.")
            return
        wanted = saved.frames + saved.missing
        banner.show_message(
            f"{saved.frames:,} packets were saved to {saved.path}; "
            f"{saved.missing:,} of {wanted:,} frames are no longer kept.",
            "How many raw frames are kept can be set under Settings, Capture.",
            "warning",
        )
