"""`ui.panels.incident_card`: an incident in words, hostile or not, reachable by mouse and keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel

from tests.helpers.incidents import a_reason, an_incident
from trafficdesk.detect.words import reason_of
from trafficdesk.features import FEATURES, INDEX, Feature
from trafficdesk.ui.panels import incident_card
from trafficdesk.ui.panels.incident_card import IncidentCard
from trafficdesk.ui.theme import DARK, LIGHT

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from trafficdesk.ui.theme import Tokens

HOSTILE = "<img src=x onerror=1><b>\u202egnp.exe\n"


@pytest.fixture
def card(qtbot: QtBot) -> IncidentCard:
    made = IncidentCard(LIGHT)
    qtbot.addWidget(made)
    made.resize(280, 200)
    return made


def test_all_of_an_incident_is_said(card: IncidentCard) -> None:
    """Family, culprit, sentence, value beside the usual one, packets and severity."""
    card.show_incident(an_incident())
    shown = " ".join(label.text() for label in card.findChildren(QLabel))
    assert card._title.text() == "Port scan · 192.0.2.66"
    assert card._sentence.text().startswith("192.0.2.66 tried 212 ports")
    assert card._reasons[0]._said.text() == "about 212 destination ports on 192.0.2.20 in 60 s"
    assert "usually ≤ 6" in shown
    assert "212 packets" in card._when.whole()
    assert "severity 80" in shown


def test_hostile_text_is_shown_as_text(card: IncidentCard) -> None:
    """No label takes markup, no control or direction character reaches the screen."""
    reason = a_reason(words=f"{HOSTILE}; usually {HOSTILE}")
    card.show_incident(an_incident(culprit=HOSTILE, sentence=HOSTILE, family=HOSTILE, reasons=(reason,)))
    labels = card.findChildren(QLabel)
    assert labels
    assert all(label.textFormat() is Qt.TextFormat.PlainText for label in labels)
    shown = [label.text() for label in labels] + [
        card._title.text(),
        card._sentence.text(),
        card.accessibleName(),
    ]
    assert all(text.isprintable() for text in shown)
    assert "<img src=x onerror=1><b>" in card._sentence.text()


def test_a_long_culprit_does_not_widen_the_card(card: IncidentCard) -> None:
    """A name of four hundred letters leaves the card as narrow as the panel."""
    card.show_incident(an_incident(culprit="a" * 400, sentence="b" * 4_000))
    assert card.minimumSizeHint().width() <= 280
    assert card.heightForWidth(280) < 400


def test_no_more_than_three_reasons(card: IncidentCard) -> None:
    """The first three are shown; rows of an earlier incident are hidden again."""
    card.show()
    card.show_incident(an_incident(reasons=tuple(a_reason(value=float(i)) for i in range(9))))
    assert sum(row.isVisible() for row in card._reasons) == 3
    card.show_incident(an_incident(reasons=()))
    assert not any(row.isVisible() for row in card._reasons)


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space])
def test_keys_activate(qtbot: QtBot, card: IncidentCard, key: Qt.Key) -> None:
    """Whoever has no mouse gets to the rows as well."""
    card.show_incident(an_incident(id=31))
    assert card.focusPolicy() is Qt.FocusPolicy.StrongFocus
    with qtbot.waitSignal(card.activated) as signal:
        qtbot.keyClick(card, key)
    assert signal.args == [31]


def test_a_click_activates_a_dragged_off_one_does_not(qtbot: QtBot, card: IncidentCard) -> None:
    """Releasing outside takes the click back."""
    card.show_incident(an_incident(id=31))
    with qtbot.waitSignal(card.activated):
        qtbot.mouseClick(card, Qt.MouseButton.LeftButton)
    with qtbot.assertNotEmitted(card.activated):
        qtbot.mousePress(card, Qt.MouseButton.LeftButton)
        qtbot.mouseRelease(card, Qt.MouseButton.LeftButton, pos=card.rect().bottomRight() * 2)


def test_it_is_read_out(card: IncidentCard) -> None:
    """A screen reader gets the title, how bad it is, the sentence and the reasons."""
    card.show_incident(an_incident())
    assert card.accessibleName() == "Port scan · 192.0.2.66, severity 80"
    assert "usually <= 6" in card.accessibleDescription()


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_the_edge_tells_rule_from_model(qtbot: QtBot, tokens: Tokens) -> None:
    """Red for a rule's family, amber for the model's judgement."""
    card = IncidentCard(tokens)
    qtbot.addWidget(card)
    card.resize(280, 200)
    for family, color in (("port scan", tokens.family), ("unusual", tokens.unusual)):
        card.show_incident(an_incident(family=family))
        assert card.grab().toImage().pixelColor(2, 100).name() == color


def luminance(color: str) -> float:
    channels = (channel / 255 for channel in QColor(color).getRgb()[:3])
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_every_text_can_be_read(tokens: Tokens) -> None:
    """WCAG 2.2, 1.4.3: at least 4.5:1 for each colour of text on each ground that cards and charts have."""
    for text in (tokens.text, tokens.muted, tokens.fourth, tokens.family):
        for ground in (tokens.raised, tokens.panel):
            light, dark = sorted((luminance(text), luminance(ground)), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5
    for text in (tokens.text, tokens.muted):
        light, dark = sorted((luminance(text), luminance(tokens.accent_background)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_a_reason_is_split_at_what_is_usual() -> None:
    """The measure left, the usual value right; without a reference nothing usual is claimed."""
    assert incident_card.parts_of(a_reason()) == (
        "about 212 destination ports on 192.0.2.20 in 60 s",
        "usually ≤ 6",
    )
    assert incident_card.parts_of(a_reason(words="about 3 new hosts; in 5 s")) == (
        "about 3 new hosts; in 5 s",
        "",
    )


TELLABLE = [feature for feature in FEATURES if feature.tellable]


@pytest.mark.parametrize("feature", TELLABLE, ids=lambda feature: feature.name)
def test_every_tellable_feature_can_be_a_row(feature: Feature) -> None:
    """The detector's own words of each feature split into measure and usual value, no template left open."""
    said, usual = incident_card.parts_of(reason_of(INDEX[feature.name], 12.0, 3.0))
    assert "12" in said
    assert usual.startswith("usually ")
    assert "{" not in said + usual


def test_what_an_incident_looks_like_has_a_line(card: IncidentCard) -> None:
    """Only where a classifier says something; as text, whatever a label is called."""
    card.show_incident(an_incident())
    assert card._looks.isHidden()
    card.show_incident(an_incident(looks_like=f"looks like what you called {HOSTILE} (0.87)"))
    assert not card._looks.isHidden()
    assert card._looks.text().startswith("Looks like what you called <img")
    assert "\u202e" not in card._looks.text()
