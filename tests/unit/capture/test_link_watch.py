"""The link's watch on what every Linux has: the loopback interface, and one that is not there."""

from __future__ import annotations

import sys
import time

import pytest

from trafficdesk.capture.link_watch import LinkWatch
from trafficdesk.capture.sleep_watch import SleepWatch

linux = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux")


@linux
def test_the_loopback_interface_is_there_without_any_right() -> None:
    """By name and index, and it is no wireless one."""
    watch = LinkWatch("lo")
    link = watch.look()
    assert link is not None
    assert (link.name, link.index, link.wireless) == ("lo", 1, False)
    assert link.up or not link.running
    watch.close()
    watch.close()


@linux
@pytest.mark.parametrize("name", ["nosuch0", "a-name-that-is-far-too-long-for-linux", "\udcff", ""])
def test_what_is_not_there_is_none(name: str) -> None:
    """Whatever the name looks like."""
    watch = LinkWatch(name)
    assert watch.look() is None
    watch.close()


def test_the_real_clocks_tell_of_no_pause_while_awake() -> None:
    """A moment awake is no sleep and no step of the clock."""
    watch = SleepWatch()
    for _ in range(3):
        time.sleep(0.02)
        assert watch.pause() is None
