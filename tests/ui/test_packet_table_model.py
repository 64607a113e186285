"""`ui.models.packet_table_model`: Qt's contract, texts by the page, evictions, marks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester

from tests.helpers.traffic import decoded, detection_of, session_with
from trafficdesk.packets.log import CHUNK_ROWS
from trafficdesk.ui.models.packet_cells import Role
from trafficdesk.ui.models.packet_page import TITLES, Column, Look
from trafficdesk.ui.models.packet_pages import PAGE_ROWS
from trafficdesk.ui.models.packet_table_model import PacketTableModel
from trafficdesk.ui.theme import DARK, LIGHT

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from trafficdesk.session import AnalysisSession

WORDS = ("Unusual", "Port scan")


def model_of(session: AnalysisSession) -> PacketTableModel:
    return PacketTableModel(session, LIGHT, WORDS)


def watched(model: PacketTableModel) -> QAbstractItemModelTester:
    return QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)


def row_texts(model: PacketTableModel, row: int) -> list[str]:
    return [str(model.index(row, column).data()) for column in Column]


def test_every_change_keeps_qts_contract(qtbot: QtBot) -> None:
    """Appending, evicting, filtering, marking and resetting announce themselves as Qt demands."""
    session = session_with(500)
    model = model_of(session)
    _tester = watched(model)
    session.ingest(decoded(300, 500))
    model.append(np.arange(500, 800))
    model.refresh_marks(session.apply(detection_of(0, 800, unusual=(5, 6), incident=1)).detection)
    model.evict_before(200)
    model.show(np.arange(201, 700, 7))
    model.show(np.arange(201, 750, 7))
    model.evict_before(300)
    session.begin()
    model.show_all()
    assert model.rowCount() == 0


def test_cells_say_what_the_packet_is(qtbot: QtBot) -> None:
    """Number, local time to the microsecond, addresses, protocol, length and info of a real TCP SYN and an ARP."""
    model = model_of(session_with(40))
    rows = [row_texts(model, row) for row in range(40)]
    by_protocol = {row[Column.PROTOCOL]: row for row in rows}
    arp, http = by_protocol["ARP"], by_protocol["HTTP"]
    assert rows[0][Column.NUMBER] == "1"
    assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d{6}", http[Column.TIME])
    assert (http[Column.SOURCE], http[Column.DESTINATION]) == ("192.0.2.1", "192.0.2.2")
    assert "GET / HTTP/1.1" in http[Column.INFO]
    assert (arp[Column.SOURCE], arp[Column.DESTINATION]) == ("192.0.2.1", "192.0.2.2") or "192.0.2.2" in arp
    assert http[Column.FINDING] == http[Column.SCORE] == ""


def test_pages_agree_wherever_they_begin(qtbot: QtBot) -> None:
    """A row's texts do not depend on which page they were formatted with, nor on rows that left."""
    session = session_with(3 * PAGE_ROWS)
    model = model_of(session)
    before = row_texts(model, 2 * PAGE_ROWS + 3)
    model.evict_before(PAGE_ROWS + 50)
    assert row_texts(model, PAGE_ROWS + 3 - 50) == before
    model.show(np.array([2, 2 * PAGE_ROWS + 3]))
    assert row_texts(model, 1) == before


def test_a_page_that_was_not_full_goes_on(qtbot: QtBot) -> None:
    """Rows appended after their page was first read show."""
    session = session_with(10)
    model = model_of(session)
    row_texts(model, 9)
    session.ingest(decoded(10, 10))
    model.append(np.arange(10, 20))
    assert row_texts(model, 19)[Column.NUMBER] == "20"


def test_eviction_follows_the_log(qtbot: QtBot) -> None:
    """Rows that the log is about to forget leave first; the rest stay the same packets."""
    session = session_with(0, capacity=2 * CHUNK_ROWS)
    model = model_of(session)
    for first_id in range(0, 3 * CHUNK_ROWS, CHUNK_ROWS // 2):
        batch = decoded(CHUNK_ROWS // 2, first_id)
        leaving = session.log.rows_evicted_by(len(batch))
        if leaving:
            model.evict_before(session.log.first_id + leaving)
        session.ingest(batch)
        model.append(batch.ids)
    assert model.rowCount() == len(session.log)
    assert model.packet_id(0) == session.log.first_id
    assert row_texts(model, 0)[Column.NUMBER] == f"{session.log.first_id + 1:,}"


def test_marks_come_with_the_detection(qtbot: QtBot) -> None:
    """A detection changes colours, word and score of its rows, and announces those rows only."""
    session = session_with(300)
    model = model_of(session)
    assert row_texts(model, 150)[Column.SCORE] == ""
    changed = []
    model.dataChanged.connect(lambda first, last: changed.append((first.row(), last.row())))
    update = session.apply(
        detection_of(100, 100, unusual=(150,), family=(160,), collateral=(170,), incident=1)
    )
    model.refresh_marks(update.detection)
    assert changed == [(100, 199)]
    assert row_texts(model, 150)[Column.FINDING : Column.PROGRAM] == ["Port scan", "1.50"], "as its incident"
    assert row_texts(model, 160)[Column.FINDING : Column.PROGRAM] == ["Port scan", "2.00"]
    assert row_texts(model, 120)[Column.FINDING : Column.PROGRAM] == ["", "0.25"]
    looks = [model.index(row, 0).data(Role.MARK).look for row in (120, 150, 160, 170)]
    assert looks == [Look.PLAIN, Look.UNUSUAL, Look.FAMILY, Look.COLLATERAL]


def test_flagged_rows_have_both_colours(qtbot: QtBot) -> None:
    """A tint without a foreground of its own would be unreadable in one of the themes."""
    session = session_with(20)
    session.apply(detection_of(0, 20, unusual=(3,), family=(4,)))
    model = model_of(session)
    for tokens in (LIGHT, DARK):
        model.apply_theme(tokens)
        for row, colour in ((3, tokens.unusual_background), (4, tokens.family_background)):
            index = model.index(row, Column.SOURCE)
            assert index.data(Qt.ItemDataRole.BackgroundRole).name() == colour
            assert index.data(Qt.ItemDataRole.ForegroundRole).name() == tokens.text
        assert model.index(5, 0).data(Qt.ItemDataRole.BackgroundRole) is None


def test_a_tooltip_never_renders_what_the_network_wrote(qtbot: QtBot) -> None:
    """Tooltips guess rich text; ours are escaped."""
    session = session_with(5)
    model = model_of(session)
    model._pages._page_of(0)[0].texts[Column.INFO][0] = "<img src=x>"
    assert "<img" not in model.index(0, Column.INFO).data(Qt.ItemDataRole.ToolTipRole)


@pytest.mark.parametrize("column", list(Column))
def test_headers_are_aligned_as_their_columns(qtbot: QtBot, column: Column) -> None:
    """Title and cells of a column start or end at the same edge."""
    model = model_of(session_with(1))
    role = Qt.ItemDataRole.TextAlignmentRole
    assert model.headerData(column, Qt.Orientation.Horizontal) == TITLES[column]
    assert model.headerData(column, Qt.Orientation.Horizontal, role) == model.index(0, column).data(role)


def test_growing_a_filter_does_not_reset(qtbot: QtBot) -> None:
    """A new result that only continues the old one adds rows, so that selection and place survive."""
    model = model_of(session_with(100))
    model.show(np.arange(0, 50, 5))
    with qtbot.assertNotEmitted(model.modelReset), qtbot.waitSignal(model.rowsInserted):
        model.show(np.arange(0, 80, 5))
    with qtbot.waitSignal(model.modelReset):
        model.show(np.arange(1, 80, 5))


def test_rows_and_packets_find_each_other(qtbot: QtBot) -> None:
    """Row of a packet, of the next shown one, and none."""
    model = model_of(session_with(100))
    model.show(np.array([10, 20, 30]))
    assert model.row_of(20) == 1
    assert model.row_of(21) is None
    assert model.nearest_row(21) == 2
    assert model.nearest_row(99) == 2
    assert model.index(1, 0).data(Role.PACKET_ID) == 20
