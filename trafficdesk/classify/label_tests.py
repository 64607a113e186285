"""What a rule of labels asks of packets, all rows of a batch at once."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from trafficdesk.packets.address import halves, pack_address
from trafficdesk.packets.protocol import EtherType, IpProtocol, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch

Mask: TypeAlias = "NDArray[np.bool_]"
Test: TypeAlias = "Callable[[PacketBatch, NDArray[np.int64]], Mask]"
"""Asked of a batch and its frame numbers."""

_BOUNDS: Final = frozenset({"t0", "t1", "i0", "i1"})
_PROTOCOLS: Final = {"tcp": 6, "udp": 17, "icmp": 1, "igmp": 2, "icmpv6": 58, "sctp": 132}
_MOST_DIGITS: Final = 20
_NAMED: Final = (Protocol.DNS, Protocol.MDNS, Protocol.LLMNR)


@dataclass(frozen=True, slots=True)
class Rule:
    """Packets that are called something."""

    name: int
    """Index of the name; -1 = not learned from."""
    tests: tuple[Test, ...]
    """All must hold."""
    one_event: bool = False
    """Bounded in time, or in frame numbers: what it finds is one event."""

    def holds(self, batch: PacketBatch, numbers: NDArray[np.int64]) -> Mask:
        """(rows,) which packets it is about."""
        mask = np.ones(len(batch), np.bool_)
        for test in self.tests:
            mask &= test(batch, numbers)
        return mask


def flow_rule(name: int, kind: str, value: str) -> Rule:
    """A rule of the file.

    Raises
    ------
    ValueError
        If it can't be understood.
    """
    match kind:
        case "default":
            return Rule(name, ())
        case "ip":
            return Rule(name, (_address(("source", "destination"), [value]),))
        case "time":
            start, _, end = value.partition("/")
            return Rule(name, (_since([start]), _until([end])), one_event=True)
        case "flow":
            terms = [term.partition("=") for term in value.split(";") if term]
            tests = tuple(_test(key, text.split("|")) for key, _, text in terms)
            return Rule(name, tests, one_event=any(key in _BOUNDS for key, _, _ in terms))
        case _:
            raise ValueError(f"{kind[:40]!r} is no kind of rule")


def _test(key: str, values: list[str]) -> Test:
    maker = _MAKERS.get(key)
    if maker is None:
        raise ValueError(f"{key[:40]!r} is not known")
    return maker(values)


def _address(columns: tuple[str, ...], texts: list[str], *, arp: bool = False) -> Test:
    """Packets with one of the addresses in one of the columns: IP's, or with `arp` ARP's."""
    try:
        wanted = halves(np.frombuffer(b"".join(map(pack_address, texts)), "V16"))
    except ValueError as error:
        raise ValueError(f"{texts[0][:40]!r} is no address") from error
    networks = (EtherType.ARP,) if arp else (EtherType.IPV4, EtherType.IPV6)

    def test(batch: PacketBatch, _numbers: NDArray[np.int64]) -> Mask:
        found = np.zeros(len(batch), np.bool_)
        for column in columns:
            pairs = halves(batch[column])
            for one in wanted:
                found |= (pairs == one).all(axis=1)
        return found & np.isin(batch["network"], networks)

    return test


def _among(columns: tuple[str, ...], texts: list[str], *, base: int = 10) -> Test:
    """Packets with one of the numbers in one of the columns."""
    wanted = [_number(text, base) for text in texts]
    return lambda batch, _numbers: np.any([np.isin(batch[name], wanted) for name in columns], axis=0)


def _number(text: str, base: int = 10) -> int:
    try:
        number = int(text[:_MOST_DIGITS], base)
    except ValueError as error:
        raise ValueError(f"{text[:40]!r} is no number") from error
    if not 0 <= number < 2**63 or len(text) > _MOST_DIGITS:
        raise ValueError(f"{text[:40]!r} is no number of a packet")
    return number


def _mac(columns: tuple[str, ...], texts: list[str]) -> Test:
    try:
        wanted = np.array([int(text.replace(":", "").replace("-", ""), 16) for text in texts], np.uint64)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{texts[0][:40]!r} is no address of a network card") from error
    return lambda batch, _numbers: np.any([np.isin(batch[name], wanted) for name in columns], axis=0)


def _protocol(texts: list[str]) -> Test:
    numbers = []
    for text in texts:
        if text in _PROTOCOLS or text == "arp":
            numbers.append(_PROTOCOLS.get(text, -2))
        elif text.isascii() and text.isdigit():
            numbers.append(_number(text))
        else:
            raise ValueError(f"{text[:40]!r} is no protocol")
    arp = "arp" in texts
    return lambda batch, _numbers: (
        np.isin(batch["ip_protocol"], numbers) | (arp & (batch["network"] == EtherType.ARP))
    )


def _nanoseconds(texts: list[str]) -> int:
    """Exact: a float of today's seconds is off by a hundred nanoseconds."""
    try:
        value = Decimal(texts[0])
        if not value.is_finite() or abs(value) > 10**11:
            raise ValueError(f"{texts[0][:40]!r} is no time")
    except InvalidOperation as error:
        raise ValueError(f"{texts[0][:40]!r} is no time in seconds since 1970") from error
    return int(value * 1_000_000_000)


def _since(texts: list[str]) -> Test:
    start = _nanoseconds(texts)
    return lambda batch, _numbers: batch["timestamp_ns"] >= start


def _until(texts: list[str]) -> Test:
    end = _nanoseconds(texts)
    return lambda batch, _numbers: batch["timestamp_ns"] <= end


def _from_number(texts: list[str]) -> Test:
    least = _number(texts[0])
    return lambda _batch, numbers: numbers >= least


def _to_number(texts: list[str]) -> Test:
    most = _number(texts[0])
    return lambda _batch, numbers: numbers <= most


def _name(texts: list[str]) -> Test:
    """Queries and answers whose name ends so."""
    endings = tuple(text.lower().encode("utf-8", "backslashreplace") for text in texts)

    def test(batch: PacketBatch, _numbers: NDArray[np.int64]) -> Mask:
        found = np.isin(batch["protocol"], _NAMED) & (batch["text_length"] > 0)
        for row in np.flatnonzero(found).tolist():
            found[row] = batch.text_of(row).lower().rstrip(b".").endswith(endings)
        return found

    return test


def _flags(texts: list[str]) -> Test:
    wanted = _among(("tcp_flags",), texts, base=16)
    return lambda batch, numbers: wanted(batch, numbers) & (batch["ip_protocol"] == IpProtocol.TCP)


def _arp_operation(texts: list[str]) -> Test:
    wanted = _among(("message_type",), texts)
    return lambda batch, numbers: wanted(batch, numbers) & (batch["network"] == EtherType.ARP)


_ENDS: Final = ("source", "destination")
_MAKERS: Final[dict[str, Callable[[list[str]], Test]]] = {
    "ip": lambda texts: _address(_ENDS, texts),
    "src": lambda texts: _address(("source",), texts),
    "dst": lambda texts: _address(("destination",), texts),
    "mac": lambda texts: _mac(("source_mac", "destination_mac"), texts),
    "macsrc": lambda texts: _mac(("source_mac",), texts),
    "proto": _protocol,
    "port": lambda texts: _among(("source_port", "destination_port"), texts),
    "sport": lambda texts: _among(("source_port",), texts),
    "dport": lambda texts: _among(("destination_port",), texts),
    "t0": _since,
    "t1": _until,
    "i0": _from_number,
    "i1": _to_number,
    "dns": _name,
    "arp_op": _arp_operation,
    "arp_spa": lambda texts: _address(("source",), texts, arp=True),
    "arp_tpa": lambda texts: _address(("destination",), texts, arp=True),
    "flags": _flags,
}
"""What a flow can be asked: the keys of `kind=flow`."""
