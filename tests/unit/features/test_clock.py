import numpy as np

from trafficdesk.features.clock import JUMP_NS, CaptureClock

SECOND = 1_000_000_000


def test_seconds_since_the_first_packet_over_several_calls():
    """The clock starts at zero and goes on where it stood."""
    clock = CaptureClock()
    assert clock.seconds(np.array([5, 6], np.int64) * SECOND + 10**18).tolist() == [0.0, 1.0]
    assert clock.seconds(np.array([8], np.int64) * SECOND + 10**18).tolist() == [3.0]
    assert len(clock.seconds(np.empty(0, np.int64))) == 0


def test_a_jump_either_way_is_one_hour_forwards():
    """Whatever the system clock did, state older than the jump is stale and time goes on."""
    clock = CaptureClock()
    year = 365 * 86_400 * SECOND
    times = np.array([year, year + SECOND, SECOND, 2 * SECOND, 3 * year], np.int64)
    assert clock.seconds(times).tolist() == [0.0, 1.0, 3_601.0, 3_602.0, 7_202.0]


def test_a_small_step_back_is_kept():
    """Packets out of order are no jump."""
    assert CaptureClock().seconds(np.array([10, 9, 11], np.int64) * SECOND).tolist() == [0.0, -1.0, 1.0]


def test_timestamps_at_the_ends_of_int64_do_no_harm():
    """Differences that overflow still give finite seconds that stay within jumps of an hour."""
    ends = np.array([np.iinfo(np.int64).max, np.iinfo(np.int64).min, 0, np.iinfo(np.int64).max], np.int64)
    seconds = CaptureClock().seconds(ends)
    assert np.isfinite(seconds).all()
    assert np.abs(np.diff(seconds)).max() <= JUMP_NS / 1e9 + 1e-6
