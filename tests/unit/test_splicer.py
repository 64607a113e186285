"""The splicer of the detection benchmark keeps what it says it keeps."""

import numpy as np

from benchmarks.detection.corpus import ATTACK, BENIGN, Labelled, Truth
from benchmarks.detection.measures import area_under_curve, jaccard, true_positive_rate
from benchmarks.detection.splice import GATEWAY, Lan, spliced
from tests.helpers.planted import START_NS, SYN, Traffic, mac_of, ordinary
from trafficdesk.packets.address import address_texts

SCANNER, VICTIM = "172.16.9.9", "172.16.9.20"


def a_scan():
    traffic = Traffic()
    for port in range(50):
        traffic.tcp(port * 0.1, SCANNER, 50_000, VICTIM, 1_000 + port, SYN)
        traffic.tcp(port * 0.1 + 0.01, "8.8.8.8", 443, SCANNER, 41_000, source_mac=77)
    batch = traffic.batch()
    label = np.where(batch["destination_port"] == 41_000, BENIGN, ATTACK).astype(np.int8)
    truth = Truth("portscan_tcp", START_NS, START_NS + 5_000_000_000, "high", visible=True)
    return Labelled("scan", batch, label, (truth,))


def a_network():
    base = ordinary(60, seed=1).batch()
    lan = Lan()
    for last in range(10, 18):
        lan.settle("home", (192 << 24) | (168 << 16) | (7 << 8) | last, mac_of(f"192.168.7.{last}"))
    return Labelled("home", base, np.full(len(base), BENIGN, np.int8)), lan


def test_every_packet_and_its_timing_stay():
    """Ports, flags, lengths and the pauses within the attack are those of its capture, in its order."""
    base, lan = a_network()
    scan = a_scan()
    mixed = spliced(base, lan, scan, seed=3)
    assert len(mixed.batch) == len(base.batch) + len(scan.batch)
    assert (np.diff(mixed.batch["timestamp_ns"]) >= 0).all()
    attack = mixed.attack
    for name in ("source_port", "destination_port", "length", "tcp_flags"):
        np.testing.assert_array_equal(mixed.batch[name][attack], scan.batch[name][scan.attack])
    np.testing.assert_array_equal(
        np.diff(mixed.batch["timestamp_ns"][attack]), np.diff(scan.batch["timestamp_ns"][scan.attack])
    )
    (truth,) = mixed.truths
    assert truth.start_ns == mixed.batch["timestamp_ns"][attack][0]


def test_hosts_move_into_the_network():
    """Private hosts become residents with the residents' link addresses; public ones stay, behind the gateway."""
    base, lan = a_network()
    mixed = spliced(base, lan, a_scan(), seed=3)
    attack, answers = mixed.attack, mixed.batch["destination_port"] == 41_000
    (source,), (victim,) = (
        set(address_texts(mixed.batch[name][attack]).tolist()) for name in ("source", "destination")
    )
    residents = {f"10.20.0.{host & 255}": mac for host, mac in lan.macs.items() if host != GATEWAY}
    assert source in residents
    assert victim in residents
    assert source != victim
    assert set(mixed.batch["source_mac"][attack].tolist()) == {residents[source]}
    assert set(address_texts(mixed.batch["source"][answers]).tolist()) == {"8.8.8.8"}
    assert set(mixed.batch["source_mac"][answers].tolist()) == {lan.macs[GATEWAY]}


def test_the_seed_decides():
    """The same seed gives the same mixture, another one another beginning."""
    scan = a_scan()
    one, two, other = (spliced(*a_network(), scan, seed).batch["timestamp_ns"] for seed in (3, 3, 4))
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)


def test_ties_count_against_us():
    """A ranking that says the same of every row finds nothing at 1 % false alarms, and its area is one half."""
    attack = np.arange(200) < 100
    flat = np.zeros(200)
    assert area_under_curve(flat, attack) == 0.5
    assert true_positive_rate(flat, attack, 0.01) == 0.0
    assert true_positive_rate(-np.arange(200.0), attack, 0.01) == 1.0
    assert jaccard(attack, ~attack) == 0.0
    assert jaccard(attack & False, attack & False) == 1.0
