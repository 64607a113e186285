"""Linux packet sockets: what the kernel is asked for one, beyond Python's own socket calls.

Source: packet(7), netdevice(7), Linux Documentation/networking/packet_mmap.rst.
"""

from __future__ import annotations

import ctypes
import errno
import logging
import os
import socket
import struct
from typing import TYPE_CHECKING, Final

from trafficdesk.capture.permission import denied
from trafficdesk.capture.socket_pool import POOL
from trafficdesk.errors import CaptureError

if TYPE_CHECKING:
    from trafficdesk.capture.bpf import Instruction

_log = logging.getLogger(__name__)

_EVERY_PROTOCOL: Final = 0x0003
"""ETH_P_ALL."""
_ATTACH_FILTER: Final = 26
"""SO_ATTACH_FILTER."""
GET_HARDWARE_ADDRESS: Final = 0x8927
"""SIOCGIFHWADDR: its sa_family is the ARPHRD_ type. sysfs would name the interfaces of another namespace."""
GET_INDEX: Final = 0x8933
"""SIOCGIFINDEX."""
_GET_NAME: Final = 0x8910
"""SIOCGIFNAME."""
_FRAME_BYTES: Final = 2_048
"""Only its divisibility matters to version 3 of the ring."""
RETIRE_MS: Final = 50
"""A block that is not full is handed over after this: how old a row may be at most."""
BLOCK_BYTES: Final = 1 << 20
_SMALLEST_RING: Final = 1 << 20
SOL_PACKET: Final = 263
_RX_RING: Final = 5
"""PACKET_RX_RING."""


def raw_socket(kind: int) -> socket.socket:
    """Open a packet socket that receives nothing before it is bound.

    Without the right to open one, it is one that the helper has opened; closing it gives it back.

    Raises
    ------
    PermissionDenied, CaptureError
        If the system refuses.
    """
    try:
        # Protocol 0: with any other, frames would come in before the filter is attached.
        return socket.socket(socket.AF_PACKET, kind, 0)
    except PermissionError as error:
        lent = POOL.take(kind)
        if lent is None:
            raise denied() from error
        return lent
    except OSError as error:
        raise CaptureError(f"This system offers no packet sockets: {error.strerror}.") from error


def ask(packets: socket.socket, request: int, interface: str, answer: str) -> int:
    """Ask the socket's own namespace about an interface (struct ifreq)."""
    from fcntl import ioctl

    reply = ioctl(packets, request, struct.pack("16s24x", interface.encode(errors="surrogateescape")))
    return int(struct.unpack_from(answer, reply, 16)[0])


def name_of(packets: socket.socket, index: int) -> str:
    """Name of the interface of that index in the socket's own namespace; empty = it has gone."""
    from fcntl import ioctl

    try:
        answer = ioctl(packets, _GET_NAME, struct.pack("=16si20x", b"", index))
    except OSError:
        return ""
    return answer[:16].split(b"\0", 1)[0].decode(errors="replace")


def bind(packets: socket.socket, index: int, protocol: int = _EVERY_PROTOCOL) -> None:
    """Bind to the interface of that index, 0 = all: Python's own `bind` knows names only, which may change."""
    address = struct.pack("=HHiHBB8s", socket.AF_PACKET, socket.htons(protocol), index, 0, 0, 0, b"")
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.bind(packets.fileno(), address, len(address)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def attach(packets: socket.socket, program: tuple[Instruction, ...]) -> None:
    """SO_ATTACH_FILTER; struct sock_fprog is a count and a pointer."""
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    packets.setsockopt(
        socket.SOL_SOCKET, _ATTACH_FILTER, struct.pack("HP", len(program), ctypes.addressof(buffer))
    )


def request_ring(packets: socket.socket, size: int) -> int:
    """Ask for a ring of `size` bytes, then for smaller ones; returns its blocks."""
    while True:
        blocks = max(1, size // BLOCK_BYTES)
        frames = blocks * BLOCK_BYTES // _FRAME_BYTES
        request = struct.pack("=7I", BLOCK_BYTES, blocks, _FRAME_BYTES, frames, RETIRE_MS, 0, 0)
        try:
            packets.setsockopt(SOL_PACKET, _RX_RING, request)
        except OSError as error:
            if error.errno != errno.ENOMEM or size <= _SMALLEST_RING:
                raise
            size //= 2
            _log.warning("no memory for the kernel ring, trying %d MiB", size >> 20)
        else:
            return blocks
