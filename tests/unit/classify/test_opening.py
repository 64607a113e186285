"""What the opening of a conversation says does not depend on how packets are cut, and knows nothing of what comes later."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.helpers.planted import ACK, SYN, Traffic
from trafficdesk.classify.opening import CHECKPOINTS, FEATURES, IDLE_S, OpeningTracker
from trafficdesk.features import FeatureExtractor
from trafficdesk.packets.batch import Sample

SIZE = {name.split("|")[0]: at for at, name in enumerate(FEATURES)}


def seen(batch, size=None):
    """{packet_id: values} of every judgement, the batch fed `size` rows at a time."""
    tracker, extractor = OpeningTracker(), FeatureExtractor()
    found = {}
    for start in range(0, len(batch), size or len(batch)):
        part = batch.slice(start, min(start + (size or len(batch)), len(batch)))
        for openings in tracker.update(part, extractor.observe(part)):
            ids = part.ids[openings.rows[openings.at]]
            found.update(zip(ids.tolist(), openings.values, strict=True))
    return found


def talk(traffic, at, port, sizes, *, gap=0.1, opens=True):
    """A TCP conversation: positive sizes from the client, negative from the server, 0 = a bare acknowledgement."""
    if opens:
        traffic.tcp(at, "10.0.0.1", port, "10.0.0.2", 443, SYN)
    for number, size in enumerate(sizes, start=1):
        ends = ("10.0.0.1", port, "10.0.0.2", 443) if size >= 0 else ("10.0.0.2", 443, "10.0.0.1", port)
        traffic.tcp(at + gap * number, *ends, ACK, payload_length=abs(size), length=54 + abs(size))


@pytest.fixture
def busy():
    """Forty conversations that overlap."""
    traffic, random = Traffic(), np.random.default_rng(2)
    for number in range(40):
        sizes = random.integers(-1_400, 1_400, random.integers(1, 14))
        talk(traffic, float(random.uniform(0, 3)), 40_000 + number, sizes.tolist())
        traffic.udp(number * 0.07, "10.0.0.3", 5_000 + number % 9, "10.0.0.9", 53, payload_length=30)
    return traffic.batch()


@pytest.mark.parametrize("size", [1, 7, 100])
def test_batches_of_any_size_say_the_same(busy, size):
    """Every judgement is made of the same packet with the same values."""
    whole, cut = seen(busy), seen(busy, size)
    assert whole.keys() == cut.keys()
    assert len(whole) > 40
    for packet, values in whole.items():
        np.testing.assert_array_equal(values, cut[packet])


def test_sizes_and_directions_are_those_of_the_messages():
    """Acknowledgements don't count, who speaks first is positive, and what comes later is not known yet."""
    traffic = Traffic()
    talk(traffic, 0, 40_000, [100, 0, -200, 300, 0, -400, 500], gap=0.25)
    found = seen(traffic.batch())
    two, four = (found[packet] for packet in sorted(found))
    sizes = [SIZE[f"size of message {number}, signed by direction"] for number in range(1, 9)]
    np.testing.assert_allclose(
        np.sign(two[sizes]) * np.expm1(np.abs(two[sizes])), [100, -200, *[0] * 6], rtol=1e-5
    )
    np.testing.assert_allclose(
        np.sign(four[sizes]) * np.expm1(np.abs(four[sizes])), [100, -200, 300, -400, *[0] * 4], rtol=1e-5
    )
    assert np.expm1(four[SIZE["pause before message 2"]]) == pytest.approx(500, rel=1e-4)
    assert np.expm1(four[SIZE["pause before message 3"]]) == pytest.approx(250, rel=1e-4)
    assert (two[SIZE["messages"]], four[SIZE["messages"]]) == CHECKPOINTS[:2]
    assert np.expm1(four[SIZE["bytes back"]]) == pytest.approx(600, rel=1e-4)
    assert four[SIZE["changes of direction"]] == 3
    assert four[SIZE["is UDP"]] == 0


def test_ports_and_addresses_go_in_nowhere():
    """The same messages between other ends and ports give the same values."""
    one, other = Traffic(), Traffic()
    talk(one, 0, 40_000, [100, -200, 300, -400])
    for at, row in one.rows:
        other.rows.append((at, {**row, "source_port": row["source_port"] ^ 0x1234, "destination_port": row["destination_port"] ^ 0x1234}))  # fmt: skip
    for mine, theirs in zip(seen(one.batch()).values(), seen(other.batch()).values(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_what_was_under_way_is_not_judged():
    """A TCP conversation whose beginning was not captured has no opening."""
    traffic = Traffic()
    talk(traffic, 0, 40_000, [100, -200, 300, -400], opens=False)
    assert not seen(traffic.batch())


def test_after_a_long_silence_another_one_begins():
    """The same ends after a minute are another conversation."""
    traffic = Traffic()
    for start in (0, IDLE_S + 5):
        for number, port in enumerate((5_000, 53)):
            ends = (
                ("10.0.0.1", 5_000, "10.0.0.2", 53) if port == 5_000 else ("10.0.0.2", 53, "10.0.0.1", 5_000)
            )
            traffic.udp(start + number * 0.01, *ends, payload_length=40 + start + number)
    first, second = seen(traffic.batch()).values()
    assert first[0] < second[0]
    assert first[SIZE["messages"]] == second[SIZE["messages"]] == 2


def test_of_thinned_traffic_nothing_is_said(busy):
    """Where packets were left out the first messages are not the first ones."""
    ones = np.ones(len(busy), np.float32)
    thinned = dataclasses.replace(busy, sample=Sample(busy.ids, 2 * ones, ones, ones, ones))
    assert not seen(thinned)


def test_what_is_known_is_bounded():
    """A flood of conversations leaves the newest; those still known go on where they were."""
    tracker, extractor = OpeningTracker(64), FeatureExtractor()
    for start in range(20):
        traffic = Traffic()
        for number in range(10):
            traffic.udp(
                start + number / 100,
                "10.0.0.1",
                1_000 + start * 10 + number,
                "10.0.0.2",
                53,
                payload_length=9,
            )
        batch = traffic.batch(start * 10)
        assert list(tracker.update(batch, extractor.observe(batch)))
        tracker.tidy(float(start))
        assert len(tracker) <= 74
    traffic = Traffic()
    traffic.udp(20.0, "10.0.0.2", 53, "10.0.0.1", 1_199, payload_length=80)
    last = traffic.batch(200)
    (openings,) = tracker.update(last, extractor.observe(last))
    assert openings.values[0][SIZE["messages"]] == 2
