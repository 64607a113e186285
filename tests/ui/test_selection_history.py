"""`ui.selection_history`: back and forth, as in a browser."""

from __future__ import annotations

from trafficdesk.ui.selection_history import MOST, SelectionHistory


def test_back_and_forth_and_another_way() -> None:
    """What lay ahead is forgotten when somebody goes another way."""
    history = SelectionHistory()
    assert history.step(-1) is None
    for packet_id in (1, 2, 2, 3):
        history.visit(packet_id)
    assert history.step(-1) == 2
    history.visit(2)
    assert history.step(-1) == 1
    assert history.step(-1) is None
    assert history.step(1) == 2
    history.visit(9)
    assert history.step(1) is None
    assert history.step(-1) == 2


def test_it_is_bounded() -> None:
    """The oldest are forgotten."""
    history = SelectionHistory()
    for packet_id in range(3 * MOST):
        history.visit(packet_id)
    went = [history.step(-1) for _ in range(MOST - 1)]
    assert went[-1] == 2 * MOST
    assert history.step(-1) is None
