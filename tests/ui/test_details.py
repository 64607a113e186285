"""`ui.panels.details` and `ui.details_controller`: bytes at once, layers after, each pointing at the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt

from tests.helpers.named import batch_of, client_hello, tcp
from tests.helpers.wire import DNS_QUERY, TCP_SYN
from trafficdesk.capture.source import Frame
from trafficdesk.decode.dissect import DissectedField, DissectedLayer
from trafficdesk.packets.protocol import LinkType
from trafficdesk.session import AnalysisSession
from trafficdesk.ui.details_controller import DetailsController
from trafficdesk.ui.panels.details import NOT_KEPT, NOTHING_SELECTED, DetailsPane
from trafficdesk.ui.theme import LIGHT

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

LAYERS = (
    DissectedLayer(
        "Outer", "a to b", 0, 4, (DissectedField("left", "1", 0, 2), DissectedField("right", "2", 2, 4))
    ),
    DissectedLayer("Inner", "", 4, 10, (DissectedField("<b>name</b>", "\u202evalue\n", 5, 6),)),
)


class Frames:
    def __init__(self, **frames: bytes) -> None:
        self._frames = {int(name[1:]): data for name, data in frames.items()}

    def frame(self, packet_id: int) -> Frame | None:
        data = self._frames.get(packet_id)
        return None if data is None else Frame(data, 1_700_000_000_000_000_000, len(data), LinkType.ETHERNET)


@pytest.fixture
def pane(qtbot: QtBot) -> DetailsPane:
    made = DetailsPane(LIGHT)
    qtbot.addWidget(made)
    return made


def test_a_field_marks_its_bytes_and_a_byte_its_field(qtbot: QtBot, pane: DetailsPane) -> None:
    """Selecting a field highlights its range; clicking a byte selects the narrowest field, else its layer."""
    pane.show_bytes(bytes(10))
    pane.show_layers(LAYERS)
    outer, inner = pane.tree.topLevelItem(0), pane.tree.topLevelItem(1)
    pane.tree.setCurrentItem(outer.child(1))
    assert pane.hex.highlighted == range(2, 4)
    pane.hex.byte_clicked.emit(1)
    assert pane.tree.currentItem() is outer.child(0)
    pane.hex.byte_clicked.emit(8)
    assert pane.tree.currentItem() is inner


def test_text_from_the_network_is_made_visible(pane: DetailsPane) -> None:
    """Control and direction characters become escapes, tooltips don't render markup."""
    pane.show_bytes(bytes(10))
    pane.show_layers(LAYERS)
    item = pane.tree.topLevelItem(1).child(0)
    assert item.text(0) == r"<b>name</b>: \u202evalue\n"
    assert "<b>" not in item.toolTip(0)


def test_bytes_come_first_and_layers_follow(qtbot: QtBot, pane: DetailsPane) -> None:
    """The hex view has the frame before anything is dissected; the real layers come after."""
    frames = Frames(p1=TCP_SYN)
    controller = DetailsController(pane, lambda: frames)
    controller.show(1)
    assert pane.hex._data == TCP_SYN
    assert pane.tree.topLevelItemCount() == 0
    qtbot.waitUntil(lambda: pane.tree.topLevelItemCount() > 0, timeout=30_000)
    names = [pane.tree.topLevelItem(number).text(0) for number in range(pane.tree.topLevelItemCount())]
    assert any("Ethernet" in name for name in names)
    assert any("Transmission Control" in name or "TCP" in name for name in names)


def test_only_the_newest_request_is_shown(qtbot: QtBot, pane: DetailsPane) -> None:
    """Layers of a packet that is not selected any more never appear under another one's bytes."""
    frames = Frames(p1=TCP_SYN, p2=DNS_QUERY, p3=TCP_SYN)
    controller = DetailsController(pane, lambda: frames)
    for packet_id in (1, 2, 3, 2):
        controller.show(packet_id)
    qtbot.waitUntil(lambda: controller._running is None, timeout=30_000)
    qtbot.waitUntil(lambda: pane.tree.topLevelItemCount() > 0)
    assert pane.hex._data == DNS_QUERY
    last = pane.tree.topLevelItem(pane.tree.topLevelItemCount() - 1).text(0)
    assert "DNS" in last or "Domain Name" in last


def test_what_is_not_there_is_said(pane: DetailsPane) -> None:
    """No packet, bytes that left, and no capture at all each get their sentence."""
    controller = DetailsController(pane, lambda: Frames(p1=TCP_SYN))
    controller.show(99)
    assert pane.sentence == NOT_KEPT
    controller.show(None)
    assert pane.sentence == NOTHING_SELECTED
    DetailsController(pane, lambda: None).show(1)
    assert pane.sentence == NOT_KEPT


def test_who_it_was_is_said(qtbot: QtBot, pane: DetailsPane) -> None:
    """Program and peer at once, the makers of the network cards with the layers; nothing where nothing is known."""
    session = AnalysisSession(200_000)
    session.begin()
    hello = tcp("192.168.1.10", "203.0.113.80", payload=client_hello("git<b>hub.com"), flags="PA")
    made_by_apple = bytes.fromhex("001b638445e6") + hello[6:]
    session.ingest(session.identifier.identify(batch_of(made_by_apple, TCP_SYN)))
    controller = DetailsController(pane, lambda: Frames(p0=made_by_apple, p1=TCP_SYN), session=session)
    controller.show(0)
    assert pane.who == "git<b>hub.com (TLS SNI)"
    qtbot.waitUntil(lambda: controller._running is None, timeout=30_000)
    assert pane.who == "git<b>hub.com (TLS SNI) · hardware: ? → Apple, Inc."
    assert pane._who.textFormat() is Qt.TextFormat.PlainText
    controller.show(1)
    assert pane.who == ""
    assert pane._who.isHidden()
    qtbot.waitUntil(lambda: controller._running is None, timeout=30_000)


def test_comments_are_said_as_text(pane: DetailsPane) -> None:
    """Those of the file and a person's own, hostile ones escaped; none leaves no line."""
    session = AnalysisSession(200_000)
    session.begin()
    session.ingest(batch_of(TCP_SYN, TCP_SYN))
    session.notes.read(0, {0: ("the <b>printer</b>", "\u202eagain")})
    controller = DetailsController(pane, lambda: Frames(p0=TCP_SYN, p1=TCP_SYN), session=session)
    controller.show(0)
    assert pane.comment == "Comment: the <b>printer</b> · \\u202eagain"
    assert pane._comment.textFormat() is Qt.TextFormat.PlainText
    controller.show(1)
    assert pane.comment == ""
    assert pane._comment.isHidden()
    controller.shut_down()
