"""`ui.dialogs.filter_editor`: filters used before and common ones are at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from trafficdesk.capture.bpf import check_filter
from trafficdesk.ui.dialogs.filter_editor import COMMON_FILTERS, FilterEditor
from trafficdesk.ui.theme import LIGHT

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.mark.parametrize("expression", [text for text, _ in COMMON_FILTERS])
def test_what_is_offered_compiles(expression: str) -> None:
    """Each common filter is one that libpcap takes."""
    assert check_filter(expression) is None


def test_an_offered_filter_is_taken_and_judged(qtbot: QtBot) -> None:
    """Recent ones come first; choosing one is an edit like typing it."""
    editor = FilterEditor(check_filter, ("host 192.0.2.1", "vlan && ip"))
    qtbot.addWidget(editor)
    editor.apply_theme(LIGHT)
    offered = [action for action in editor.offer().actions() if action.data()]
    assert [action.data() for action in offered[:2]] == ["host 192.0.2.1", "vlan && ip"]
    assert offered[1].text() == "vlan &&&& ip"
    assert len(offered) == 2 + len(COMMON_FILTERS)
    with qtbot.waitSignals([editor.edited, editor.judged]):
        offered[0].trigger()
    assert editor.field_value() == "host 192.0.2.1"
    assert editor.property("state") == "valid"
