"""`ui.pace`: work between two paints grows while it is quick and shrinks when it is slow."""

from __future__ import annotations

from trafficdesk.ui.pace import TURN_S, Pace


def after(seconds: float, turns: int) -> int:
    now = [0.0]
    pace = Pace(lambda: now[0])
    for _ in range(turns):
        with pace.measured():
            now[0] += seconds
    return pace.rows


def test_rows_follow_what_turns_take() -> None:
    """Quick turns take more rows, slow ones fewer, within bounds; a turn as long as aimed for changes nothing."""
    assert abs(after(TURN_S, 5) - Pace().rows) < 10
    assert Pace().rows < after(TURN_S / 2, 2) < after(TURN_S / 100, 50) <= 65_536
    assert Pace().rows > after(TURN_S * 2, 1) > after(1.0, 50) >= 1
