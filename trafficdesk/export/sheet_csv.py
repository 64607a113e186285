"""A sheet as CSV, in the order in which it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trafficdesk.export import cells
from trafficdesk.export.atomic import atomic_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import IO

    from trafficdesk.metrics.sheets import Sheet

_TELL_ROWS = 4_096


def write_sheet(
    stream: IO[bytes],
    sheet: Sheet,
    rows: Sequence[int] | None = None,
    progress: Callable[[float], None] | None = None,
) -> int:
    """Write header and `rows` (None = all, as they are); returns how many."""
    columns = sheet.file_columns
    stream.write(cells.line([column.name for column in columns]))
    chosen = range(len(sheet)) if rows is None else rows
    for number, row in enumerate(chosen):
        stream.write(cells.line([column.plain(row) for column in columns]))
        if progress is not None and number % _TELL_ROWS == 0:
            progress(number / len(chosen))
    return len(chosen)


def export_sheet(
    path: str | Path,
    sheet: Sheet,
    rows: Sequence[int] | None = None,
    progress: Callable[[float], None] | None = None,
) -> int:
    """Write a file; it appears whole or not at all.

    Raises
    ------
    ExportError
        If the file can't be written.
    """
    with atomic_file(path) as file:
        return write_sheet(file, sheet, rows, progress)
