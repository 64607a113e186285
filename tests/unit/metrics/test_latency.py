"""Delays: the right request meets its response, however the packets are cut into batches."""

from __future__ import annotations

import numpy as np
import pytest

from tests.helpers.crafted import START_NS, a_batch
from trafficdesk.metrics.latency import DnsLatency, HandshakeLatency
from trafficdesk.packets.protocol import Protocol

MS = 1_000_000
CLIENT, SERVER = "192.0.2.1", "198.51.100.7"


def segment(
    at_ms: float, source: str, ports: tuple[int, int], flags: int, seq: int = 0, ack: int = 0
) -> dict:
    return {
        "timestamp_ns": START_NS + int(at_ms * MS),
        "source": source,
        "destination": SERVER if source == CLIENT else CLIENT,
        "source_port": ports[0],
        "destination_port": ports[1],
        "tcp_flags": flags,
        "tcp_sequence": seq,
        "tcp_acknowledgement": ack,
    }


def feed(metric: object, rows: list[dict], cuts: int = 1) -> None:
    for part in np.array_split(np.arange(len(rows)), cuts):
        if len(part):
            columns = {name: [rows[i][name] for i in part] for name in rows[0]}
            metric.add(a_batch(len(part), **columns))


HANDSHAKES = [
    segment(0, CLIENT, (5000, 443), 0x02, seq=0xFFFFFFFF),
    segment(2, CLIENT, (5001, 443), 0x02, seq=77),
    segment(10, SERVER, (443, 5000), 0x12, seq=9, ack=0),
    segment(11, CLIENT, (5000, 443), 0x10, seq=0, ack=10),
    segment(52, SERVER, (443, 5001), 0x12, seq=3, ack=78),
    segment(60, SERVER, (443, 5001), 0x12, seq=3, ack=78),
]


@pytest.mark.parametrize("cuts", [1, 2, 3, 6])
def test_handshakes_are_matched_across_batches(cuts: int) -> None:
    """10 ms (over a sequence wrap) and 50 ms; the repeated SYN-ACK is not counted again."""
    metric = HandshakeLatency()
    feed(metric, HANDSHAKES, cuts)
    found = metric.values()["tcp_handshake"]
    assert (found.n, found.median_ms) == (2, 30.0)


@pytest.mark.parametrize("cuts", [1, 3])
def test_a_repeated_syn_counts_from_the_first(cuts: int) -> None:
    """A person waits from the first SYN on."""
    metric = HandshakeLatency()
    syn = segment(0, CLIENT, (5000, 443), 0x02, seq=5)
    answer = segment(1_040, SERVER, (443, 5000), 0x12, ack=6)
    feed(metric, [syn, segment(1_000, CLIENT, (5000, 443), 0x02, seq=5), answer], cuts)
    assert metric.values()["tcp_handshake"].median_ms == 1_040


def test_answers_to_other_questions_are_not_matched() -> None:
    """Another acknowledgement number, another port, or a time before the SYN measures nothing."""
    metric = HandshakeLatency()
    rows = [
        segment(5, CLIENT, (5000, 443), 0x02, seq=5),
        segment(7, SERVER, (443, 5000), 0x12, ack=7),
        segment(7, SERVER, (443, 5009), 0x12, ack=6),
        segment(1, SERVER, (443, 5000), 0x12, ack=6),
    ]
    feed(metric, rows)
    assert metric.values()["tcp_handshake"].n == 0


def test_dns_is_matched_by_transaction() -> None:
    """Two questions from one port are told apart by their identifiers; mDNS does not count."""

    def message(at_ms: float, number: int, *, response: bool, protocol: int = Protocol.DNS) -> dict:
        row = segment(at_ms, SERVER if response else CLIENT, (53, 4000) if response else (4000, 53), 0)
        code = 0x8180 if response else 0x0100
        return {**row, "protocol": protocol, "application_id": number, "application_code": code}

    rows = [
        message(0, 1, response=False),
        message(1, 2, response=False),
        message(2, 3, response=False, protocol=Protocol.MDNS),
        message(21, 2, response=True),
        message(30, 1, response=True),
        message(31, 3, response=True, protocol=Protocol.MDNS),
        message(32, 9, response=True),
    ]
    for cuts in (1, 4):
        metric = DnsLatency()
        feed(metric, rows, cuts)
        found = metric.values()["dns"]
        assert (found.n, found.median_ms) == (2, 25.0)


def test_a_long_capture_is_sampled_fairly() -> None:
    """Of more delays than are kept, the median is still that of all of them, not of the first or the last."""
    metric = HandshakeLatency()
    for at in range(20):
        rows = 5_000
        ports = np.arange(rows) % 60_000 + 1
        delay_ms = at + 1
        times = START_NS + (at * 1_000 + np.zeros(rows)).astype(np.int64) * MS
        syn = {
            "source": [CLIENT] * rows,
            "destination": [SERVER] * rows,
            "tcp_sequence": at * rows + np.arange(rows),
        }
        back = {"source": [SERVER] * rows, "destination": [CLIENT] * rows}
        metric.add(
            a_batch(rows, timestamp_ns=times, source_port=ports, destination_port=443, tcp_flags=2, **syn)
        )
        metric.add(
            a_batch(
                rows,
                timestamp_ns=times + delay_ms * MS,
                source_port=443,
                destination_port=ports,
                tcp_flags=0x12,
                tcp_acknowledgement=at * rows + np.arange(rows) + 1,
                **back,
            )
        )
    found = metric.values()["tcp_handshake"]
    assert found.n > 85_000  # between batches some SYNs share a slot and push each other out
    assert found.median_ms == pytest.approx(10.5, abs=1)
    assert found.p95_ms == pytest.approx(19, abs=1)


@pytest.mark.parametrize("cuts", [1, 7])
def test_reused_identifiers_and_long_batches_are_matched_whole(cuts: int) -> None:
    """More exchanges in one batch than the table has places, identifiers used again and again: none is missed."""
    exchanges = 40_000
    number = np.repeat(np.arange(exchanges) % 500, 2)
    is_answer = np.tile([False, True], exchanges)
    times = START_NS + np.repeat(np.arange(exchanges) * 10 * MS, 2) + np.where(is_answer, 3 * MS, 0)
    port = np.repeat(1_024 + np.arange(exchanges) % 50_000, 2)
    metric = DnsLatency()
    for part in np.array_split(np.arange(2 * exchanges), cuts):
        answers = is_answer[part]
        metric.add(
            a_batch(
                len(part),
                timestamp_ns=times[part],
                source=[SERVER if answer else CLIENT for answer in answers],
                destination=[CLIENT if answer else SERVER for answer in answers],
                source_port=np.where(answers, 53, port[part]),
                destination_port=np.where(answers, port[part], 53),
                protocol=int(Protocol.DNS),
                application_id=number[part],
                application_code=np.where(answers, 0x8180, 0x0100),
            )
        )
    found = metric.values()["dns"]
    assert (found.n, found.median_ms, found.p95_ms) == (exchanges, 3.0, 3.0)


def test_a_request_given_up_long_ago_is_not_answered_now() -> None:
    """The same question minutes later starts anew."""
    for cuts in (1, 3):
        rows = [
            segment(0, CLIENT, (5000, 443), 0x02, seq=5),
            segment(300_000, CLIENT, (5000, 443), 0x02, seq=5),
            segment(300_020, SERVER, (443, 5000), 0x12, ack=6),
        ]
        metric = HandshakeLatency()
        feed(metric, rows, cuts)
        assert metric.values()["tcp_handshake"].median_ms == 20
