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


def test_a_step_that_waits_for_other_threads_stays_worth_its_while() -> None:
    """However long turns take, so many rows are worked on."""
    now = [0.0]
    pace = Pace(lambda: now[0], fewest=8_192)
    for _ in range(20):
        with pace.measured():
            now[0] += 1.0
    assert pace.rows == 8_192
