import numpy as np

from tests.helpers.planted import ACK, RST, SYN, Traffic
from trafficdesk.features.clock import CaptureClock
from trafficdesk.features.events import EventFinder
from trafficdesk.features.keys import rows_of


def events_of(traffic):
    batch = traffic.batch()
    return EventFinder().find(rows_of(batch, CaptureClock().seconds(batch["timestamp_ns"])))


def test_a_conversation_is_opened_once_and_answered_once():
    """The first packet of a 5-tuple opens, the first packet back answers, the rest does neither."""
    traffic = Traffic()
    traffic.visit(0, "10.0.0.1", 5_000, "10.0.0.2", packets=2)
    events = events_of(traffic)
    assert events.opener.tolist() == [True] + [False] * 5
    assert events.answered.tolist() == [False, True] + [False] * 4


def test_a_reset_is_no_answer_and_opens_nothing():
    """A refused attempt stays unanswered; a stray RST or SYN-ACK is not an attempt."""
    traffic = Traffic()
    traffic.tcp(0, "10.0.0.1", 5_000, "10.0.0.2", 81, SYN)
    traffic.tcp(0.1, "10.0.0.2", 81, "10.0.0.1", 5_000, RST | ACK)
    traffic.tcp(1, "10.0.0.3", 80, "10.0.0.1", 6_000, SYN | ACK)
    traffic.tcp(2, "10.0.0.3", 80, "10.0.0.1", 6_001, RST)
    events = events_of(traffic)
    assert events.opener.tolist() == [True, False, False, False]
    assert not events.answered.any()


def test_new_means_not_seen_for_a_minute():
    """A port tried again within the minute is not new, later it is."""
    traffic = Traffic()
    for source_port, at in enumerate([0, 30, 89, 150], 1_000):
        traffic.tcp(at, "10.0.0.1", source_port, "10.0.0.2", 80, SYN)
    events = events_of(traffic)
    assert events.new_port.tolist() == [True, False, False, True]
    assert events.new_host.tolist() == [True, False, False, True]


def test_infrastructure_is_no_fan_out_but_its_unasked_answers_are_new_senders():
    """Asking twenty name servers is nothing; being answered by twenty that were not asked is amplification."""
    traffic = Traffic()
    for host in range(20):
        traffic.udp(host, "10.0.0.1", 4_000, f"9.9.9.{host}", 53)
        traffic.udp(host + 0.1, f"9.9.9.{host}", 53, "10.0.0.1", 4_000)
        traffic.udp(host + 0.2, f"8.8.8.{host}", 53, "10.0.0.1", 4_001)
    events = events_of(traffic)
    assert not events.fanning.any()
    assert events.new_sender.tolist() == [False, False, True] * 20


def test_arp_targets_conflicts_and_unasked_replies():
    """Asking is not claiming; a second MAC for an address is a conflict, the first one's return is not."""
    traffic = Traffic()
    traffic.arp(0, "10.0.0.1", "10.0.0.2")
    traffic.arp(0.1, "10.0.0.2", "10.0.0.1", operation=2)
    traffic.arp(1, "10.0.0.2", "10.0.0.1", operation=2, mac=0x66)
    traffic.arp(30, "10.0.0.2", "10.0.0.1", operation=2)
    traffic.arp(31, "0.0.0.0", "10.0.0.2", mac=0x77)
    events = events_of(traffic)
    assert events.arp_target.tolist() == [True, False, False, False, True]
    assert events.arp_conflict.tolist() == [False, False, True, False, False]
    assert events.arp_unsolicited.tolist() == [False, False, False, True, False]


def test_freshness_fades_with_the_conversation():
    """Eight packets count in full, the sixteenth half."""
    traffic = Traffic()
    for packet in range(16):
        traffic.tcp(packet * 1e-6, "10.0.0.1", 1, "10.0.0.2", 2)
    freshness = events_of(traffic).freshness
    assert (freshness[:8] == 1).all()
    assert abs(freshness[15] - 0.5) < 1e-3
    assert np.isfinite(freshness).all()
