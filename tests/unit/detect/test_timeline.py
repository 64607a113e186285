import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trafficdesk.detect.timeline import STEPS, Timeline

SECOND = 1_000_000_000


@given(st.lists(st.lists(st.integers(0, 10 * 86_400 * SECOND), min_size=1, max_size=20), min_size=1))
def test_no_row_is_lost_however_long_it_goes_on(batches):
    """Milliseconds or days: all rows are counted, in a bounded number of steps that hold the last one."""
    timeline = Timeline()
    for batch in batches:
        timeline.add(np.array(batch, np.int64))
    assert sum(timeline.counts) == sum(map(len, batches))
    assert len(timeline.counts) <= STEPS
    span = max(max(batch) for batch in batches) - min(batches[0])
    assert len(timeline.counts) * timeline.step_s * SECOND >= span


def test_a_burst_and_what_follows_are_told_apart():
    """A hundred rows at once, then one a second: the first step is the highest."""
    timeline = Timeline()
    timeline.add(np.zeros(100, np.int64))
    timeline.add(np.arange(1, 31) * SECOND)
    assert timeline.counts[0] >= 100
    assert max(timeline.counts[1:]) <= 2
    assert timeline.step_s == 1.0


def test_before_the_first_row_there_is_nothing():
    """No steps, and none from no rows."""
    timeline = Timeline()
    timeline.add(np.empty(0, np.int64))
    assert timeline.counts == ()
