"""The steady source without a network: sleep, faults, back-off, what it says while it waits, and gaps that fit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.helpers.wire import TCP_SYN, block_of
from trafficdesk.capture.link_watch import Link
from trafficdesk.capture.sleep_watch import SleepWatch
from trafficdesk.capture.source import CaptureStatistics, Gap
from trafficdesk.capture.steady import LAST_TRY_S, MAX_GAPS, SteadySource
from trafficdesk.errors import CaptureError, InterfaceNotFound

if TYPE_CHECKING:
    from trafficdesk.packets.block import FrameBlock

S = 1_000_000_000
START_S = 1_700_000_000.0
UP = Link("eth0", 2, up=True, running=True, wireless=False)


class World:
    """A computer whose clocks, link and frames the test sets."""

    def __init__(self) -> None:
        self.monotonic = 100.0
        self.boot: float | None = 100.0
        self.wall = START_S
        self.link: Link | None = UP
        self.frames: list[FrameBlock | CaptureError] = []
        self.refusals: list[CaptureError] = []
        self.opened: list[str] = []
        self.tries: list[float] = []

    def source(self, *, watched: bool = True) -> SteadySource:
        watch = self if watched else None
        sleep = SleepWatch(lambda: self.monotonic, lambda: self.boot, lambda: round(self.wall * S))
        return SteadySource(
            "eth0",
            self.open,
            watch,  # type: ignore[arg-type]
            sleep=sleep,
            monotonic=lambda: self.monotonic,
            wall_ns=lambda: round(self.wall * S),
        )

    def open(self, name: str) -> Opened:
        self.tries.append(self.monotonic)
        if self.refusals:
            raise self.refusals.pop(0)
        self.opened.append(name)
        return Opened(self, name)

    def look(self) -> Link | None:
        return self.link

    def close(self) -> None:
        """The watch is closed with the source."""

    def pass_s(self, seconds: float) -> None:
        self.monotonic += seconds
        self.wall += seconds
        if self.boot is not None:
            self.boot += seconds

    def sleep_s(self, seconds: float) -> None:
        self.wall += seconds
        if self.boot is not None:
            self.boot += seconds

    def frame(self, *moments: float) -> None:
        block = block_of(*[TCP_SYN] * len(moments))
        stamps = np.array([round((START_S + moment) * S) for moment in moments], np.int64)
        self.frames.append(replace(block, timestamps_ns=stamps))


class Opened:
    """One opening of the interface."""

    def __init__(self, world: World, name: str) -> None:
        self.name = name
        self.interfaces = (name,)
        self._world = world
        self._received = 0

    def read(self, _timeout_s: float) -> FrameBlock | None:
        if not self._world.frames:
            return None
        frames = self._world.frames.pop(0)
        if isinstance(frames, CaptureError):
            raise frames
        self._received += len(frames)
        return frames

    def statistics(self) -> CaptureStatistics:
        return CaptureStatistics(received=self._received, dropped_kernel=1)

    def close(self) -> None:
        """Nothing to close."""


def read(world: World, source: SteadySource, seconds: float = 1.0) -> None:
    """Read for so many seconds, ten times each."""
    for _ in range(round(seconds * 10)):
        source.read(0.0)
        world.pass_s(0.1)


def spans(source: SteadySource) -> list[tuple[float, float | None]]:
    return [
        (
            round(gap.start_ns / S - START_S, 1),
            None if gap.end_ns is None else round(gap.end_ns / S - START_S, 1),
        )
        for gap in source.gaps
    ]


def test_sleep_is_a_gap_from_the_last_moment_awake_to_waking() -> None:
    """Its reason says so, and nothing was opened anew: the socket has slept, too."""
    world = World()
    source = world.source()
    read(world, source)
    world.sleep_s(3_600)
    read(world, source)
    assert spans(source) == [(0.9, 3_601.0)]
    assert source.gaps[0].reason == "the computer slept"
    assert world.opened == ["eth0"]
    assert source.waiting == ""


def test_frames_read_on_waking_stand_outside_of_the_gap() -> None:
    """Those from before lie in the same block as those from after."""
    world = World()
    source = world.source()
    read(world, source)
    world.sleep_s(600)
    world.frame(0.95, 0.98, 600.99)
    read(world, source)
    assert spans(source) == [(1.0, 601.0)]
    assert source.gaps[0].start_ns == round((START_S + 0.98) * S)
    assert source.gaps[0].end_ns == round((START_S + 600.99) * S)


def test_a_link_that_was_lost_in_sleep_makes_the_gap_longer() -> None:
    """Until the Wi-Fi is back; it is one gap, whose reason is what came first."""
    world = World()
    source = world.source()
    read(world, source)
    world.sleep_s(60)
    world.link = replace(UP, running=False, wireless=True)
    read(world, source, 3)
    assert source.waiting == "eth0: no Wi-Fi network"
    world.link = UP
    read(world, source)
    (gap,) = source.gaps
    assert gap.reason == "the computer slept"
    assert spans(source)[0] == (0.9, pytest.approx(64.0, abs=0.3))


def test_a_clock_put_forward_is_a_gap_and_one_put_back_is_none() -> None:
    """Only beyond what time servers correct by."""
    world = World()
    source = world.source()
    read(world, source)
    world.wall += 2
    read(world, source)
    world.wall += 1_000
    read(world, source)
    world.wall -= 500
    read(world, source)
    assert [gap.reason for gap in source.gaps] == ["the clock was put forward"]


def test_where_no_clock_tells_of_sleep_standing_still_does() -> None:
    """Windows: the clock that we wait by runs on in sleep."""
    world = World()
    world.boot = None
    source = world.source(watched=False)
    read(world, source)
    world.pass_s(600)
    read(world, source)
    assert [gap.reason for gap in source.gaps] == ["the computer slept"]


def test_frames_end_a_gap_before_the_link_is_looked_at_again() -> None:
    """The first of them is the gap's end; stragglers from before it are not."""
    world = World()
    source = world.source()
    read(world, source)
    world.link = replace(UP, running=False)
    read(world, source, 0.5)
    assert source.waiting == "eth0: unplugged"
    world.frame(1.02)
    source.read(0.0)
    assert spans(source) == [(1.0, None)]
    assert source.gaps[0].start_ns == round((START_S + 1.02) * S)
    world.pass_s(5)
    source.read(0.0)
    world.link = UP
    world.frame(6.4, 6.45)
    source.read(0.0)
    assert spans(source) == [(1.0, 6.4)]
    assert source.waiting == ""


def test_faults_are_waited_out_with_growing_pauses() -> None:
    """Where nothing else tells, by trying again ever more rarely; the counters go on, and the last frames are kept."""
    world = World()
    source = world.source(watched=False)
    world.frame(0.0)
    read(world, source)
    world.refusals = [CaptureError("not there yet") for _ in range(8)]
    world.frames.append(CaptureError("broken"))
    read(world, source, 60)
    pauses = np.diff(world.tries[1:]).round(1).tolist()
    assert pauses[:6] == pytest.approx([0.4, 0.8, 1.6, 3.2, 6.4, LAST_TRY_S], abs=0.11)
    assert max(pauses) == pytest.approx(LAST_TRY_S, abs=0.11)
    assert source.waiting == ""
    assert len(source.gaps) == 1
    world.frame(70.0)
    read(world, source)
    assert source.statistics() == CaptureStatistics(received=2, dropped_kernel=2)


def test_it_says_what_it_waits_for_and_when_it_tries() -> None:
    """A sentence that counts down."""
    world = World()
    source = world.source(watched=False)
    world.refusals = []
    read(world, source)
    world.refusals = [InterfaceNotFound("There is no interface eth0.") for _ in range(50)]
    world.frames.append(CaptureError("broken"))
    read(world, source, 10)
    assert source.waiting.startswith("eth0: There is no interface eth0, next try in ")


def test_a_source_that_breaks_off_again_at_once_is_not_tried_for_ever() -> None:
    """Coming back for a moment is no success: the pauses go on growing."""
    world = World()
    source = world.source()
    for _ in range(600):
        world.frames = [CaptureError("broken")]
        source.read(0.0)
        world.pass_s(0.1)
    assert len(world.tries) < 15


def test_gaps_are_bounded() -> None:
    """An interface that flaps all week keeps the newest."""
    world = World()
    source = world.source()
    for _ in range(MAX_GAPS + 50):
        world.sleep_s(60)
        read(world, source, 0.1)
    assert len(source.gaps) == MAX_GAPS
    assert all(isinstance(gap, Gap) and gap.end_ns is not None for gap in source.gaps)


def test_the_first_opening_is_not_waited_for() -> None:
    """Its error is the caller's."""
    world = World()
    world.refusals = [InterfaceNotFound("none")]
    with pytest.raises(InterfaceNotFound):
        world.source()


def test_what_this_computer_says_into_a_loose_cable_leaves_the_gap_where_it_began() -> None:
    """A recreated interface whose other end is not up yet carries our own frames only: nothing was captured before."""
    world = World()
    source = world.source()
    read(world, source)
    world.link = None
    world.frames.append(InterfaceNotFound("The interface eth0 has gone.", ""))
    read(world, source, 6.0)
    world.link = replace(UP, running=False)
    read(world, source)
    world.frame(7.5)
    read(world, source)
    world.link = UP
    read(world, source)
    ((start, end),) = spans(source)
    assert start == pytest.approx(1.0, abs=0.4)
    assert end is not None
    assert end >= 8.0
