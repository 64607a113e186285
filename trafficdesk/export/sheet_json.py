"""A sheet's heaviest rows as JSON objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from trafficdesk.metrics.sheets import Sheet

MOST_ROWS: Final = 1_000


def objects(sheet: Sheet, heaviest_by: str = "") -> dict[str, Any]:
    """`rows`: at most `MOST_ROWS` objects, the heaviest first; `total`: how many there are; `note`: what is left out.

    `heaviest_by` names a column; without it rows come as they are.
    """
    order = range(len(sheet))
    if heaviest_by:
        column = next(column for column in sheet.columns if column.name == heaviest_by)
        order = column.order()[::-1].tolist()
    rows = [{column.name: column.plain(row) for column in sheet.file_columns} for row in order[:MOST_ROWS]]
    return {"total": len(sheet), "rows": rows, "note": sheet.note}
