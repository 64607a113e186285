"""`ui.panels.anomalies`: the model's state, bounded cards, keyboard, empty states."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt

from tests.helpers.incidents import an_incident
from trafficdesk.detect.finding import ModelState
from trafficdesk.settings import DetectionSettings
from trafficdesk.ui.incident_view import Order
from trafficdesk.ui.panels.anomalies import AnomalyPanel
from trafficdesk.ui.panels.incident_card import IncidentCard
from trafficdesk.ui.panels.incident_list import MAX_CARDS
from trafficdesk.ui.theme import DARK, LIGHT, apply

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot

NOW_NS = 1_795_000_000_000_000_000
MODEL = ModelState(learned=3_000, model_id=41, rows=10_000, fitted_at_ns=NOW_NS - 12_000_000_000, refits=41)


@pytest.fixture
def panel(qtbot: QtBot) -> AnomalyPanel:
    made = AnomalyPanel(LIGHT, clock_ns=lambda: NOW_NS)
    qtbot.addWidget(made)
    made.resize(320, 700)
    made.show()
    qtbot.waitExposed(made)
    return made


def shown_ids(panel: AnomalyPanel) -> list[int]:
    return [card.incident.id for card in panel.incidents.cards() if card.incident]


def test_learning_is_said_with_numbers(panel: AnomalyPanel) -> None:
    """Before the first model: how much has been learned, and how much is needed."""
    panel.set_model_state(ModelState(learned=1_204, needed=3_000))
    assert panel._state.whole() == "learning: 1,204 of 3,000 packets"
    assert panel._progress.isVisible()
    assert panel._progress.value() == 401


def test_a_model_is_said_with_its_age(panel: AnomalyPanel) -> None:
    """Number, age and rows; an old file's model by its time of day."""
    panel.set_model_state(MODEL)
    assert panel._state.whole() == "model 41 · 12 s old · 10,000 packets"
    assert not panel._progress.isVisible()
    panel.set_model_state(replace(MODEL, fitted_at_ns=NOW_NS - 10**16))
    assert " · fitted " in panel._state.whole()


def test_a_young_network_is_said_to_be_learned(panel: AnomalyPanel) -> None:
    """The model works already; until half an hour is known the panel says how much is, and what is told now."""
    panel.set_model_state(replace(MODEL, network_s=754.0, network_needed_s=1_800.0, line=27))
    assert panel._state.whole() == "learning: 12 of 30 minutes, model 41 works"
    assert panel._progress.isVisible()
    assert panel._controls._line.text() == "told from severity 27"
    panel.set_model_state(replace(MODEL, network_s=1_800.0, network_needed_s=1_800.0))
    assert panel._state.whole().startswith("model 41")
    assert not panel._progress.isVisible()


def test_what_waits_is_said_when_it_is_much(panel: AnomalyPanel) -> None:
    """A file being checked has a progress bar; the few rows that always wait while live have none."""
    panel.set_model_state(MODEL)
    panel.set_progress(500_000, 500_000)
    assert panel._state.whole() == "checked 500,000 of 1,000,000 packets"
    assert panel._progress.value() == 500
    panel.set_progress(1_000_000, 800)
    assert not panel._progress.isVisible()


def test_empty_states_say_what_is_the_case(panel: AnomalyPanel) -> None:
    """Nothing there, the first packets under way, learning, nothing found: four sentences."""
    assert "Nothing checked yet" in panel.incidents._empty.text()
    panel.set_progress(0, 35_098)
    assert panel.incidents._empty.text() == "35,098 packets are being checked."
    panel.set_model_state(ModelState(learned=10))
    panel.set_progress(0, 10)
    assert "Learning" in panel.incidents._empty.text()
    panel.set_model_state(MODEL)
    panel.set_progress(18_204, 0)
    assert panel.incidents._empty.text() == "No anomalies: 18,204 packets checked, that is good."


def test_cards_are_updated_in_place(qtbot: QtBot, panel: AnomalyPanel) -> None:
    """The same incident with more packets keeps its card, and its focus."""
    panel.set_incidents((an_incident(id=1), an_incident(id=2)))
    qtbot.waitUntil(lambda: shown_ids(panel) == [2, 1])
    card = panel.incidents._cards[1]
    card.setFocus()
    panel.set_incidents((an_incident(id=1, packets=999), an_incident(id=2), an_incident(id=3)))
    qtbot.waitUntil(lambda: shown_ids(panel) == [3, 2, 1])
    assert panel.incidents._cards[1] is card
    assert card.incident is not None
    assert card.incident.packets == 999
    assert panel.focusWidget() is card


def test_a_flood_is_bounded(qtbot: QtBot, panel: AnomalyPanel) -> None:
    """Two thousand incidents: the most severe ones, and how many more there are."""
    flood = tuple(an_incident(id=index + 1, severity=index % 101) for index in range(2_000))
    panel.set_incidents(flood)
    qtbot.waitUntil(lambda: len(shown_ids(panel)) == MAX_CARDS)
    assert len(panel.findChildren(IncidentCard)) == MAX_CARDS
    assert min(flood[identifier - 1].severity for identifier in shown_ids(panel)) >= 98
    assert panel.incidents._more.text() == f"+{2_000 - MAX_CARDS:,} more, less severe"


def test_a_flood_of_updates_is_shown_a_few_times(
    qtbot: QtBot, panel: AnomalyPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand updates in a row touch the cards once."""
    touched: list[int] = []
    monkeypatch.setattr(
        IncidentCard, "show_incident", lambda _card, incident: touched.append(incident.packets)
    )
    for packets in range(1_000):
        panel.set_incidents((an_incident(packets=packets),))
    qtbot.waitUntil(lambda: bool(touched))
    assert touched == [999]


def test_cards_go_with_their_capture(qtbot: QtBot, panel: AnomalyPanel) -> None:
    """A new capture without incidents leaves no card behind."""
    panel.set_incidents((an_incident(id=1), an_incident(id=2)))
    qtbot.waitUntil(lambda: len(shown_ids(panel)) == 2)
    panel.set_incidents(())
    qtbot.waitUntil(lambda: not shown_ids(panel))
    qtbot.waitUntil(lambda: not panel.findChildren(IncidentCard))
    assert panel.incidents._empty.isVisible()


def test_the_order_can_be_changed(qtbot: QtBot, panel: AnomalyPanel) -> None:
    """Newest first, or most severe first."""
    panel.set_incidents((an_incident(id=1, severity=90), an_incident(id=2, severity=10)))
    qtbot.waitUntil(lambda: shown_ids(panel) == [2, 1])
    panel.incidents.choose(Order.SEVERE)
    assert shown_ids(panel) == [1, 2]


def test_activating_selects_and_tells(qtbot: QtBot, panel: AnomalyPanel) -> None:
    """Enter on a card names its incident and marks it alone."""
    panel.set_incidents((an_incident(id=1), an_incident(id=2)))
    qtbot.waitUntil(lambda: len(shown_ids(panel)) == 2)
    with qtbot.waitSignal(panel.incident_activated) as signal:
        qtbot.keyClick(panel.incidents._cards[2], Qt.Key.Key_Return)
    assert signal.args == [2]
    assert [card._selected for card in panel.incidents.cards()] == [True, False]


def test_arrows_walk_through_the_cards(qtbot: QtBot, panel: AnomalyPanel) -> None:
    """Down goes to the next card, up back, neither beyond the ends."""
    panel.set_incidents(tuple(an_incident(id=index) for index in (1, 2, 3)))
    qtbot.waitUntil(lambda: len(shown_ids(panel)) == 3)
    cards = panel.incidents.cards()
    cards[0].setFocus()
    walked = []
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Up):
        qtbot.keyClick(panel.focusWidget(), key)
        walked.append(cards.index(panel.focusWidget()))
    assert walked == [1, 2, 2, 1]


def test_the_controls_are_forwarded(qtbot: QtBot, panel: AnomalyPanel) -> None:
    """Refit and changed settings leave the panel as signals."""
    with qtbot.waitSignal(panel.refit_requested):
        panel._controls._refit.click()
    with qtbot.waitSignal(panel.settings_changed) as signal:
        panel._controls._slider.setValue(3)
    assert signal.args == [DetectionSettings(incidents_per_day=3)]


def test_a_new_theme_reaches_the_cards(qtbot: QtBot, panel: AnomalyPanel) -> None:
    """Cards that are there already change their colours."""
    panel.set_incidents((an_incident(),))
    qtbot.waitUntil(lambda: len(shown_ids(panel)) == 1)
    panel.apply_theme(DARK)
    assert all(card._tokens is DARK for card in panel.incidents.cards())


def test_it_fits_a_narrow_panel(qapp: QApplication, panel: AnomalyPanel) -> None:
    """300 px are enough, with the model's section unfolded, too, in the program's own font."""
    sheet = qapp.styleSheet()
    apply(qapp, LIGHT)
    panel._controls._fold.click()
    assert panel.minimumSizeHint().width() <= 300
    qapp.setStyleSheet(sheet)
