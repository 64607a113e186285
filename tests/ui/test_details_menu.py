"""Filters from the details: of every layer and field whose column the table has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtGui import QGuiApplication

from tests.helpers.wire import block_of
from tests.unit.packets.test_display_filter import FRAMES, NAMES
from trafficdesk.capture.source import Frame
from trafficdesk.decode import decode
from trafficdesk.decode.dissect import dissect
from trafficdesk.packets.display_filter import compile_filter
from trafficdesk.ui.details_menu import DetailsMenu
from trafficdesk.ui.field_filter import filter_for_field, filter_for_layer
from trafficdesk.ui.panels.details import DetailsPane
from trafficdesk.ui.theme import LIGHT

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.mark.parametrize("name", NAMES)
def test_the_filter_of_a_field_finds_its_packet(name: str) -> None:
    """For every field of every layer: nothing, or a filter that lets this very packet through."""
    batch = decode(block_of(FRAMES[name]))
    expressions = []
    for layer in dissect(Frame(FRAMES[name], 0, len(FRAMES[name]), 1)):
        expressions += [filter_for_layer(layer.name)]
        expressions += [filter_for_field(layer.name, field.name, field.value) for field in layer.fields]
    found = [expression for expression in expressions if expression]
    assert "eth" in found
    if name == "mdns":  # one dissector serves both, and the names differ
        found.remove("dns")
    for expression in found:
        assert compile_filter(expression).mask(batch).tolist() == [True], expression


def test_ports_flags_and_times_to_live_are_asked_for() -> None:
    """The value is taken out of the words around it; a value in words is none."""
    tcp = "Transmission Control Protocol"
    assert filter_for_field(tcp, "Destination port", "443 (https)") == "tcp.dstport == 443"
    assert filter_for_field(tcp, "Flags", "PSH, ACK (0x018)") == "tcp.flags == 0x018"
    assert filter_for_field("Internet Protocol Version 4", "Time to live", "64") == "ip.ttl == 64"
    assert filter_for_field("Internet Protocol Version 4", "Source", "not an address") == ""
    assert filter_for_field(tcp, "Checksum", "0xfbc8") == filter_for_layer("Data") == ""


def test_the_menu_filters_and_copies(qtbot: QtBot) -> None:
    """A field's menu offers its filter joined to the one that is applied, and copies its value."""
    pane = DetailsPane(LIGHT)
    qtbot.addWidget(pane)
    frame = FRAMES["syn"]
    pane.show_bytes(frame)
    pane.show_layers(dissect(Frame(frame, 0, len(frame), 1)))
    menu = DetailsMenu(pane.tree, lambda: "ip", pane)
    layer = pane.tree.topLevelItem(2)
    assert layer is not None
    port = next(
        layer.child(row)
        for row in range(layer.childCount())
        if "Destination port" in layer.child(row).text(0)
    )
    built = menu.build(port)
    built.actions()[0].trigger()
    assert QGuiApplication.clipboard().text().startswith("443")
    submenu = built.actions()[-1].menu()
    assert submenu is not None
    choice = next(action for action in submenu.actions() if action.text() == "… and selected")
    with qtbot.waitSignal(menu.filter_wanted) as told:
        choice.trigger()
    assert told.args == ["(ip) && (tcp.dstport == 443)"]
    whole = menu.build(layer)
    submenu = whole.actions()[-1].menu()
    assert submenu is not None
    assert [action.data() for action in submenu.actions()][1] == "tcp"
