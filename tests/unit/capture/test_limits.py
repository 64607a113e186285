"""Limits end a capture exactly, and say which of them did."""

from __future__ import annotations

import threading

from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.wire import block_of
from tests.unit.capture.test_pump import Receiver, Scripted
from trafficdesk.capture.frame_store import RecentFrames
from trafficdesk.capture.limits import Countdown, StopLimits
from trafficdesk.settings.declared import CaptureSettings


def kept(limits: StopLimits, *sizes: int) -> tuple[list[int], str]:
    """Frames kept of blocks of so many frames of 100 bytes, and why it ended."""
    countdown = Countdown(limits, lambda: 0.0)
    return [len(countdown.within(block_of(*[bytes(100)] * size))) for size in sizes], countdown.reason


def test_packets_are_counted_exactly() -> None:
    """Whatever the blocks' sizes; nothing comes after the limit."""
    assert kept(StopLimits(packets=7), 3, 3, 3, 3) == ([3, 3, 1, 0], "7 packets were captured")
    assert kept(StopLimits(packets=6), 3, 3, 3) == ([3, 3, 0], "6 packets were captured")
    assert kept(StopLimits(), 3, 3) == ([3, 3], "")


def test_bytes_end_with_the_frame_that_reaches_them() -> None:
    """Wire lengths count; where both limits are in a block the earlier one holds."""
    assert kept(StopLimits(bytes=450), 3, 3)[0] == [3, 2]
    assert kept(StopLimits(bytes=1_000_000), 9_999, 5) == ([9_999, 1], "1 MB were captured")
    assert kept(StopLimits(bytes=450, packets=4), 9) == ([4], "4 packets were captured")


@given(st.integers(1, 50), st.lists(st.integers(0, 20), max_size=10))
def test_no_frame_is_lost_before_the_limit(limit: int, sizes: list[int]) -> None:
    """All of them, or as many as the limit."""
    blocks = [size for size in sizes if size]
    assert sum(kept(StopLimits(packets=limit), *blocks)[0]) == min(limit, sum(blocks))


def test_seconds_are_those_of_the_capture() -> None:
    """Over when they have passed, once and for all."""
    now = [0.0]
    countdown = Countdown(StopLimits(seconds=5), lambda: now[0])
    assert not countdown.over
    now[0] = 5.0
    assert countdown.over
    assert countdown.reason == "5 s have passed"


def test_settings_name_limits_in_megabytes() -> None:
    """10^6 bytes; 0 = never."""
    settings = CaptureSettings(stop_packets=3, stop_seconds=4, stop_megabytes=5)
    assert StopLimits.of(settings) == StopLimits(3, 4.0, 5_000_000)
    assert StopLimits.of(CaptureSettings()) == StopLimits()


def test_a_capture_ends_by_itself_with_all_that_waits() -> None:
    """Slow receivers get every frame up to the limit; nothing is given up as after a stop."""
    to = Receiver(1, release=False)
    source = Scripted(*[block_of(bytes(60))] * 500, then=lambda: None)
    done = threading.Event()

    def run() -> None:
        to.pump.run_live(source, RecentFrames(1 << 20), StopLimits(packets=320))
        done.set()

    thread = threading.Thread(target=run)
    thread.start()
    while not done.wait(0.02):
        to.gate.release()
    thread.join(60)
    assert to.ids == list(range(320))
    assert to.pump.stop_reason == "320 packets were captured"
