"""`ui.panels.interface_list` by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trafficdesk.capture.interfaces import list_interfaces
from trafficdesk.ui.panels.interface_list import InterfaceList
from trafficdesk.ui.theme import LIGHT

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def test_this_computers_interfaces_can_be_shown(qtbot: QtBot) -> None:
    """What the system really lists is a row each, and one is chosen."""
    shown = InterfaceList(LIGHT)
    qtbot.addWidget(shown)
    found = list_interfaces()
    shown.set_interfaces(found)
    assert shown.count() == len(found)
    assert (shown.current() is not None) == bool(found)
