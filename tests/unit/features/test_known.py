"""What a network has shown is known: devices and services, across captures, bounded."""

import numpy as np
import pytest

from tests.helpers.planted import Traffic, mac_of
from trafficdesk.features import FEATURES, INDEX, FeatureExtractor
from trafficdesk.features.known import LEARNED_S
from trafficdesk.features.state import FirstSeen

HOME, OLD, NEW = "192.168.7.20", "192.168.7.21", "192.168.7.99"


def a_day_at_home(hours=1):
    """Two devices that talk all the while, the web server of one of them, and a third device late."""
    traffic = Traffic()
    for at in range(0, int(hours * 3_600), 30):
        traffic.visit(at, OLD, 40_000 + at, HOME, 80, packets=1)
    last = int(hours * 3_600) - 60
    for message in range(3):
        traffic.arp(last + message, NEW, HOME)
    traffic.tcp(last + 10, HOME, 8_080, OLD, 41_000, length=200, payload_length=146)
    return traffic.batch()


def news(batch, extractor=None, size=100_000):
    extractor = extractor or FeatureExtractor()
    values = np.concatenate(
        [extractor.update(batch.slice(at, min(at + size, len(batch)))) for at in range(0, len(batch), size)]
    )
    return {name: np.flatnonzero(values[:, INDEX[name]]) for name in ("new_device", "new_service")}


@pytest.mark.parametrize("size", [1, 50, 1_000])
def test_what_is_new_is_new_however_the_packets_are_cut(size):
    """The late device's three messages and the new port's answer are news, in batches of any size."""
    batch = a_day_at_home()
    found = news(batch, size=size)
    assert set(batch["source_mac"][found["new_device"]].tolist()) == {mac_of(NEW)}
    assert len(found["new_device"]) == 3
    assert batch["source_port"][found["new_service"]].tolist() == [8_080]


def test_what_an_earlier_capture_knew_is_not_news():
    """Devices and services taken along are known at once, and what is new is told without half an hour's wait."""
    first = FeatureExtractor()
    first.update(a_day_at_home())
    again = FeatureExtractor()
    again.change_network(first.known.seen, LEARNED_S)
    assert not any(len(rows) for rows in news(a_day_at_home(), again).values())
    another = Traffic()
    another.visit(0, OLD, 40_000, HOME, 80, packets=1)
    another.arp(5, "192.168.7.50", HOME)
    extractor = FeatureExtractor()
    extractor.change_network(first.known.seen, LEARNED_S)
    batch = another.batch()
    assert batch["source_mac"][news(batch, extractor)["new_device"]].tolist() == [mac_of("192.168.7.50")]


def test_another_network_is_learned_anew():
    """After a change of network nothing is known and nothing is news."""
    extractor = FeatureExtractor()
    extractor.update(a_day_at_home())
    extractor.change_network({}, 0.0)
    assert not len(extractor.known.seen["devices"])


def test_forged_devices_fill_no_memory():
    """Keys beyond the bound are not remembered; those known before stay known."""
    known = FirstSeen(1_000)
    everything = np.ones(100_000, np.bool_)
    known.update(np.array([7], np.int64), np.zeros(1), np.ones(1, np.bool_))
    for start in range(0, 1_000_000, 100_000):
        forged = np.arange(start, start + 100_000, dtype=np.int64) + 100
        known.update(forged, np.full(100_000, start / 1e5), everything)
        assert len(known) <= 1_000
    assert known.update(np.array([7], np.int64), np.array([60.0]), np.ones(1, np.bool_)).tolist() == [60.0]


def test_time_that_runs_backwards_makes_nothing_older():
    """A step back of the clock counts as no time."""
    known = FirstSeen()
    both = np.ones(2, np.bool_)
    assert known.update(np.array([1, 1], np.int64), np.array([9.0, 4.0]), both).tolist() == [0.0, 0.0]


def test_a_million_forged_senders_leave_every_state_within_its_bound():
    """A SYN flood from a million addresses: the features' memory stays below 250 MB, and what they say stays finite."""
    extractor = FeatureExtractor()
    random = np.random.default_rng(1)
    traffic = Traffic()
    for row in range(8_000):
        traffic.tcp(row * 1e-4, "203.0.113.1", 1_024 + row, HOME, 80, 2)
    block = traffic.batch()
    last = None
    for round_number in range(125):
        columns = dict(block.columns)
        raw = block["source"].copy().view(np.uint8).reshape(-1, 16)
        raw[:, 12:] = random.integers(1, 224, (len(block), 4), dtype=np.uint8)
        columns["source"] = raw.reshape(-1).view("V16")
        columns["source_mac"] = random.integers(0, 2**40, len(block)).astype(np.uint64)
        columns["timestamp_ns"] = block["timestamp_ns"] + np.int64(round_number * 800_000_000)
        last = extractor.update(type(block)(round_number * len(block), columns, block.text))
    assert last is not None
    assert last.shape == (8_000, len(FEATURES))
    assert np.isfinite(last).all()
    assert _held_bytes(extractor) < 250e6


def _held_bytes(value, seen=None):
    """Bytes of all arrays within an object."""
    seen = set() if seen is None else seen
    if id(value) in seen:
        return 0
    seen.add(id(value))
    if isinstance(value, np.ndarray):
        return value.nbytes if value.base is None else _held_bytes(value.base, seen)
    if isinstance(value, dict):
        return sum(_held_bytes(item, seen) for item in value.values())
    names = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
    held = [getattr(value, name) for name in names if hasattr(value, name)]
    if hasattr(value, "__dict__"):
        held += list(vars(value).values())
    return sum(_held_bytes(item, seen) for item in held)
