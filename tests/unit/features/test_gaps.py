"""Gaps: which rows are soon after one, which intervals span one, and a clock that stands still in them."""

from __future__ import annotations

import numpy as np

from tests.helpers.interrupted import spans_of, with_gaps
from tests.helpers.planted import START_NS, SYN, Traffic, ordinary
from trafficdesk.features import INDEX, FeatureExtractor
from trafficdesk.features.clock import CaptureClock
from trafficdesk.features.gaps import Gaps, unbroken

S = 1_000_000_000


def told(*spans: tuple[float, float]) -> Gaps:
    gaps = Gaps()
    gaps.tell([(round(start * S), round(end * S)) for start, end in spans])
    return gaps


def seconds_of(times: list[float], *spans: tuple[float, float]) -> list[float]:
    stamps = np.array([round(time * S) for time in times], np.int64)
    return CaptureClock().seconds(stamps, told(*spans).spans).tolist()


def test_settling_follows_a_gap_and_lasts_as_it_did() -> None:
    """Nothing before, at least a minute, two at most; a short gap does not end a long one's."""
    times = np.array([5, 20, 79, 81, 1_000, 1_119, 1_121, 2_000, 2_010, 2_119], np.int64) * S
    since = told((10, 20), (500, 1_000), (1_500, 2_000), (2_000.5, 2_004)).since(times)
    assert since.settling.tolist() == [False, True, True, False, True, True, False, True, True, True]
    assert since.seconds.tolist() == [np.inf, 0, 59, 61, 0, 119, 121, 0, 6, 115]


def test_what_is_short_or_known_changes_nothing() -> None:
    """A gap of a second is none; telling all of them again is harmless, and memory is bounded."""
    gaps = told((10, 11))
    assert not len(gaps.spans)
    for _ in range(3):
        gaps.tell([(turn * 10 * S, (turn * 10 + 5) * S) for turn in range(1_000)])
    assert len(gaps.spans) == 256
    assert gaps.spans[-1].tolist() == [9_990 * S, 9_995 * S]


def test_intervals_across_a_gap_are_unknown() -> None:
    """An age is kept where the gap was before it."""
    ages = np.array([1.0, 9.0, np.inf, np.nan])
    assert unbroken(ages, np.full(4, 5.0))[:3].tolist() == [1.0, np.inf, np.inf]
    assert unbroken(ages, np.full(4, np.inf))[:3].tolist() == [1.0, 9.0, np.inf]
    assert np.isnan(unbroken(ages, np.full(4, 5.0))[3])


def test_the_clock_stands_still_where_nothing_could_be_captured() -> None:
    """Not where another interface went on, and not in a gap after which everything is stale."""
    assert seconds_of([0, 9, 101, 102], (10, 100)) == [0, 9, 11, 12]
    assert seconds_of([0, 9, 50, 101], (10, 100)) == [0, 9, 50, 101]
    assert seconds_of([0, 9, 2_001, 2_002], (10, 2_000)) == [0, 9, 2_001, 2_002]
    assert seconds_of([0, 9, 101, 102], (10, 100), (10.1, 99)) == [0, 9, 11, 12]


def test_without_gaps_features_are_the_same_to_the_bit() -> None:
    """Telling of none, or of those long before the capture, changes no value."""
    batch = ordinary(60).batch()
    plain, other = FeatureExtractor(), FeatureExtractor()
    other.tell_gaps([(START_NS - 900 * S, START_NS - 800 * S)])
    assert np.array_equal(plain.update(batch), other.update(batch))


def test_features_do_not_depend_on_how_packets_are_cut() -> None:
    """Also with gaps, of which one is long enough to forget everything."""
    gaps = [(60.0, 90.0), (150.0, 1_500.0)]
    batch = with_gaps(1_560, gaps, seed=3).batch()
    whole, parts = FeatureExtractor(), FeatureExtractor()
    for extractor in (whole, parts):
        extractor.tell_gaps(spans_of(gaps))
    cut = [parts.update(batch.slice(at, min(at + 700, len(batch)))) for at in range(0, len(batch), 700)]
    assert np.allclose(np.concatenate(cut), whole.update(batch), rtol=1e-5, atol=1e-5)


def test_connections_that_were_open_all_the_while_open_nothing() -> None:
    """After an hour's gap: a packet without SYN is no opener, one with SYN is."""
    traffic = Traffic()
    traffic.visit(0.0, "10.0.0.1", 1_000, "93.184.0.1")
    traffic.tcp(3_700.0, "10.0.0.1", 1_000, "93.184.0.1", 443)
    traffic.tcp(3_701.0, "10.0.0.1", 1_001, "93.184.0.2", 443, SYN)
    extractor = FeatureExtractor()
    extractor.tell_gaps([(START_NS + 10 * S, START_NS + 3_690 * S)])
    values = extractor.update(traffic.batch())
    assert values[-2:, INDEX["is_opener"]].tolist() == [0, 1]


def test_regular_reconnecting_is_no_beat() -> None:
    """A connection after each of a dozen evenly spaced gaps is not evenly spaced calling."""
    beats = []
    for interrupted in (False, True):
        traffic, extractor = Traffic(), FeatureExtractor()
        for turn in range(12):
            traffic.visit(60.0 * turn, "192.168.7.9", 5_000 + turn, "93.184.5.5", packets=2)
        if interrupted:
            extractor.tell_gaps(
                [(START_NS + (60 * turn + 20) * S, START_NS + (60 * turn + 59) * S) for turn in range(12)]
            )
        beats.append(float(np.expm1(extractor.update(traffic.batch())[-1, INDEX["beat_count"]])))
    assert beats[0] > 6
    assert beats[1] == 0
