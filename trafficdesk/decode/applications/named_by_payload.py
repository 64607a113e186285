"""Protocols of which only the name is told, by how their messages begin, on any port unless said otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.decode.applications.application import Application, Over
from trafficdesk.packets.protocol import Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from trafficdesk.decode.applications.payload import Payloads

    Test = Callable[[Payloads], NDArray[np.bool_]]

_LAST_RPC_TYPE: Final = 19
"""Highest DCE/RPC packet type (C706 section 12.1)."""
_RPC_HEADER: Final = 16
_RPC_DATAGRAM_HEADER: Final = 80
_RAKNET_MAGIC: Final = (0x00FFFF00, 0xFEFEFEFE)
"""Begin of the 16 bytes in every offline message."""
_BITCOIN_MAGICS: Final = (b"\xf9\xbe\xb4\xd9", b"\x0b\x11\x09\x07", b"\xfa\xbf\xb5\xda")
"""Main, test and regression network (bitcoin, chainparams.cpp)."""
_THRIFT_STRICT: Final = 0x8001
_COTP_TYPES: Final = (0x10, 0x20, 0x50, 0x60, 0x70, 0x80, 0xC0, 0xD0, 0xE0, 0xF0)
"""ISO 8073 section 13.1."""
_COTP_DATA: Final = 0xF0
_IS_HEXADECIMAL: Final = np.isin(np.arange(256), list(b"0123456789abcdef"))
_SOCKS_PORT: Final = 1080
_S7: Final = 0x32
_S7_PLUS: Final = 0x72


def _begin(*prefixes: bytes) -> Test:
    def test(payloads: Payloads) -> NDArray[np.bool_]:
        return payloads.begins(prefixes)

    return test


def _over(*prefixes: bytes, ports: tuple[int, ...] = ()) -> Over:
    """Begins with one of `prefixes`, or comes over one of `ports`."""
    leads = tuple(sorted({prefix[:2] for prefix in prefixes}))
    return Over(ports=ports, leads=leads, certain=_begin(*prefixes))


def _is_rpc(payloads: Payloads) -> NDArray[np.bool_]:
    """DCE/RPC over TCP (C706 section 12.6): version 5.0 or 5.1, type, data representation, length."""
    head = payloads.head
    size = head[:, 8].astype(np.int64) | (head[:, 9].astype(np.int64) << 8)
    found: NDArray[np.bool_] = (
        (head[:, 2] <= _LAST_RPC_TYPE)
        & ((head[:, 4] & 0xEE) == 0)
        & (head[:, 5] <= 3)
        & (size >= _RPC_HEADER)
        & (payloads.lengths >= _RPC_HEADER)
    )
    return found


def _is_rpc_datagram(payloads: Payloads) -> NDArray[np.bool_]:
    """DCE/RPC over UDP (C706 section 12.5)."""
    head = payloads.head
    found: NDArray[np.bool_] = (
        (head[:, 1] <= _LAST_RPC_TYPE)
        & ((head[:, 4] & 0xEE) == 0)
        & (head[:, 5] <= 3)
        & (payloads.lengths >= _RPC_DATAGRAM_HEADER)
    )
    return found


def _is_raknet(payloads: Payloads) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = np.zeros(len(payloads), bool)
    for at in (1, 9, 17):
        found |= (payloads.be32(at) == _RAKNET_MAGIC[0]) & (payloads.be32(at + 4) == _RAKNET_MAGIC[1])
    return found


def _is_thrift(payloads: Payloads) -> NDArray[np.bool_]:
    """Binary protocol, plain or framed: version, message type of 1 to 4, a name of sensible length."""
    framed = payloads.be16(0) != _THRIFT_STRICT
    word = np.where(framed, payloads.be32(4), payloads.be32(0))
    name = np.where(framed, payloads.be32(8), payloads.be32(4))
    fits = ~framed | (payloads.be32(0) + np.int64(4) <= np.maximum(payloads.lengths, 1 << 14))
    kind = word & 0xFF
    strict = (word >> 8) == _THRIFT_STRICT << 8
    found: NDArray[np.bool_] = strict & (kind >= 1) & (kind <= 4) & (name > 0) & (name < 128) & fits
    return found


def _is_tpkt(payloads: Payloads) -> NDArray[np.bool_]:
    """RFC 1006 section 6: version 3, reserved, length."""
    return payloads.begins((b"\x03\x00",)) & (payloads.be16(2) >= 7)


def _fill_cotp(payloads: Payloads) -> None:
    """What ISO transport carries: Siemens' S7 by its protocol identifier."""
    data = payloads.select((payloads.head[:, 5] == _COTP_DATA) & (payloads.head[:, 4] == 2))
    payload = data.head[:, 7]
    data.select(payload == _S7).set("protocol", Protocol.S7COMM)
    data.select(payload == _S7_PLUS).set("protocol", Protocol.S7COMM_PLUS)


def _is_oicq(payloads: Payloads) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = (payloads.head[:, 0] == 2) & (payloads.lengths >= 14)
    return found


def _is_skinny(payloads: Payloads) -> NDArray[np.bool_]:
    """A little-endian length and a small version."""
    head = payloads.head
    size = head[:, 0].astype(np.int64) | (head[:, 1].astype(np.int64) << 8)
    small = (head[:, 2] == 0) & (head[:, 3] == 0) & (head[:, 5] == 0) & (head[:, 6] == 0) & (head[:, 7] == 0)
    found: NDArray[np.bool_] = small & (size >= 4) & (head[:, 4] <= 0x20) & (payloads.lengths >= 12)
    return found


def _is_socks(payloads: Payloads) -> NDArray[np.bool_]:
    """RFC 1928 section 3, and version 4; what goes through the proxy afterwards is named by itself."""
    first, second = payloads.head[:, 0], payloads.head[:, 1]
    asks = payloads.column("destination_port") == _SOCKS_PORT
    five = (first == 5) & (second <= 16)
    four = asks & (first == 4) & (second <= 2)
    four_replied = ~asks & (first == 0) & (second >= 90) & (second <= 93)
    found: NDArray[np.bool_] = five | four | four_replied
    return found


def _is_git(payloads: Payloads) -> NDArray[np.bool_]:
    """A packet line begins with its length in four hexadecimal digits."""
    found: NDArray[np.bool_] = np.all(_IS_HEXADECIMAL[payloads.head[:, :4]], axis=1)
    return found


def _is_uftp(payloads: Payloads) -> NDArray[np.bool_]:
    """Versions 3 to 5 in the upper half of the first byte, message types below 20."""
    version = payloads.head[:, 0]
    found: NDArray[np.bool_] = ((version == 0x40) | (version == 0x50) | (version == 0x30)) & (
        payloads.head[:, 1] <= 20
    )
    return found


def _is_steam(payloads: Payloads) -> NDArray[np.bool_]:
    return payloads.begins((b"\xff\xff\xff\xff\x21\x4c\x5f\xa0",))


_DCERPC: Final = Application(
    Protocol.DCERPC,
    tcp=Over(leads=(b"\x05\x00", b"\x05\x01"), certain=_is_rpc),
    udp=Over(leads=tuple(bytes((4, kind)) for kind in range(_LAST_RPC_TYPE + 1)), likely=_is_rpc_datagram),
)
_THRIFT: Final = Application(
    Protocol.THRIFT,
    tcp=Over(leads=(b"\x80\x01", b"\0\0"), certain=_is_thrift),
    udp=Over(leads=(b"\x80\x01",), certain=_is_thrift),
)

NAMED_BY_PAYLOAD: Final = (
    Application(Protocol.VNC, tcp=_over(b"RFB 00")),
    Application(Protocol.BITCOIN, tcp=_over(*_BITCOIN_MAGICS)),
    Application(Protocol.CEPH, tcp=_over(b"ceph v")),
    Application(Protocol.GIOP, tcp=_over(b"GIOP"), udp=_over(b"GIOP")),
    Application(Protocol.RTPS, udp=_over(b"RTPS")),
    Application(Protocol.ESIO, udp=_over(b"ESIO")),
    Application(Protocol.ZABBIX, tcp=_over(b"ZBXD")),
    Application(Protocol.HART_IP, udp=Over(ports=(5094,))),
    Application(Protocol.STEAM, udp=Over(ports=(27036,), plausible=_is_steam)),
    _DCERPC,
    _THRIFT,
    Application(
        Protocol.RAKNET,
        udp=Over(leads=tuple(bytes((kind,)) for kind in (1, 2, 5, 6, 7, 8, 0x1C)), certain=_is_raknet),
    ),
    Application(Protocol.COTP, tcp=Over(ports=(102,), plausible=_is_tpkt), fill=_fill_cotp),
    Application(Protocol.OICQ, udp=Over(ports=(8000,), plausible=_is_oicq)),
    Application(Protocol.SKINNY, tcp=Over(ports=(2000,), plausible=_is_skinny)),
    Application(Protocol.SOCKS, tcp=Over(ports=(1080,), plausible=_is_socks)),
    Application(Protocol.GIT, tcp=Over(ports=(9418,), plausible=_is_git)),
    Application(Protocol.UFTP, udp=Over(ports=(1044,), plausible=_is_uftp)),
)
