"""`ui.panels.incident_list` and `ui.incident_view`: searched, ordered, grouped; buttons of the chosen card."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QPushButton

from tests.helpers.incidents import an_incident
from trafficdesk.ui.incident_view import Group, IncidentView, Kind, Order
from trafficdesk.ui.panels.incident_card import evidence_of
from trafficdesk.ui.panels.incident_list import MAX_CARDS, IncidentList
from trafficdesk.ui.theme import LIGHT

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from trafficdesk.detect.finding import Incident

SEVERAL = (
    an_incident(id=1, family="port scan", culprit="10.0.0.2", severity=50, packets=40),
    an_incident(id=2, family="unusual", culprit="10.0.0.9", severity=20, packets=9),
    an_incident(id=3, family="flood", culprit="10.0.0.2", severity=90, packets=7_000),
    an_incident(id=4, family="unusual", culprit="10.0.0.1", severity=65, packets=12, peers=("198.51.100.7",)),
)


@pytest.fixture
def incidents(qtbot: QtBot) -> IncidentList:
    made = IncidentList(LIGHT)
    qtbot.addWidget(made)
    made.resize(320, 900)
    made.show()
    qtbot.waitExposed(made)
    made.set_incidents(SEVERAL)
    qtbot.waitUntil(lambda: len(made.cards()) == 4)
    return made


def ids(shown: IncidentList) -> list[int]:
    return [card.incident.id for card in shown.cards() if card.incident]


def arranged(view: IncidentView, incidents: tuple[Incident, ...] = SEVERAL) -> list[tuple[str, list[int]]]:
    sections = view.arranged(view.chosen(incidents), MAX_CARDS)
    return [(section.title, [incident.id for incident in section.incidents]) for section in sections]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (Order.NEWEST, [4, 3, 2, 1]),
        (Order.SEVERE, [3, 4, 1, 2]),
        (Order.LARGEST, [3, 1, 4, 2]),
        (Order.FAMILY, [3, 1, 4, 2]),
        (Order.CULPRIT, [4, 3, 1, 2]),
    ],
)
def test_every_order(order: Order, expected: list[int]) -> None:
    """Time, severity, packets, family, culprit; of equals the newest first."""
    assert arranged(IncidentView(order=order)) == [("", expected)]


def test_tab_goes_through_the_cards_from_the_top(qtbot: QtBot, incidents: IncidentList) -> None:
    """In whatever order they stand, and through the buttons of the chosen one before the next."""
    for order in (Order.SEVERE, Order.NEWEST):
        incidents.choose(order)
        cards = incidents.cards()
        incidents.select(cards[1].incident.id if cards[1].incident else 0)
        passed, widget = [], cards[0].nextInFocusChain()
        while widget is not cards[-1]:
            passed.append(widget)
            widget = widget.nextInFocusChain()
        assert [one for one in passed if one in cards] == cards[1:-1]
        first, second = passed.index(cards[1]), passed.index(cards[2])
        buttons = [one for one in cards[1].findChildren(QPushButton) if one.isVisibleTo(cards[1])]
        assert buttons
        assert all(first < passed.index(one) < second for one in buttons)


def test_groups_have_headings_in_the_order_of_their_first() -> None:
    """By family, by culprit; each heading counts all of its incidents."""
    view = IncidentView(order=Order.SEVERE, group=Group.CULPRIT)
    assert arranged(view) == [("10.0.0.2", [3, 1]), ("10.0.0.1", [4]), ("10.0.0.9", [2])]
    families = IncidentView(group=Group.FAMILY)
    assert arranged(families) == [("Unusual traffic", [4, 2]), ("Flood", [3]), ("Port scan", [1])]
    many = tuple(an_incident(id=number) for number in range(1, 100))
    assert families.arranged(many, MAX_CARDS)[0].count == 99


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (IncidentView(kind=Kind.RULES), [3, 1]),
        (IncidentView(kind=Kind.UNUSUAL), [4, 2]),
        (IncidentView(kind=Kind.SEVERE), [4, 3]),
        (IncidentView(text="198.51.100"), [4]),
        (IncidentView(text="FLOOD 10.0.0.2"), [3]),
        (IncidentView(text="#2"), [2]),
        (IncidentView(text="nothing like it"), []),
    ],
)
def test_what_is_listed_can_be_narrowed(view: IncidentView, expected: list[int]) -> None:
    """By kind and by words, in any case and order, in title, culprit, peers, sentence, reasons and number."""
    assert [one for _, section in arranged(view) for one in section] == expected


def test_searching_lists_what_matches_and_says_of_how_many(qtbot: QtBot, incidents: IncidentList) -> None:
    """Cards follow the typed text; none left is said, and how to get them back."""
    incidents._search.setText("unusual")
    qtbot.waitUntil(lambda: ids(incidents) == [4, 2])
    assert incidents._count.text() == "2 of 4 incidents"
    incidents._search.setText("qwertz")
    qtbot.waitUntil(lambda: not ids(incidents))
    assert incidents._empty.isVisible()
    assert "Empty the search" in incidents._empty.text()
    assert incidents._search.isVisible()
    incidents._search.clear()
    qtbot.waitUntil(lambda: ids(incidents) == [4, 3, 2, 1])


def test_groups_are_shown_with_headings_and_go_again(qtbot: QtBot, incidents: IncidentList) -> None:
    """A heading stands above its cards; without groups none is left."""
    incidents.choose(Group.FAMILY)
    qtbot.waitUntil(lambda: len(incidents._heads) == 3)
    column = incidents._column
    places = [column.itemAt(place).widget() for place in range(column.count())]
    assert [places.index(head) for head in incidents._heads.values()] == [0, 3, 5]
    assert incidents._heads["Unusual traffic"].text() == "Unusual traffic · 2"
    incidents.choose(Group.NONE)
    assert not incidents._heads
    assert ids(incidents) == [4, 3, 2, 1]


def test_a_hostile_culprit_is_text_in_its_heading(qtbot: QtBot, incidents: IncidentList) -> None:
    """Direction marks are escaped, as on the card."""
    incidents.choose(Group.CULPRIT)
    incidents.set_incidents((an_incident(culprit="a\u202eb"),))
    qtbot.waitUntil(lambda: len(incidents._heads) == 1)
    (head,) = incidents._heads.values()
    assert head.text().isprintable()


def test_the_menu_says_what_is_chosen(incidents: IncidentList) -> None:
    """One of each kind is checked, and the button has the order's name."""
    incidents._order.choices[Order.LARGEST].trigger()
    assert incidents._order.text() == "Most packets first"
    checked = {choice for choice, action in incidents._order.choices.items() if action.isChecked()}
    assert checked == {Order.LARGEST, Group.NONE, Kind.ALL}
    assert ids(incidents) == [3, 1, 4, 2]


def test_the_chosen_card_alone_has_buttons(qtbot: QtBot, incidents: IncidentList) -> None:
    """They name the incident whose packets, or whose first packet, is wanted."""
    incidents.select(3)
    shown = {card.incident.id: card for card in incidents.cards() if card.incident}
    assert [number for number, card in shown.items() if card.buttons.isVisible()] == [3]
    only, first = shown[3].buttons.findChildren(QPushButton)[:2]
    with qtbot.waitSignal(incidents.filter_wanted) as wanted:
        only.click()
    assert wanted.args == [3]
    with qtbot.waitSignal(incidents.first_wanted) as wanted:
        first.click()
    assert wanted.args == [3]


def test_the_chosen_card_stays_in_sight(qtbot: QtBot, incidents: IncidentList) -> None:
    """Chosen from elsewhere, or with less room than before: its top is visible."""

    def in_sight() -> bool:
        card = incidents._cards[1]
        top = card.mapTo(incidents._scroll.viewport(), card.rect().topLeft()).y()
        return 0 <= top < incidents._scroll.viewport().height() - 20

    incidents.resize(320, 260)
    qtbot.waitUntil(lambda: not in_sight())
    incidents.select(1)
    qtbot.waitUntil(in_sight)
    incidents.resize(320, 200)
    qtbot.wait(60)
    assert in_sight()


def test_the_evidence_is_said(incidents: IncidentList) -> None:
    """Rows, how long, how soon it was found, by which model."""
    start = 1_700_000_010_000_000_000
    said = evidence_of(
        an_incident(
            id=5,
            packets=1_204,
            start_ns=start,
            end_ns=start + 90 * 10**9,
            opened_ns=start + 800_000_000,
            model_id=12,
        )
    )
    assert said == "#5 · 1,204 packets of evidence · lasted 90 s · found 800 ms after it began · model 12"
    assert evidence_of(an_incident(model_id=0)).endswith("rules only, no model yet")


def test_a_timeline_is_drawn_and_said(incidents: IncidentList) -> None:
    """Bars where rows were, and words for who does not see them."""
    incident = an_incident(id=3, timeline=(4, 0, 100, 2), step_s=2.0)
    card = incidents.cards()[1]
    card.show_incident(incident)
    assert card._sparkline.isVisible()
    assert card._sparkline.accessibleName() == "Flagged packets over time, at most 100 in 2 s"
    picture = card._sparkline.grab().toImage()
    ratio = picture.devicePixelRatio()
    bar, gap = (picture.pixelColor(round(x * ratio), round(2 * ratio)).name() for x in (30, 18))
    assert bar == LIGHT.family
    assert gap != LIGHT.family
