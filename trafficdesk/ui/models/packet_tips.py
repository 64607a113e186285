"""What a packet table's cell says in its tooltip: why a row is flagged, what was noted, who is behind an address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from trafficdesk.ui.labels import tooltip
from trafficdesk.ui.models.packet_page import TEXT_COLUMNS, Column, Look
from trafficdesk.ui.models.packet_pages import note_words
from trafficdesk.ui.wording import visible

if TYPE_CHECKING:
    from trafficdesk.session import AnalysisSession
    from trafficdesk.ui.models.packet_pages import PacketPages

_NOTED: Final = (Column.NUMBER, Column.COMMENT)
_SIDES: Final = {int(Column.SOURCE): "source", int(Column.DESTINATION): "destination"}


def tip_of(session: AnalysisSession, pages: PacketPages, packet_id: int, row: int, column: int) -> str:
    """The tooltip of a cell, ready for Qt; empty where there is nothing to add."""
    note, mark, names = pages.note(row), pages.mark(row), pages.names
    if column in _NOTED and note:
        return tooltip(note_words(note, session.notes.comment(packet_id)))
    if column in _SIDES and names is not None and packet_id >= session.log.first_id:
        return tooltip(visible(names.whole(packet_id, _SIDES[column])))
    said = session.recall.words_of(packet_id)
    if mark.flagged or said:
        sentence = session.describer.sentence(packet_id, session.findings.sentence_of(packet_id))
        sentence = ". ".join(filter(None, (said, sentence)))
        return tooltip(visible(sentence) or mark.word)
    if mark.look is Look.COLLATERAL:
        return tooltip(f"Ordinary traffic beside incident {mark.incident}")
    if column in (Column.PROGRAM, Column.HOST, Column.THREAT):
        return tooltip(visible(session.describer.who(packet_id)))
    return tooltip(pages.text(row, column)) if column < TEXT_COLUMNS else ""
