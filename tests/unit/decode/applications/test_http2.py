"""HTTP/2 in clear text: its preface names the conversation, its frames are told by type and stream."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers import wire
from trafficdesk.decode import Conversations, decode
from trafficdesk.packets.info import info_texts
from trafficdesk.packets.protocol import Protocol

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
CLIENT, SERVER = "192.0.2.1", "192.0.2.2"
DATA, HEADERS, RST, SETTINGS, PING, GOAWAY, WINDOW = 0, 1, 3, 4, 6, 7, 8


def frame(kind: int, stream: int, body: bytes = b"", flags: int = 0) -> bytes:
    """RFC 9113 section 4.1."""
    return struct.pack(">I", len(body))[1:] + bytes((kind, flags)) + struct.pack(">I", stream) + body


def told(*payloads: tuple[str, bytes], port: int = 3_000) -> list[tuple[Protocol, str]]:
    """Name and line of segments of one conversation, each from its sender."""
    sent, frames = {CLIENT: 1, SERVER: 1}, []
    for sender, payload in payloads:
        ends = (CLIENT, SERVER) if sender == CLIENT else (SERVER, CLIENT)
        ports = (50_000, port) if sender == CLIENT else (port, 50_000)
        numbers = (sent[ends[0]], sent[ends[1]])
        frames.append(wire.between(*ends, 6, wire.segment(ports, numbers, 0x18, 500, payload)))
        sent[sender] += len(payload)
    batch = Conversations().follow(decode(wire.block_of(*frames)))
    return [
        (Protocol(number), line) for number, line in zip(batch["protocol"], info_texts(batch), strict=True)
    ]


BEGIN = (CLIENT, PREFACE + frame(SETTINGS, 0, bytes(12)) + frame(WINDOW, 0, bytes(4)))


@pytest.mark.parametrize("port", [80, 3_000, 8_080, 50_051])
def test_a_conversation_is_named_and_told(port: int) -> None:
    """The preface, then what both sides send, on HTTP's ports and on others."""
    lines = told(
        BEGIN,
        (SERVER, frame(SETTINGS, 0) + frame(SETTINGS, 0, flags=1)),
        (CLIENT, frame(HEADERS, 1, b"\x82\x84\x86", 5) + frame(PING, 0, bytes(8)) + frame(RST, 3, bytes(4))),
        (SERVER, frame(HEADERS, 1, b"\x88", 4) + frame(DATA, 1, b"x" * 100, 1)),
        (SERVER, frame(DATA, 90_001, b"x" * 100)),
        (SERVER, b"the middle of a frame"),
        (SERVER, frame(GOAWAY, 0, bytes(8))),
        port=port,
    )
    assert lines == [
        (Protocol.HTTP2, "Magic, SETTINGS[0], WINDOW_UPDATE[0]"),
        (Protocol.HTTP2, "SETTINGS[0], SETTINGS[0]"),
        (Protocol.HTTP2, "HEADERS[1], PING[0], RST_STREAM[3]"),
        (Protocol.HTTP2, "HEADERS[1], DATA[1]"),
        (Protocol.HTTP2, "DATA[…]"),
        (Protocol.HTTP2, "Continuation (len=21)"),
        (Protocol.HTTP2, "GOAWAY[0]"),
    ]


def test_frames_alone_name_nothing() -> None:
    """Without the preface three bytes of length are anybody's."""
    (name, line), *_ = told((CLIENT, frame(SETTINGS, 0)))
    assert name is Protocol.TCP
    assert "Len=9" in line


@pytest.mark.parametrize(
    "body",
    [
        frame(SETTINGS, 1),
        frame(DATA, 0, b"x"),
        frame(WINDOW, 1, bytes(5)),
        frame(SETTINGS, 0, flags=4),
        frame(10, 1),
        frame(DATA, 1 << 31, b"x"),
        frame(DATA, 1, b"x" * 9) + b"\xff" * 9,
        b"\0\0\0\4\0",
    ],
)
def test_what_no_frame_can_be_is_none(body: bytes) -> None:
    """Types, flags, streams and lengths that RFC 9113 forbids."""
    assert told(BEGIN, (SERVER, body))[1] == (Protocol.HTTP2, f"Continuation (len={len(body)})")


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5), st.binary(max_size=12)), max_size=5),
    st.binary(max_size=30),
)
def test_hostile_frames_never_raise(frames: list[tuple[int, int, bytes]], rest: bytes) -> None:
    """Any bytes behind the preface leave the segment HTTP/2's, with a line."""
    whole = b"".join(frame(kind, stream, body) for kind, stream, body in frames)
    (name, line), _ = told((CLIENT, PREFACE + whole + rest), (SERVER, (whole + rest) or b"\0"))
    assert name is Protocol.HTTP2
    assert line.startswith("Magic")
