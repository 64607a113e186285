"""Where a person looks in the packet table, by packets: a filter changes the rows, not what is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtWidgets import QAbstractItemView

from trafficdesk.ui.models.packet_table_model import PacketTableModel

if TYPE_CHECKING:
    from trafficdesk.ui.panels.packet_table import PacketTable

NOWHERE: Final = -1
"""No packet's id."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the table."""

    current: int
    """packet_id of the current row, or `NOWHERE` where nobody chose one."""
    anchor: int
    """packet_id of the row that stays where it is: the current one if it is in sight, else the topmost; or `NOWHERE`."""
    offset: int
    """Rows in sight above the anchor."""
    following: bool
    """Whether the newest row was kept in sight."""

    @classmethod
    def of(cls, table: PacketTable, *, following: bool) -> Place:
        """Where `table` is now."""
        model = table.model()
        assert isinstance(model, PacketTableModel)
        chosen = table.selectionModel().isSelected(table.currentIndex())
        current, top = table.currentIndex().row() if chosen else NOWHERE, table.rowAt(0)
        bottom = table.rowAt(table.viewport().height() - 1)
        in_sight = 0 <= top <= current and (bottom < 0 or current <= bottom)
        anchor = current if in_sight else top
        return cls(
            current=model.packet_id(current) if current >= 0 else NOWHERE,
            anchor=model.packet_id(anchor) if anchor >= 0 else NOWHERE,
            offset=anchor - top,
            following=following,
        )

    def scroll(self, table: PacketTable) -> None:
        """Put the anchor where it was; to the first row where it is not shown."""
        model = table.model()
        assert isinstance(model, PacketTableModel)
        row = model.row_of(self.anchor)
        if row is not None:
            # Until it is laid out, the view scrolls no farther than it could with the rows before.
            table.updateGeometries()
            first = model.index(max(row - self.offset, 0), 0)
            table.scrollTo(first, QAbstractItemView.ScrollHint.PositionAtTop)
