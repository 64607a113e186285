"""`ui.filter_controller`: the rows shown are those the filter chooses, however they came."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.helpers.traffic import decoded, detection_of, session_with
from trafficdesk.packets.display_filter import compile_filter
from trafficdesk.packets.log import CHUNK_ROWS
from trafficdesk.ui.filter_controller import FilterController
from trafficdesk.ui.models.packet_table_model import PacketTableModel
from trafficdesk.ui.theme import LIGHT

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from trafficdesk.session import AnalysisSession

Made = tuple["AnalysisSession", PacketTableModel, FilterController]


@pytest.fixture
def made(qtbot: QtBot) -> Made:
    session = session_with(40_000, capacity=2 * CHUNK_ROWS)
    model = PacketTableModel(session, LIGHT, ("Unusual",))
    return session, model, FilterController(session, model)


def expected(session: AnalysisSession, expression: str) -> list[int]:
    return session.log.select(compile_filter(expression).mask).tolist()


def ingest(made: Made, rows: int) -> None:
    session, _, controller = made
    batch = decoded(rows, session.log.end_id)
    leaving = session.log.rows_evicted_by(rows)
    if leaving:
        controller.evict_before(session.log.first_id + leaving)
    session.ingest(batch)
    controller.ingested(batch)


def test_the_log_is_searched_in_several_turns(qtbot: QtBot, made: Made) -> None:
    """Every match is found, and the event loop gets its turns in between."""
    session, model, controller = made
    controller._pace.rows = 1_024
    with qtbot.waitSignals([controller.busy_changed, controller.busy_changed, controller.changed]):
        controller.apply(compile_filter("dns"))
        assert controller.searching
    assert model.ids().tolist() == expected(session, "dns") != []


def test_rows_that_arrive_are_filtered_too(qtbot: QtBot, made: Made) -> None:
    """Rows that come while the log is searched, and those after, are neither missed nor shown twice."""
    session, model, controller = made
    controller._pace.rows = 1_024
    controller.apply(compile_filter("arp"))
    controller._search_some()
    ingest(made, 500)
    qtbot.waitUntil(lambda: not controller.searching)
    ingest(made, 700)
    controller.tell()
    assert model.ids().tolist() == expected(session, "arp")


def test_many_rows_are_told_at_once(qtbot: QtBot, made: Made) -> None:
    """A table that is laid out and painted for every part of a file would take longer than reading it."""
    session, model, controller = made
    controller.capture_began()
    inserted = []
    model.rowsInserted.connect(lambda _parent, first, last: inserted.append(last + 1 - first))
    for _ in range(20):
        ingest(made, 100)
    qtbot.waitUntil(lambda: model.rowCount() == session.log.end_id)
    assert inserted == [2_000]


@pytest.mark.parametrize("expression", ["", "tcp"])
def test_rows_that_wait_are_shown_once(qtbot: QtBot, made: Made, expression: str) -> None:
    """Neither another filter nor another capture shows a row twice that was on its way to the table."""
    session, model, controller = made
    ingest(made, 500)
    chosen = compile_filter(expression) if expression else None
    with qtbot.waitSignal(controller.changed):
        controller.apply(chosen)
    controller.tell()
    assert model.ids().tolist() == (expected(session, expression) if chosen else list(range(40_500)))
    ingest(made, 500)
    session.begin()
    controller.capture_began()
    controller.tell()
    assert model.rowCount() == 0


def test_eviction_during_and_after_the_search(qtbot: QtBot, made: Made) -> None:
    """Packets that left the log are not shown."""
    session, model, controller = made
    controller._pace.rows = 1_024
    controller.apply(compile_filter("tcp"))
    controller._search_some()
    for _ in range(4):
        ingest(made, CHUNK_ROWS // 2)
    assert session.log.first_id > 0
    qtbot.waitUntil(lambda: not controller.searching)
    ingest(made, CHUNK_ROWS)
    controller.tell()
    assert model.ids().tolist() == expected(session, "tcp")


def test_a_filter_on_scores_follows_the_analysis(qtbot: QtBot, made: Made) -> None:
    """Rows flagged later appear without the filter being applied again."""
    session, model, controller = made
    controller.apply(compile_filter("td.flagged == 1"))
    qtbot.waitUntil(lambda: not controller.searching)
    assert model.rowCount() == 0
    detection = detection_of(0, 40_000, unusual=(7, 30_000))
    session.apply(detection)
    controller.analysed(detection)
    qtbot.waitUntil(lambda: model.rowCount() == 2)
    assert model.ids().tolist() == [7, 30_000]


def test_no_filter_shows_all(qtbot: QtBot, made: Made) -> None:
    """Taking the filter back, also in the middle of a search, shows every packet."""
    session, model, controller = made
    controller.apply(compile_filter("dns"))
    controller.apply(None)
    assert not controller.searching
    assert np.array_equal(model.ids(), np.arange(session.log.first_id, session.log.end_id))


def test_a_new_capture_keeps_the_filter(qtbot: QtBot, made: Made) -> None:
    """The filter stays applied when another capture begins; nothing of the old one is shown."""
    session, model, controller = made
    controller.apply(compile_filter("dns"))
    session.begin()
    controller.capture_began()
    assert model.rowCount() == 0
    ingest(made, 300)
    controller.tell()
    assert model.ids().tolist() == expected(session, "dns") != []


def test_a_filter_on_marks_follows_the_person(qtbot: QtBot, made: Made) -> None:
    """Rows that are marked while they are asked for appear."""
    session, model, controller = made
    controller.apply(compile_filter("td.mark"))
    qtbot.waitUntil(lambda: not controller.searching)
    assert model.rowCount() == 0
    session.toggle_marks(np.array([5, 9]))
    controller.noted()
    qtbot.waitUntil(lambda: model.rowCount() == 2)
