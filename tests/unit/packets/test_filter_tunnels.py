"""Filters of packets inside packets, of TCP's analysis and of what a person noted."""

from __future__ import annotations

import numpy as np
import pytest

from tests.helpers import wire
from tests.unit.decode.test_tunnels import ETHERNET, INNER_4, INNER_6, outer, over_udp
from trafficdesk.decode import decode
from trafficdesk.packets import PacketBatch, PacketLog
from trafficdesk.packets.address import address_texts
from trafficdesk.packets.display_filter import compile_filter
from trafficdesk.packets.fields import PACKET_DTYPE
from trafficdesk.packets.notes import NoteFlag
from trafficdesk.packets.protocol import TcpNote

FRAMES = {
    "plain": outer(17, wire.udp(b"x" * 20, 40_001, 9)),
    "vxlan": over_udp(4789, b"\x08" + bytes(7) + ETHERNET + INNER_4),
    "sixinfour": outer(41, INNER_6),
    "gre": outer(47, b"\0\0\x08\0" + INNER_4),
}
NAMES = list(FRAMES)


@pytest.fixture(scope="module")
def batch() -> PacketBatch:
    return decode(wire.block_of(*FRAMES.values()))


def matching(expression: str, batch: PacketBatch) -> list[str]:
    return [NAMES[row] for row in np.flatnonzero(compile_filter(expression).mask(batch))]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("ip", "plain vxlan sixinfour gre"),
        ("ipv6", "sixinfour"),
        ("udp", "plain vxlan sixinfour gre"),
        ("dns", "vxlan gre"),
        ("gre", "gre"),
        ("vxlan", "vxlan"),
        ("udp.port == 53", "vxlan gre"),
        ("udp.dstport == 4789", "vxlan"),
        ("udp.port != 53", "plain sixinfour"),
        ("all udp.port > 1000", "sixinfour"),
        ("udp.port == 50001 && ip.proto == 41", "sixinfour"),
        ("ip.proto == 17", "plain vxlan gre"),
        ("ip.proto === 17", "plain vxlan"),
        ('td.tunnel == "VXLAN"', "vxlan"),
        ("td.tunnel", "vxlan sixinfour gre"),
        ('td.text == "a"', "vxlan gre"),
    ],
)
def test_what_is_inside_is_found(batch: PacketBatch, expression: str, expected: str) -> None:
    """Outer and inner addresses, ports and protocols are occurrences of the same field, as in Wireshark."""
    assert matching(expression, batch) == [name for name in NAMES if name in expected.split()]


def test_inner_addresses_are_occurrences(batch: PacketBatch) -> None:
    """An address of the inner packet is found by the same name as one of the outer."""
    inner = batch.inner(np.array([NAMES.index("sixinfour")]))[0]
    (address,) = address_texts(np.array([inner["source"]]))
    assert matching(f"ipv6.src == {address}", batch) == ["sixinfour"]
    assert matching(f"ipv6.src != {address}", batch) == []


def test_tcp_analysis_is_asked_by_wiresharks_names() -> None:
    """Every kind of retransmission is a retransmission; relative numbers are there where they were followed."""
    notes = [0, TcpNote.FOLLOWED, TcpNote.FOLLOWED | TcpNote.SPURIOUS_RETRANSMISSION, TcpNote.ZERO_WINDOW]
    batch = decode(wire.block_of(*[outer(6, wire.tcp())] * len(notes)))
    columns = {**batch.columns, "tcp_notes": np.array(notes, PACKET_DTYPE["tcp_notes"])}
    noted = PacketBatch(0, columns, batch.text)

    def rows(expression: str) -> list[int]:
        return np.flatnonzero(compile_filter(expression).mask(noted)).tolist()

    assert rows("tcp.analysis.retransmission") == rows("tcp.analysis.spurious_retransmission") == [2]
    assert rows("tcp.analysis.zero_window") == [3]
    assert rows("tcp.analysis.flags") == [2, 3]
    assert rows("tcp.seq == 0") == [1, 2]
    assert rows("tcp && !tcp.seq") == [0, 3]


def test_marks_are_asked_for(batch: PacketBatch) -> None:
    """Marked and commented packets are found alone, compared, and by Wireshark's name."""
    log = PacketLog()
    log.append(batch)
    log.update_analysis("mark", np.array([1, 2]), np.array([NoteFlag.MARKED, NoteFlag.COMMENTED], np.uint8))

    def rows(expression: str) -> list[int]:
        return log.select(compile_filter(expression).mask).tolist()

    assert rows("td.mark") == rows("td.mark == 1") == rows("frame.marked == 1") == [1]
    assert rows("!td.mark") == [0, 2, 3]
    assert rows("td.comment") == [2]
    assert rows("td.mark || td.comment == true") == [1, 2]
