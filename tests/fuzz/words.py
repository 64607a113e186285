"""What is typed, and what other programs say to us: display filters, the helper's hand-over, dumpcap's words."""

from __future__ import annotations

import functools
import os
import socket
import struct
from typing import TYPE_CHECKING, Final

import numpy as np

from tests.helpers.wire import CAPTURED, block_of
from trafficdesk.capture.dumpcap_words import dropped_of, open_error
from trafficdesk.decode import decode
from trafficdesk.errors import BadDisplayFilter, CaptureError
from trafficdesk.packets.display_filter import FIELD_NAMES, compile_filter

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from trafficdesk.packets.batch import PacketBatch

PACKET_SOCKETS: Final[dict[int, socket.socket]] = {}
"""Those that visitors bring duplicates of; for whoever is done with them to close."""
_FAMILIES: Final = ("", "port_scan", "flood")
VOCABULARY: Final = (
    *[
        "(",
        ")",
        "{",
        "}",
        ",",
        "&",
        "&&",
        "||",
        "^^",
        "!",
        "and",
        "or",
        "xor",
        "not",
        "in",
        "any",
        "all",
        "==",
        "!=",
        "===",
        "!==",
        "~=",
        ">",
        "<",
        ">=",
        "<=",
        "contains",
        "matches",
        "~",
        "..",
    ],
    *[
        "0",
        "1",
        "6",
        "53",
        "80",
        "443",
        "0x12",
        "-1",
        "0.5",
        "1e9",
        "65535",
        "4294967296",
        "192.0.2.1",
        "192.0.2.0/24",
        "2001:db8::1",
        "::/0",
        "true",
    ],
    *["02:00:5e:00:53:01", "ff:ff", "lower(", "upper(", "len(", "ip", "tcp", "arp", "dns"],
    *('"a"', '"2026-11-20 19:00:00Z"', '"(a|b)+$"', '"["', 'r"\\d"', '"\\x00"'),
    *FIELD_NAMES,
)
"""Words of the display filter's language."""
_WORDS: Final = frozenset(VOCABULARY)


@functools.cache
def _rows() -> PacketBatch:
    return decode(block_of(*CAPTURED.values()))


def check_display_filter(data: bytes) -> Iterable[Hashable]:
    """Any text is a filter that gives one truth per row, or is refused with a sentence and a place in the text.

    After a first byte of 0 each two bytes are a word of the language: such texts come past the parser more often.
    """
    if data[:1] == b"\0":
        numbers = struct.unpack_from(f"<{len(data[1:]) // 2}H", data, 1)
        text = " ".join(VOCABULARY[number % len(VOCABULARY)] for number in numbers)
    else:
        text = data.decode(errors="replace")
    try:
        compiled = compile_filter(text, _FAMILIES)
    except BadDisplayFilter as refusal:
        return [_said(refusal, text)]
    mask = compiled.mask(_rows())
    assert mask.dtype == np.bool_
    assert mask.shape == (len(_rows()),)
    return ["compiled", int(mask.sum()), *(word for word in text.split() if word in _WORDS)]


def _said(refusal: BadDisplayFilter, text: str) -> str:
    """The sentence without what it quotes."""
    assert refusal.title
    assert -1 <= refusal.position <= len(text)
    return " ".join(word for word in refusal.title.split() if word.isalpha() and word not in text)[:60]


def check_hand_over(data: bytes) -> Iterable[Hashable]:
    """Whoever connects and brings anything but the agreed sockets is refused, and no descriptor of it stays open.

    The first byte says how many descriptors come along and what they are; what is said follows, in one message or two.
    """
    from trafficdesk.capture.reception import Refused, _hand_over

    count, kind, words = (data[0] & 31, data[0] >> 5, data[1:]) if data else (0, 0, b"")
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    _packet_socket(kind)
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208  # counted by the hundred thousand
    with ours, theirs:
        ours.settimeout(0)
        passed = [_descriptor(kind, ours) for _ in range(count)]
        try:
            if words or passed:
                socket.send_fds(theirs, [words[:64] or b"\0"], passed)
                theirs.sendall(words[64:])
        finally:
            for number in passed:
                os.close(number)
        theirs.shutdown(socket.SHUT_WR)
        try:
            got = _hand_over(ours)
        except (Refused, OSError) as refusal:
            met: Hashable = "".join(letter for letter in str(refusal) if not letter.isdigit())
        else:
            raise AssertionError(f"{got} were taken from whoever came")
        assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
    return [(met, kind)]


def _descriptor(kind: int, wire: socket.socket) -> int:
    if kind == 0:
        return os.dup(wire.fileno())
    if kind == 1:
        return os.open(os.devnull, os.O_RDONLY)
    if kind == 2:
        return os.open("/", os.O_RDONLY)
    return os.dup(_packet_socket(kind).fileno())


def _packet_socket(kind: int) -> socket.socket:
    """Opened once: to close the last descriptor of one takes the kernel some 10 ms."""
    if kind not in PACKET_SOCKETS:
        shape = socket.SOCK_DGRAM if kind & 1 else socket.SOCK_RAW
        try:
            PACKET_SOCKETS[kind] = socket.socket(socket.AF_PACKET, shape, 0 if kind < 6 else 3)
        except PermissionError:
            PACKET_SOCKETS[kind] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    return PACKET_SOCKETS[kind]


def check_dumpcap_words(data: bytes) -> Iterable[Hashable]:
    """Whatever dumpcap ends with is a count and a complaint fit to be shown."""
    assert 0 <= dropped_of(data) < 1 << 64
    error = open_error(data.decode(errors="replace"), "eth0", "port 80")
    assert isinstance(error, CaptureError)
    assert error.title.isprintable()
    return [type(error).__name__, dropped_of(data) > 0]
