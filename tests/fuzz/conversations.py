"""Conversations as their stage meets them: segments and datagrams in any order, split into batches anywhere."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from tests.fuzz.frames import block_between, check_batch
from tests.helpers.wire import MAC_1, MAC_2
from trafficdesk.decode.conversations import Conversations
from trafficdesk.decode.frames import decode

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from trafficdesk.packets.batch import PacketBatch

STEP: Final = struct.Struct("<BBHHHBB")
"""Who (bit 0 the direction, bits 1 and 2 the conversation), flags, sequence, acknowledgement, window, milliseconds
since the last, payload."""
_BEFORE_ZERO: Final = 1 << 15
"""Taken off sequence and acknowledgement: half of the numbers lie before the 32 bits are full, half beyond. None
are 2**31 apart: of such, nobody can say which is the later."""
_MOST: Final = 40
_ENDS: Final = ((50_000, 80, 6), (50_001, 21, 6), (50_002, 1_792, 6), (50_003, 69, 17))
PAYLOADS: Final = (
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    b"227 Entering Passive Mode (192,0,2,2,7,0)\r\n",
    b"\0\1file\0octet\0",
    b"\0\3\0\1data",
    b"SSH-2.0-x\r\n",
    b"\x16\3\1\0\5\1\0\0\1\0",
    b"HTTP/1.0 200 OK\r\n\r\n",
    bytes.fromhex("c30000000108") + bytes(40),
)
_PALETTE: Final = 200
"""From here on the last byte of a step names one of `PAYLOADS`, below it is so many bytes of nothing in particular."""


def _batch(data: bytes) -> PacketBatch:
    frames, times, now = [], [], 1_700_000_000_000
    for at in range(0, min(len(data) // STEP.size, _MOST) * STEP.size, STEP.size):
        who, flags, sequence, acknowledged, window, pause, payload = STEP.unpack_from(data, at)
        now += pause
        body = PAYLOADS[payload % len(PAYLOADS)] if payload >= _PALETTE else b"x" * payload
        one, other, number = _ENDS[who >> 1 & 3]
        hosts, ports = (b"\xc0\0\2\1", b"\xc0\0\2\2"), (one, other)
        if who & 1:
            hosts, ports = hosts[::-1], ports[::-1]
        numbers = [(count - _BEFORE_ZERO) % (1 << 32) for count in (sequence, acknowledged)]
        head = struct.pack(">HHIIBBHHH", *ports, *numbers, 5 << 4, flags, window, 0, 0)
        if number == 17:
            head = struct.pack(">HHHH", *ports, 8 + len(body), 0)
        total = 20 + len(head) + len(body)
        network = struct.pack(">BBHHHBBH", 0x45, 0, total, 1, 0, 64, number, 0) + b"".join(hosts)
        frames.append((1, MAC_2 + MAC_1 + b"\x08\0" + network + head + body, 0))
        times.append(now * 1_000_000)
    return decode(replace(block_between(frames, b""), timestamps_ns=np.array(times, np.int64)))


def check_conversations(data: bytes) -> Iterable[Hashable]:
    """Where batches end makes no difference to what any packet is called.

    The first byte says where the second batch begins, the second where the third does.
    """
    batch = _batch(data[2:])
    rows = len(batch)
    whole = Conversations().follow(batch)
    check_batch(whole, rows)
    if not rows:
        return []
    first, second = sorted((data[0] % (rows + 1), data[1] % (rows + 1)))
    follower = Conversations()
    spans = ((0, first), (first, second), (second, rows))
    pieces = [follower.follow(batch.slice(start, stop)) for start, stop in spans]
    for name in ("protocol", "tcp_notes", "tcp_relative_sequence", "tcp_relative_acknowledgement"):
        apart = np.concatenate([piece[name] for piece in pieces])
        assert apart.tolist() == whole[name].tolist(), f"{name} depends on where batches end"
    return list(zip(whole["protocol"].tolist(), whole["tcp_notes"].tolist(), strict=True))
