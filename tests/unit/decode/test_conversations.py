"""What a segment can only be called in the light of those before it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers import wire
from trafficdesk.decode import Conversations, decode
from trafficdesk.decode.conversation_table import CONVERSATION, ConversationTable
from trafficdesk.packets import FrameBlock, PacketBatch
from trafficdesk.packets.info import info_texts
from trafficdesk.packets.protocol import Protocol, TcpFlag, TcpNote

FIN, SYN, RST, PSH, ACK = (
    int(flag) for flag in (TcpFlag.FIN, TcpFlag.SYN, TcpFlag.RST, TcpFlag.PSH, TcpFlag.ACK)
)
CLIENT, SERVER = 0, 1
FIRST = (1000, 5000)
MS = 1_000_000
HERE, THERE = "192.0.2.1", "192.0.2.2"


def segment(
    way: int, sequence: int, acknowledged: int, flags: int, payload: bytes = b"", window: int = 500
) -> bytes:
    """A segment of one conversation; the numbers count from each side's first one."""
    ends = (HERE, THERE) if way == CLIENT else (THERE, HERE)
    ports = (50_000, 9_001) if way == CLIENT else (9_001, 50_000)
    number = (FIRST[way] + sequence) % 2**32
    other = (FIRST[1 - way] + acknowledged) % 2**32 if flags & ACK else 0
    return wire.between(*ends, 6, wire.segment(ports, (number, other), flags, window, payload))


def block(frames: list[bytes], times_ms: list[float] | None = None) -> FrameBlock:
    """Frames at the given milliseconds, else 10 ms apart."""
    plain = wire.block_of(*frames)
    times = np.array(times_ms if times_ms is not None else [10 * n for n in range(len(frames))])
    return FrameBlock(
        plain.data,
        plain.offsets,
        plain.captured_lengths,
        plain.wire_lengths,
        (times * MS).astype(np.int64),
        plain.link_types,
    )


HANDSHAKE = [segment(CLIENT, 0, 0, SYN), segment(SERVER, 0, 1, SYN | ACK), segment(CLIENT, 1, 1, ACK)]


def notes(frames: list[bytes], times_ms: list[float] | None = None) -> list[TcpNote]:
    """Notes of the frames, without the one that only says that they were followed."""
    batch = Conversations().follow(decode(block(frames, times_ms)))
    return [TcpNote(int(note) & ~TcpNote.FOLLOWED) for note in batch["tcp_notes"]]


def test_numbers_count_from_the_conversations_first() -> None:
    """SYN is 0, the first byte 1, in both directions; the raw numbers stay."""
    batch = Conversations().follow(decode(block([*HANDSHAKE, segment(CLIENT, 1, 1, PSH | ACK, b"abc")])))
    assert batch["tcp_relative_sequence"].tolist() == [0, 0, 1, 1]
    assert batch["tcp_relative_acknowledgement"].tolist() == [0, 1, 1, 1]
    assert batch["tcp_sequence"].tolist() == [1000, 5000, 1001, 1001]
    assert info_texts(batch)[3] == "50000 → 9001 [PSH, ACK] Seq=1 Ack=1 Win=500 Len=3"


DATA = segment(CLIENT, 1, 1, PSH | ACK, b"a" * 10)
NEXT = segment(CLIENT, 11, 1, PSH | ACK, b"b" * 10)
LATER = segment(CLIENT, 21, 1, PSH | ACK, b"c" * 10)
ACK_1 = segment(SERVER, 1, 1, ACK)
ACK_11 = segment(SERVER, 1, 11, ACK)
ACK_21 = segment(SERVER, 1, 21, ACK)


@pytest.mark.parametrize(
    ("frames", "times", "last"),
    [
        ([DATA], None, TcpNote(0)),
        ([DATA, DATA], None, TcpNote.RETRANSMISSION),
        ([DATA, ACK_11, DATA], None, TcpNote.SPURIOUS_RETRANSMISSION),
        ([DATA, LATER], None, TcpNote.PREVIOUS_NOT_CAPTURED),
        ([DATA, LATER, NEXT], [0, 1, 2, 3, 4, 5], TcpNote.OUT_OF_ORDER),
        ([DATA, LATER, NEXT], [0, 1, 2, 3, 4, 400], TcpNote.RETRANSMISSION),
        ([DATA, NEXT, ACK_1, ACK_1, ACK_1, DATA], [*range(9)], TcpNote.FAST_RETRANSMISSION),
        ([DATA, ACK_11, ACK_11], None, TcpNote.DUPLICATE_ACK),
        ([DATA, segment(SERVER, 1, 11, ACK, window=0)], None, TcpNote.ZERO_WINDOW),
        ([DATA, ACK_11, segment(SERVER, 1, 11, ACK, window=900)], None, TcpNote.WINDOW_UPDATE),
        ([DATA, ACK_11, segment(CLIENT, 10, 1, ACK)], None, TcpNote.KEEP_ALIVE),
        ([DATA, ACK_11, segment(CLIENT, 10, 1, ACK), ACK_11], None, TcpNote.KEEP_ALIVE_ACK),
        (
            [DATA, segment(SERVER, 1, 11, ACK, window=0), segment(CLIENT, 11, 1, ACK, b"x")],
            None,
            TcpNote.ZERO_WINDOW_PROBE,
        ),
        ([DATA, ACK_21], None, TcpNote.ACKED_UNSEEN),
        ([DATA, segment(CLIENT, 11, 1, RST)], None, TcpNote(0)),
    ],
)
def test_each_case_has_its_note(frames: list[bytes], times: list[float] | None, last: TcpNote) -> None:
    """The last segment of each story is what Wireshark calls it."""
    assert notes([*HANDSHAKE, *frames], times)[-1] == last


def test_the_same_ports_again_are_another_conversation() -> None:
    """A SYN with another number begins anew, counts from itself and is marked."""
    again = wire.between(HERE, THERE, 6, wire.segment((50_000, 9_001), (77_000, 0), SYN, 500))
    batch = Conversations().follow(decode(block([*HANDSHAKE, DATA, again])))
    assert batch["tcp_notes"][-1] & TcpNote.PORT_REUSED
    assert batch["tcp_relative_sequence"][-1] == 0


def test_numbers_go_on_beyond_32_bits() -> None:
    """A conversation that passes 2**32 is neither out of order nor repeated there."""
    size = 60_000
    frames = []
    position = 2**32 - 3 * size
    conversations = Conversations()
    for step in range(6):
        frames.append(segment(CLIENT, position + step * size, 1, PSH | ACK, b"x" * 1000))
        frames.append(segment(CLIENT, position + step * size + 1000, 1, PSH | ACK, b"x" * (size - 1000)))
    found = []
    for frame in frames:
        batch = conversations.follow(decode(block([frame])))
        found.append(int(batch["tcp_notes"][0]) & ~TcpNote.FOLLOWED)
    assert set(found) == {0}


def _story(seed: int) -> list[bytes]:
    """Segments at random, of two conversations' ends, with repetitions, holes and windows of 0."""
    random = np.random.default_rng(seed)
    frames = list(HANDSHAKE)
    for _ in range(40):
        way = int(random.integers(2))
        flags = ACK | (int(random.choice([0, 0, 0, FIN, RST, SYN])))
        frames.append(
            segment(
                way,
                int(random.integers(0, 60)),
                int(random.integers(0, 60)),
                flags,
                b"x" * int(random.choice([0, 0, 1, 10, 20])),
                int(random.choice([0, 500, 501])),
            )
        )
    return frames


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 42), max_size=6))
def test_where_batches_end_makes_no_difference(seed: int, cuts: list[int]) -> None:
    """All at once or in any pieces: every column is the same."""
    frames = block(_story(seed))
    whole = Conversations().follow(decode(frames))
    conversations = Conversations()
    edges = [0, *sorted(set(cuts)), len(frames)]
    parts = [
        conversations.follow(decode(frames.part(start, stop)))
        for start, stop in pairwise(edges)
        if stop > start
    ]
    for name in ("tcp_notes", "tcp_relative_sequence", "tcp_relative_acknowledgement", "protocol"):
        assert np.concatenate([part[name] for part in parts]).tolist() == whole[name].tolist(), name


def test_what_goes_on_has_the_conversations_name() -> None:
    """A protocol recognised by its first words on a foreign port names the segments that follow, not those before."""
    frames = [
        *HANDSHAKE,
        segment(CLIENT, 1, 1, PSH | ACK, b"\x99" * 8),
        segment(SERVER, 1, 9, PSH | ACK, b"RFB 003.008\n"),
        segment(CLIENT, 9, 13, PSH | ACK, b"\x99" * 8),
    ]
    batch = Conversations().follow(decode(block(frames)))
    assert batch["protocol"].tolist()[3:] == [Protocol.TCP, Protocol.VNC, Protocol.VNC]


def test_what_only_repeats_is_plain_tcp() -> None:
    """The payload of a retransmission was named already: the row says what is wrong with it instead."""
    hello = segment(SERVER, 1, 1, PSH | ACK, b"RFB 003.008\n")
    batch = Conversations().follow(decode(block([*HANDSHAKE, hello, hello])))
    assert batch["protocol"].tolist()[3:] == [Protocol.VNC, Protocol.TCP]
    assert info_texts(batch)[4].startswith("[TCP Retransmission] 9001 → 50000 [PSH, ACK] Seq=1 ")


def _datagram(ports: tuple[int, int], payload: bytes, *, back: bool = False) -> bytes:
    ends = (THERE, HERE) if back else (HERE, THERE)
    return wire.between(*ends, 17, wire.udp(payload, *ports))


def test_tftp_answers_from_another_port() -> None:
    """The server's answers come from a port of their own (RFC 1350 section 4) and are named all the same."""
    frames = [
        _datagram((2000, 69), b"\0\x01file\0octet\0"),
        _datagram((3000, 2000), b"\0\x03\0\x01" + b"d" * 40, back=True),
        _datagram((2001, 3000), b"\0\x04\0\x01"),
    ]
    batch = Conversations().follow(decode(wire.block_of(*frames)))
    assert batch["protocol"].tolist() == [Protocol.TFTP, Protocol.TFTP, Protocol.UDP]


def test_ftp_data_goes_where_the_control_line_said() -> None:
    """The port of a passive reply is FTP-DATA; another one is not."""

    def server(port: int, payload: bytes) -> bytes:
        return wire.between(THERE, HERE, 6, wire.segment((port, 50_000), (1, 1), PSH | ACK, 500, payload))

    frames = [
        server(21, b"227 Entering Passive Mode (192,0,2,2,100,10)\r\n"),
        server(25_610, b"content of a file"),
        server(25_611, b"something else"),
    ]
    batch = Conversations().follow(decode(wire.block_of(*frames)))
    assert batch["protocol"].tolist() == [Protocol.FTP, Protocol.FTP_DATA, Protocol.TCP]
    early = Conversations().follow(decode(wire.block_of(*frames[1::-1])))
    assert early["protocol"].tolist() == [Protocol.TCP, Protocol.FTP], (
        "what came before was not announced yet"
    )


def test_empty_datagrams_are_followed_without_complaint() -> None:
    """Also where a transfer was announced, a batch may hold nothing but datagrams without payload."""
    follower = Conversations()
    follower.follow(decode(wire.block_of(_datagram((2000, 69), b"\0\x01file\0octet\0"))))
    batch = follower.follow(decode(wire.block_of(_datagram((3000, 2000), b"", back=True))))
    assert batch["protocol"].tolist() == [Protocol.UDP]


def test_the_table_forgets_the_quiet_and_stays_bounded() -> None:
    """Beyond its capacity the half that was seen last stays, with its states."""
    table = ConversationTable(100)
    for first in range(0, 1000, 10):
        keys = np.arange(first, first + 10, dtype=np.uint64)
        states = np.zeros(10, CONVERSATION)
        states["application"] = keys
        table.store(keys, states)
        assert len(table) <= 100
        assert len(table._keys) + len(table._free) <= 110, "forgotten states' places are used again"
    known, states = table.find(np.arange(1000, dtype=np.uint64))
    assert known[990:].all()
    assert not known[:900].any()
    assert states["application"][known].tolist() == np.flatnonzero(known).tolist()


def test_no_packets_are_followed_without_complaint() -> None:
    """An empty batch comes back as it is."""
    assert len(Conversations().follow(PacketBatch.empty())) == 0
