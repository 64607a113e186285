"""The line of each packet, from frames to text."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers import wire
from trafficdesk.decode import decode
from trafficdesk.packets.batch import PacketBatch
from trafficdesk.packets.fields import PACKET_DTYPE, empty_columns
from trafficdesk.packets.info import info_bytes, info_texts, printable
from trafficdesk.packets.protocol import Protocol

DNS_RESPONSE = bytes.fromhex(
    "8f278180000100010000000005736c61636b03636f6d0000010001c00c000100010000002300046356229c"
)
CLIENT_HELLO = bytes.fromhex(
    "16030100400100003c0303" + "00" * 32 + "000002c02f01000011" + "0000000d000b000008746573742e636f6d"
)
DHCP = bytes.fromhex("0101060012345678") + bytes(228) + bytes.fromhex("638253633501010c0874657374686f7374ff")


def _udp(source: int, destination: int, payload: bytes) -> bytes:
    header = struct.pack(">HHHH", source, destination, 8 + len(payload), 0)
    return wire.ethernet(0x0800, wire.ipv4(17, header + payload))


def _tcp(source: int, destination: int, payload: bytes = b"", flags: int = 0x018) -> bytes:
    header = struct.pack(">HHIIHHHH", source, destination, 4_294_967_295, 10_000, 5 << 12 | flags, 512, 0, 0)
    return wire.ethernet(0x0800, wire.ipv4(6, header + payload))


def _icmp(kind: int, code: int) -> bytes:
    return wire.ethernet(0x0800, wire.ipv4(1, bytes([kind, code]) + bytes(6)))


LINES = [
    (_tcp(51234, 443, flags=0x002), "51234 → 443 [SYN] Seq=4294967295 Win=512 Len=0"),
    (_tcp(443, 5, b"", 0x012), "443 → 5 [SYN, ACK] Seq=4294967295 Ack=10000 Win=512 Len=0"),
    (_tcp(40000, 40001, b"x" * 7), "40000 → 40001 [PSH, ACK] Seq=4294967295 Ack=10000 Win=512 Len=7"),
    (_tcp(1, 2, flags=0), "1 → 2 [<None>] Seq=4294967295 Win=512 Len=0"),
    (_udp(40000, 40001, b"x" * 12), "40000 → 40001 Len=12"),
    (wire.DNS_QUERY, "Standard query 0x1a2b A example.com"),
    (_udp(53, 50000, DNS_RESPONSE), "Standard query response 0x8f27 A slack.com, 1 answer"),
    (
        _udp(53, 50000, DNS_RESPONSE[:3] + b"\x83" + DNS_RESPONSE[4:]),
        "Standard query response 0x8f27 No such name A slack.com",
    ),
    (
        _udp(53, 50000, DNS_RESPONSE[:7] + b"\x03" + DNS_RESPONSE[8:]),
        "Standard query response 0x8f27 A slack.com, 3 answers",
    ),
    (_tcp(50000, 443, CLIENT_HELLO), "Client Hello (TLS 1.2, SNI=test.com)"),
    (_tcp(50000, 443, bytes.fromhex("170303001a") + bytes(26)), "Application Data"),
    (_tcp(50000, 443, b"\x9c" * 40), "Continuation Data"),
    (_tcp(50000, 80, b"GET /a?b=c HTTP/1.1\r\nHost: x\r\n"), "GET /a?b=c HTTP/1.1"),
    (_tcp(80, 50000, b"<html>"), "Continuation (len=6)"),
    (_tcp(21, 50000, b"220 ready\r\n"), "Response: 220 ready"),
    (_tcp(50000, 25, b"EHLO me\r\n"), "C: EHLO me"),
    (_tcp(22, 50000, b"\x9c" * 52), "Server: Encrypted packet (len=52)"),
    (_udp(68, 67, DHCP), "DHCP Discover, host testhost"),
    (_udp(123, 123, b"\x24" + bytes(47)), "NTP Version 4, server"),
    (_udp(50000, 3478, bytes.fromhex("010100002112a442") + bytes(12)), "Binding Success Response"),
    (_udp(50000, 443, b"\x53" + bytes(range(40))), "Protected Payload, Len=41"),
    (wire.ARP_REQUEST, "Who has 192.0.2.2? Tell 192.0.2.1"),
    (wire.ARP_REPLY, "192.0.2.2 is at 02:00:5e:00:53:02"),
    (_icmp(8, 0), "Echo (ping) request id=0x0000, seq=0"),
    (_icmp(0, 0), "Echo (ping) reply id=0x0000, seq=0"),
    (wire.PORT_UNREACHABLE, "Destination unreachable (Port unreachable)"),
    (_icmp(11, 0), "Time-to-live exceeded (Time to live exceeded in transit)"),
    (_icmp(99, 7), "Type 99"),
    (wire.NEIGHBOUR_SOLICITATION, "Neighbor Solicitation"),
    (wire.MULTICAST_REPORT_6, "Multicast Listener Report Message v2"),
    (wire.IGMP_REPORT, "Membership Report"),
    (wire.MIDDLE_FRAGMENT, "Fragmented IP protocol (proto=UDP 17, off=1480)"),
    (wire.LAST_FRAGMENT_6, "IPv6 fragment (nxt=UDP 17, off=2896)"),
]


@pytest.mark.parametrize(("frame", "line"), LINES, ids=[line for _, line in LINES])
def test_each_kind_of_packet_has_its_line(frame: bytes, line: str) -> None:
    """A real packet of each kind reads as Wireshark words it."""
    assert info_texts(decode(wire.block_of(frame))).tolist() == [line]


def test_lines_keep_their_rows_in_a_mixed_batch() -> None:
    """Every row gets the line it would get alone, in any company."""
    batch = decode(wire.block_of(*(frame for frame, _ in LINES * 3)))
    assert info_texts(batch).tolist() == [line for _, line in LINES] * 3
    assert info_texts(batch.slice(5, 9)).tolist() == [line for _, line in LINES[5:9]]


def test_bytes_are_the_same_lines_padded_at_the_end_only() -> None:
    """`info_bytes` is UTF-8 of fixed width, without a NUL inside a line."""
    batch = decode(wire.block_of(*(frame for frame, _ in LINES)))
    lines = info_bytes(batch)
    assert lines.dtype.kind == "S"
    assert [line.decode() for line in lines.tolist()] == [line for _, line in LINES]
    raw = lines.view(np.uint8).reshape(len(lines), -1)
    assert all(b"\0" not in row.tobytes().rstrip(b"\0") for row in raw)


def test_hostile_text_is_escaped() -> None:
    """Control, bidirectional and invalid bytes of a request line can't act on whoever reads it; words stay."""
    hostile = "GET /\x1b[31m\u202egnp.exe\u200b/ä".encode() + b"\xff HTTP/1.1\r\n"
    line = info_texts(
        decode(wire.block_of(_tcp(50000, 80, hostile), _tcp(50000, 80, b"GET /b HTTP/1.1\r\n")))
    )
    assert line.tolist() == ["GET /\\x1b[31m\\u202egnp.exe\\u200b/ä\\xff HTTP/1.1", "GET /b HTTP/1.1"]


def test_no_rows_no_lines() -> None:
    """An empty batch has empty results of the right kind."""
    assert info_texts(PacketBatch.empty()).tolist() == []
    assert info_bytes(PacketBatch.empty()).shape == (0,)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32 - 1), st.lists(st.sampled_from([int(p) for p in Protocol]), min_size=1, max_size=40)
)
def test_no_columns_raise(seed: int, protocols: list[int]) -> None:
    """Whatever the columns hold, every row has one printable line."""
    random = np.random.default_rng(seed)
    columns = empty_columns(len(protocols))
    text = random.integers(0, 256, 64, np.uint8)
    for name, column in columns.items():
        raw = random.integers(0, 256, column.nbytes, np.uint8).tobytes()
        columns[name] = np.frombuffer(raw, PACKET_DTYPE[name]).copy()
    columns["protocol"][:] = protocols
    for name in ("source_port", "destination_port"):
        columns[name][:] = random.integers(-1, 1 << 16, len(protocols))
    columns["fragment_offset"][:] = random.integers(-1, 2, len(protocols))
    columns["text_start"][:] = random.integers(0, 32, len(protocols))
    columns["text_length"][:] = random.integers(0, 32, len(protocols))
    columns["tunnel"][:] = 0
    lines = info_texts(PacketBatch(0, columns, text)).tolist()
    assert len(lines) == len(protocols)
    assert all(line.isprintable() for line in lines)


def test_printable_is_offered_here() -> None:
    """The window takes `printable` from this module."""
    assert printable(b"a\0b") == "a\\x00b"
