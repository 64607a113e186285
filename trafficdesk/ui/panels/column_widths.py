"""How wide the packet table's columns begin: as wide as a sample of what they show, or as their title."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtGui import QFont, QFontMetrics

from trafficdesk.settings import TimeFormat
from trafficdesk.ui import theme
from trafficdesk.ui.models.packet_page import TITLES, Column
from trafficdesk.ui.models.packet_time import SAMPLES
from trafficdesk.ui.panels.packet_delegate import PADDING

if TYPE_CHECKING:
    from trafficdesk.ui.panels.packet_delegate import PacketDelegate

ENDS: Final = (Column.SOURCE, Column.DESTINATION)
_SAMPLES: Final = {
    Column.SOURCE: "192.168.100.100",
    Column.DESTINATION: "192.168.100.100",
    Column.PROTOCOL: "ICMPv6",
    Column.LENGTH: "65,535",
    Column.FINDING: "Upload burst",
    Column.PROGRAM: "firefox",
    Column.HOST: "github.com",
    Column.COUNTRY: "US",
    Column.SYSTEM: "AS15169 Google",
    Column.INTERFACE: "enp0s31f6",
    Column.THREAT: "Blocklist",
    Column.COMMENT: "the printer again",
    Column.LIKENESS: "my backup 0.87",
}
"""Texts that set the columns' first widths."""
GIVEN: Final = (Column.NUMBER, Column.TIME, *_SAMPLES, Column.SCORE)
"""Columns that have a first width: all but Info."""
_SAMPLE_NAME: Final = "cdn.www.example.com"
_SCORE_WIDTH: Final = 96
_FEWEST: Final = 99_999
"""Packets whose numbers the column has room for at once, and for a digit more: a mark or a bubble stands there."""
_MOST: Final = 10**12
_ROUNDING: Final = 4
"""Pixels that a width in whole numbers may be short of, and the style's own margin."""


class ColumnWidths:
    """First widths, in pixels.

    Parameters
    ----------
    delegate : measures the cells' texts.
    """

    def __init__(self, delegate: PacketDelegate) -> None:
        self._delegate = delegate
        self.time_format = TimeFormat.TIME_OF_DAY
        self.named = False
        """Whether names stand where addresses do: they are longer."""
        self._greatest = _FEWEST

    def first(self, column: Column) -> int:
        """What a column begins with."""
        if column == Column.SCORE:
            return _SCORE_WIDTH
        if column == Column.NUMBER:
            return self._number(self._greatest)
        sample = SAMPLES[self.time_format] if column == Column.TIME else _SAMPLES[column]
        if self.named and column in ENDS:
            sample = _SAMPLE_NAME
        return max(self._delegate.text_width(column, sample), self.title(column))

    def title(self, column: Column, arrow: str = "") -> int:
        """What the column's title needs, with what stands behind it."""
        font = theme.ui_font()
        font.setWeight(QFont.Weight.DemiBold)
        return QFontMetrics(font).horizontalAdvance(TITLES[column] + arrow) + 2 * PADDING + _ROUNDING

    def note_number(self, number: int) -> bool:
        """Whether packets of this number need another first width; 0 = there are none, they begin anew."""
        if number and number <= self._greatest:
            return False
        greatest = _FEWEST
        while greatest < min(number, _MOST):
            greatest = 10 * greatest + 9
        changed = greatest != self._greatest
        self._greatest = greatest
        return changed

    def numbers(self) -> set[int]:
        """Every first width of the numbers' column; a layout that was saved may have any of them."""
        return {self._number(10**digits - 1) for digits in range(len(str(_FEWEST)), len(str(_MOST)))}

    def _number(self, greatest: int) -> int:
        return self._delegate.text_width(Column.NUMBER, f"{10 * greatest + 9:,}")
