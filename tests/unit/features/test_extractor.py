"""Properties that every family must keep, seen through the extractor."""

import numpy as np
import pytest

from tests.helpers.planted import SYN, Traffic, ordinary
from trafficdesk.features import FEATURES, INDEX, FeatureExtractor, Scale
from trafficdesk.packets.batch import PacketBatch
from trafficdesk.packets.fields import FIELDS, empty_columns


def matrix_of(batch, size=100_000):
    extractor = FeatureExtractor()
    parts = [
        extractor.update(batch.slice(at, min(at + size, len(batch)))) for at in range(0, len(batch), size)
    ]
    return np.concatenate(parts)


def said(traffic, name):
    index = INDEX[name]
    return FEATURES[index].said(matrix_of(traffic.batch())[:, index])


@pytest.mark.parametrize("size", [1, 200, 1_000])
def test_how_the_packets_are_cut_does_not_matter(size):
    """Every feature of every row is the same in batches of 1, 200, 1,000 and all at once."""
    batch = ordinary(60, seed=1).batch().slice(0, 600 if size == 1 else 2_500)
    np.testing.assert_allclose(matrix_of(batch, size), matrix_of(batch), rtol=1e-6, atol=1e-6)


def test_features_are_causal():
    """What comes later changes nothing of what was said before."""
    batch = ordinary(30, seed=2).batch()
    half = len(batch) // 2
    np.testing.assert_allclose(matrix_of(batch.slice(0, half)), matrix_of(batch)[:half], rtol=1e-6, atol=1e-9)


def test_any_bytes_in_the_columns_give_finite_features():
    """Columns filled with random bytes, times included, never raise nor give NaN or infinity."""
    random = np.random.default_rng(5)
    rows = 3_000
    columns = empty_columns(rows)
    for field in FIELDS:
        raw = random.bytes(columns[field.name].nbytes)
        columns[field.name] = np.frombuffer(raw, field.dtype).copy()
    columns["name_entropy"] = random.random(rows).astype("f4")
    matrix = matrix_of(PacketBatch(0, columns, np.empty(0, np.uint8)), 700)
    assert np.isfinite(matrix).all()


def test_no_rows_give_no_rows():
    """An empty batch is no special case for the caller."""
    assert FeatureExtractor().update(PacketBatch.empty()).shape == (0, len(FEATURES))


def test_counters_say_what_was_planted():
    """Thirty ports tried on one host are about thirty ports, thirty new ports, thirty unanswered attempts."""
    traffic = Traffic()
    for port in range(30):
        traffic.tcp(port * 0.01, "10.0.0.66", 50_000, "10.0.0.2", 1_000 + port, SYN)
    for name in ("pair_ports_60s", "new_ports_60s", "unanswered_60s", "opened_60s", "tcp_opened_60s"):
        assert said(traffic, name)[-1] == pytest.approx(30, rel=0.01), name
    assert said(traffic, "port_hosts_60s")[-1] == pytest.approx(1, rel=0.01)
    assert said(traffic, "new_hosts_60s")[-1] == pytest.approx(1, rel=0.01)


def test_a_row_shows_the_larger_of_its_two_hosts():
    """The victim's answer carries the scanner's counters, and says whose they are."""
    traffic = Traffic()
    for port in range(20):
        traffic.tcp(port * 0.01, "10.0.0.66", 50_000, "10.0.0.2", 1_000 + port, SYN)
    traffic.tcp(0.3, "10.0.0.2", 1_019, "10.0.0.66", 50_000, 0x14)
    observation = FeatureExtractor().observe(traffic.batch())
    assert said(traffic, "unanswered_60s")[-1] == pytest.approx(20, rel=0.01)
    assert observation.at_destination["unanswered"][-1]
    assert not observation.at_destination["unanswered"][:-1].any()


def test_one_port_on_many_hosts():
    """Forty hosts asked for port 445 are about forty."""
    traffic = Traffic()
    for host in range(40):
        traffic.tcp(host * 0.01, "10.0.0.66", 50_000, f"10.0.1.{host}", 445, SYN)
    assert said(traffic, "port_hosts_60s")[-1] == pytest.approx(40, rel=0.01)
    assert said(traffic, "pair_ports_60s")[-1] == pytest.approx(1, rel=0.01)


def test_only_one_sided_uploads_count():
    """Ten MB out and little back are ten MB; a call that sends as much as it receives is nothing."""
    copy, call = Traffic(), Traffic()
    for packet in range(1_000):
        copy.tcp(packet * 1e-3, "10.0.0.5", 5_000, "93.184.1.1", 443, length=10_000)
        call.udp(packet * 1e-3, "10.0.0.5", 5_000, "93.184.1.1", 3_478, length=10_000)
        call.udp(packet * 1e-3 + 1e-4, "93.184.1.1", 3_478, "10.0.0.5", 5_000, length=10_000)
    assert said(copy, "upload_60s")[-1] == pytest.approx(10e6, rel=0.02)
    assert said(call, "upload_60s")[-10:].max() == 0


def test_the_beat_of_a_beacon():
    """Ten connections a minute apart: nine gaps of 60 s that hardly vary; a channel of random gaps does vary."""
    beacon, browsing = Traffic(), Traffic()
    random = np.random.default_rng(1)
    for beat in range(10):
        beacon.visit(60.0 * beat + random.uniform(-1, 1), "10.0.0.5", 5_000 + beat, "93.184.1.1", packets=1)
        browsing.visit(float(random.uniform(0, 600)), "10.0.0.5", 6_000 + beat, "93.184.1.1", packets=1)
    assert said(beacon, "beat_mean")[-1] == pytest.approx(60, rel=0.02)
    assert said(beacon, "beat_count")[-1] > 7
    assert said(beacon, "beat_variation")[-1] < 0.05
    assert said(browsing, "beat_variation")[-1] > 0.3


def test_dns_names_missing_and_lengths():
    """Twenty names of 50 characters that do not exist are about twenty, fifty characters long."""
    traffic = Traffic()
    for query in range(20):
        name = f"{query:045d}.test"
        traffic.dns(query * 0.01, "10.0.0.5", "10.0.0.1", name, entropy=3.5)
        traffic.dns(query * 0.01 + 0.005, "10.0.0.5", "10.0.0.1", name, answer=True, code=3)
    assert said(traffic, "dns_names_60s")[-1] == pytest.approx(20, rel=0.01)
    assert said(traffic, "dns_missing_60s")[-1] == pytest.approx(20, rel=0.01)
    assert said(traffic, "query_length_60s")[-1] == pytest.approx(50, rel=0.01)
    assert said(traffic, "query_entropy_60s")[-1] == pytest.approx(3.5, rel=0.01)


def test_statistics_of_sizes_and_gaps():
    """AfterImage's mean and spread of equal packets sent every tenth of a second."""
    traffic = Traffic()
    for packet in range(100):
        traffic.udp(packet * 0.1, "10.0.0.5", 5_000, "93.184.1.1", 9_000, length=500)
    assert said(traffic, "socket_mean_10s")[-1] == pytest.approx(500, rel=1e-3)
    assert said(traffic, "socket_spread_10s")[-1] == pytest.approx(0, abs=0.1)
    assert said(traffic, "channel_mean_1s")[-1] == pytest.approx(0.1, rel=0.05)


def test_a_clock_jump_forgets_everything():
    """After an hour's jump, back or forth, the next packet is as new as the first."""
    for jump in (7_200.0, -7_200.0):
        traffic = Traffic()
        for port in range(30):
            traffic.tcp(10_000 + port * 0.01, "10.0.0.66", 50_000, "10.0.0.2", 1_000 + port, SYN)
        first = traffic.batch()
        later = Traffic()
        later.tcp(10_000 + jump, "10.0.0.66", 50_000, "10.0.0.2", 999, SYN)
        extractor = FeatureExtractor()
        extractor.update(first)
        after = extractor.update(later.batch(len(first)))[0]
        fresh = FeatureExtractor().update(later.batch())[0]
        np.testing.assert_allclose(after, fresh, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_every_feature_can_be_said(feature):
    """Its words take a value, its stored numbers turn into the unit, its window is no secret."""
    assert "{}" in feature.words or not feature.tellable
    assert feature.source
    assert feature.window_s >= 0
    value = feature.said(np.array([0.0, 1.0]))
    assert np.isfinite(value).all()
    assert value[1] > value[0]
    assert feature.scale in Scale
