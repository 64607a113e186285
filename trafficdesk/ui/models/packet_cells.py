"""What a packet table's cell answers to Qt's roles: text, colours, alignment, tooltip, and our own."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor

from trafficdesk.ui.models.packet_page import Column, Look, Mark
from trafficdesk.ui.models.packet_tips import tip_of

if TYPE_CHECKING:
    from trafficdesk.session import AnalysisSession
    from trafficdesk.ui.models.packet_pages import PacketPages
    from trafficdesk.ui.theme import Tokens

_RIGHT_ALIGNED: Final = (Column.NUMBER, Column.LENGTH, Column.SCORE)


class Role(IntEnum):
    """What a cell can be asked for beside Qt's own roles."""

    PACKET_ID = int(Qt.ItemDataRole.UserRole)
    MARK = int(Qt.ItemDataRole.UserRole) + 1


class PacketCells:
    """Answers for the cells of pages.

    Parameters
    ----------
    session : whose packets are shown.
    pages : texts and marks by row.
    tokens : colours of flagged rows.
    """

    def __init__(self, session: AnalysisSession, pages: PacketPages, tokens: Tokens) -> None:
        self._session = session
        self._pages = pages
        self.apply_theme(tokens)

    def apply_theme(self, tokens: Tokens) -> None:
        """Use other colours."""
        self._foreground = QColor(tokens.text)
        self._muted = QColor(tokens.muted)
        self._unusual = QColor(tokens.unusual_background)
        self._family = QColor(tokens.family_background)

    def answer(self, role: int, packet_id: int, row: int, column: int) -> object:
        """What the cell of a packet in a row says; None where there is nothing to say."""
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.AccessibleTextRole:
                value: object = self._pages.text(row, column)
            case Qt.ItemDataRole.ForegroundRole:
                value = self._colour_of_text(self._pages.mark(row), column)
            case Qt.ItemDataRole.BackgroundRole:
                value = self._tint(self._pages.mark(row))
            case Qt.ItemDataRole.TextAlignmentRole:
                value = alignment(column)
            case Qt.ItemDataRole.ToolTipRole:
                value = tip_of(self._session, self._pages, packet_id, row, column)
            case Role.PACKET_ID:
                value = packet_id
            case Role.MARK:
                value = self._pages.mark(row)
            case _:
                value = None
        return value

    def _colour_of_text(self, mark: Mark, column: int) -> QColor:
        return self._muted if mark.look is Look.COLLATERAL or column == Column.INFO else self._foreground

    def _tint(self, mark: Mark) -> QColor | None:
        if not mark.flagged:
            return None
        return self._family if mark.look is Look.FAMILY else self._unusual


def alignment(column: int) -> Qt.AlignmentFlag:
    """Of a column's cells and of its title."""
    side = Qt.AlignmentFlag.AlignRight if column in _RIGHT_ALIGNED else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
