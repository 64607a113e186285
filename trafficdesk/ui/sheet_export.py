"""`SheetExport`: writes the table in front as CSV, in a thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QThreadPool, Signal, Slot

from trafficdesk.ui.workers.background import Background

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from trafficdesk.ui.panels.sheet_table import SheetTable


class SheetExport(QObject):
    """One export at a time.

    Parameters
    ----------
    pool : whose threads write.
    """

    exported = Signal(int, str)
    """Rows written, and the file's path."""
    failed = Signal(object)
    """`TrafficDeskError`."""

    def __init__(self, pool: QThreadPool, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = pool
        self._running: Background | None = None

    def export(self, table: SheetTable | None, path: Path) -> None:
        """Write a table as it is sorted, or the rows of it that are selected; nothing while it has none."""
        if self._running is not None or table is None or table.sheets.sheet is None:
            return
        sheet, order, chosen = table.sheets.sheet, table.sheets.order, table.selected_rows()
        rows = order[chosen] if len(chosen) > 1 else order

        def work(progress: Callable[[float], None]) -> int:
            from trafficdesk.export.sheet_csv import export_sheet

            return export_sheet(path, sheet, rows.tolist(), progress)

        self._running = Background(str(path), work, "The export")
        self._running.signals.done.connect(self._on_done)
        self._running.signals.failed.connect(self._on_failed)
        self._running.start(self._pool)

    @Slot(object, object)
    def _on_done(self, path: str, rows: int) -> None:
        self._running = None
        self.exported.emit(rows, path)

    @Slot(object, object)
    def _on_failed(self, _path: str, error: object) -> None:
        self._running = None
        self.failed.emit(error)
