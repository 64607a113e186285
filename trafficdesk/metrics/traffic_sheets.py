"""Conversations, endpoints, hierarchy, lengths and delays as sheets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.metrics.conversations import Kind
from trafficdesk.metrics.packet_lengths import CLASSES
from trafficdesk.metrics.sheets import Form, Sheet, SheetColumn, keys_of, text_keys, texts
from trafficdesk.metrics.whose_sheets import whose_columns
from trafficdesk.packets.address import address_text, mac_text, pack_address
from trafficdesk.packets.filter_fields import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from trafficdesk.metrics.conversations import Conversations, Endpoints, Ends
    from trafficdesk.metrics.folded import Rest
    from trafficdesk.metrics.hierarchy import Level
    from trafficdesk.metrics.packet_lengths import LengthClasses
    from trafficdesk.metrics.peers import Peers
    from trafficdesk.metrics.snapshot import Talker
    from trafficdesk.packets.identities import Identities

_NS: Final = 1e9
_STEP: Final = "  "
"""Before the name of a protocol, for each one that carries it."""
_FILTER_NAMES: Final = {"IPv4": "ip", "Ethernet": "eth"}


def conversation_sheet(table: Conversations, began_ns: int, identities: Identities | None = None) -> Sheet:
    """Conversations; `began_ns`: the capture's first timestamp; `identities`: what whose they are stands for."""
    whose, aside = whose_columns(table.whose, len(table), identities if table.kind.is_ip else None)
    duration_s = (table.last_ns - table.first_ns) / _NS
    columns = [
        *_end_columns(table.kind, table.a, "a", "A"),
        *_end_columns(table.kind, table.b, "b", "B"),
        *whose,
        SheetColumn("packets", "Packets", Form.COUNT, table.packets.sum(axis=1)),
        SheetColumn("bytes", "Bytes", Form.BYTES, table.bytes.sum(axis=1)),
        SheetColumn("packets_a_to_b", "Packets A → B", Form.COUNT, table.packets[:, 0]),
        SheetColumn("bytes_a_to_b", "Bytes A → B", Form.BYTES, table.bytes[:, 0]),
        SheetColumn("packets_b_to_a", "Packets B → A", Form.COUNT, table.packets[:, 1]),
        SheetColumn("bytes_b_to_a", "Bytes B → A", Form.BYTES, table.bytes[:, 1]),
        SheetColumn("start_s", "Start (s)", Form.SECONDS, (table.first_ns - began_ns) / _NS),
        SheetColumn("duration_s", "Duration (s)", Form.SECONDS, duration_s),
        SheetColumn("bits_per_s_a_to_b", "Rate A → B", Form.BITS_PER_S, _rate(table.bytes[:, 0], duration_s)),
        SheetColumn("bits_per_s_b_to_a", "Rate B → A", Form.BITS_PER_S, _rate(table.bytes[:, 1], duration_s)),
    ]
    if table.kind is Kind.TCP:
        handshake_ms = np.where(table.handshake_ns < 0, np.nan, table.handshake_ns / 1e6)
        columns += [
            SheetColumn("handshake_ms", "Handshake", Form.MILLISECONDS, handshake_ms),
            SheetColumn("resent", "Sent again", Form.COUNT, table.resent),
        ]
    keys = keys_of((table.a.words, table.a.ports, table.b.words, table.b.ports, table.first_ns))

    def filter_of(row: int) -> str:
        return f"{_end_filter(table.kind, table.a, row)} && {_end_filter(table.kind, table.b, row)}"

    return Sheet(tuple(columns), keys, filter_of, _note(table.kind, table.rest), aside)


def endpoint_sheet(table: Endpoints, identities: Identities | None = None) -> Sheet:
    """Endpoints; `identities`: what whose they are stands for."""
    whose, aside = whose_columns(table.whose, len(table), identities if table.kind.is_ip else None)
    columns = (
        *_end_columns(table.kind, table.ends, "", ""),
        *whose,
        SheetColumn("packets", "Packets", Form.COUNT, table.packets.sum(axis=1)),
        SheetColumn("bytes", "Bytes", Form.BYTES, table.bytes.sum(axis=1)),
        SheetColumn("packets_sent", "Packets sent", Form.COUNT, table.packets[:, 0]),
        SheetColumn("bytes_sent", "Bytes sent", Form.BYTES, table.bytes[:, 0]),
        SheetColumn("packets_received", "Packets received", Form.COUNT, table.packets[:, 1]),
        SheetColumn("bytes_received", "Bytes received", Form.BYTES, table.bytes[:, 1]),
        SheetColumn("conversations", "Conversations", Form.COUNT, table.conversations),
    )
    keys = keys_of((table.ends.words, table.ends.ports))
    return Sheet(
        columns,
        keys,
        lambda row: _end_filter(table.kind, table.ends, row),
        _note(table.kind, table.rest),
        aside,
    )


def hierarchy_sheet(levels: Sequence[Level], duration_s: float) -> Sheet:
    """Protocols, each under the one that carries it."""
    packets, octets = (
        np.array([getattr(level, name) for level in levels], np.int64) for name in ("packets", "bytes")
    )
    roots = np.array([len(level.path) == 1 for level in levels], bool)
    total = [max(int(values[roots].sum()), 1) for values in (packets, octets)]
    columns = (
        SheetColumn("protocol", "Protocol", Form.TEXT, texts([_STEP * (len(level.path) - 1) + level.path[-1] for level in levels])),
        SheetColumn("packets", "Packets", Form.COUNT, packets),
        SheetColumn("packets_share", "of all packets", Form.SHARE, packets / total[0]),
        SheetColumn("bytes", "Bytes", Form.BYTES, octets),
        SheetColumn("bytes_share", "of all bytes", Form.SHARE, octets / total[1]),
        SheetColumn("bits_per_s", "Rate", Form.BITS_PER_S, _rate(octets, np.full(len(levels), duration_s))),
        SheetColumn("end_packets", "End packets", Form.COUNT, np.array([level.end_packets for level in levels], np.int64)),
        SheetColumn("end_bytes", "End bytes", Form.BYTES, np.array([level.end_bytes for level in levels], np.int64)),
        SheetColumn("carried_by", "Carried by", Form.TEXT, texts([" > ".join(level.path[:-1]) for level in levels])),
    )  # fmt: skip
    keys = text_keys(["\0".join(level.path) for level in levels])
    return Sheet(columns, keys, lambda row: _protocol_filter(levels[row]))


def length_sheet(classes: LengthClasses, duration_s: float) -> Sheet:
    """Packet lengths in classes."""
    rows = range(len(classes))
    mean = np.divide(
        classes.bytes, classes.packets, out=np.full(len(classes), np.nan), where=classes.packets > 0
    )
    columns = (
        SheetColumn("length_bytes", "Length", Form.TEXT, texts([classes.title(row) for row in rows])),
        SheetColumn("packets", "Packets", Form.COUNT, classes.packets),
        SheetColumn("packets_share", "of all packets", Form.SHARE, classes.packets / max(int(classes.packets.sum()), 1)),
        SheetColumn("bytes", "Bytes", Form.BYTES, classes.bytes),
        SheetColumn("shortest_bytes", "Shortest", Form.BYTES, classes.shortest),
        SheetColumn("mean_bytes", "Mean", Form.BYTES, np.nan_to_num(mean).round().astype(np.int64)),
        SheetColumn("longest_bytes", "Longest", Form.BYTES, classes.longest),
        SheetColumn("bits_per_s", "Rate", Form.BITS_PER_S, _rate(classes.bytes, np.full(len(classes), duration_s))),
    )  # fmt: skip

    def filter_of(row: int) -> str:
        least = f"frame.len >= {CLASSES[row]}"
        return least if row + 1 == len(CLASSES) else f"{least} && frame.len < {CLASSES[row + 1]}"

    return Sheet(columns, np.array(CLASSES, np.uint64)[: len(classes)], filter_of)


def peer_sheet(tcp: Peers, dns: Peers) -> Sheet:
    """Who kept others waiting, handshakes first."""
    words = np.concatenate([tcp.ends.words, dns.ends.words])
    kinds = texts(["TCP handshake"] * len(tcp) + ["DNS"] * len(dns))

    def both(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(tcp, name), getattr(dns, name)])

    columns = (
        SheetColumn("address", "Peer", Form.IP, words),
        SheetColumn("measure", "Waiting for", Form.TEXT, kinds),
        SheetColumn("asked", "Asked", Form.COUNT, both("asked")),
        SheetColumn("answered", "Answered", Form.COUNT, both("answered")),
        SheetColumn("median_ms", "Median", Form.MILLISECONDS, both("median_ms")),
        SheetColumn("p95_ms", "95 % within", Form.MILLISECONDS, both("p95_ms")),
        SheetColumn("unanswered", "Unanswered", Form.COUNT, both("unanswered")),
        SheetColumn("refused", "Refused", Form.COUNT, both("refused")),
        SheetColumn("repeated", "Sent again", Form.COUNT, both("repeated")),
    )
    is_dns = np.arange(len(words)) >= len(tcp)

    def filter_of(row: int) -> str:
        return f"{address_filter(words[row])} && {'dns' if is_dns[row] else 'tcp.flags.syn == 1'}"

    return Sheet(columns, keys_of((words, is_dns)), filter_of)


def talker_sheet(talkers: Sequence[Talker], total_bytes: int, direction: str) -> Sheet:
    """Who sent most (`direction` "src"), or was sent most ("dst")."""
    octets = np.array([talker.bytes for talker in talkers], np.int64)
    packed = b"".join(pack_address(talker.address) for talker in talkers)
    columns = (
        SheetColumn("address", "Address", Form.IP, np.frombuffer(packed, np.uint64).reshape(-1, 2)),
        SheetColumn("packets", "Packets", Form.COUNT, np.array([talker.packets for talker in talkers], np.int64)),
        SheetColumn("bytes", "Bytes", Form.BYTES, octets),
        SheetColumn("bytes_share", "of all bytes", Form.SHARE, octets / max(total_bytes, 1)),
    )  # fmt: skip

    def filter_of(row: int) -> str:
        address = talkers[row].address
        return f"{'ipv6' if ':' in address else 'ip'}.{direction} == {address}"

    return Sheet(columns, text_keys([talker.address for talker in talkers]), filter_of)


def _end_columns(kind: Kind, ends: Ends, suffix: str, title: str) -> list[SheetColumn]:
    form, values = (Form.MAC, ends.words[:, 1]) if kind is Kind.ETHERNET else (Form.IP, ends.words)
    name = f"address_{suffix}".rstrip("_")
    columns = [SheetColumn(name, f"Address {title}".rstrip(), form, values)]
    if kind.has_ports:
        columns.append(
            SheetColumn(f"port_{suffix}".rstrip("_"), f"Port {title}".rstrip(), Form.PORT, ends.ports)
        )
    return columns


def _end_filter(kind: Kind, ends: Ends, row: int) -> str:
    if kind is Kind.ETHERNET:
        return f"eth.addr == {mac_text(int(ends.words[row, 1]))}"
    expression = address_filter(ends.words[row])
    return f"{expression} && {kind.value.lower()}.port == {ends.ports[row]}" if kind.has_ports else expression


def address_filter(words: NDArray[np.uint64]) -> str:
    """The display filter that asks for the packets of an address, given as halves as they lie in memory."""
    text = address_text(words.tobytes())
    return f"{'ipv6' if ':' in text else 'ip'}.addr == {text}"


def _protocol_filter(level: Level) -> str:
    name = level.path[-1]
    field = _FILTER_NAMES.get(name, name.lower())
    if field in BY_NAME:
        return field
    return "" if len(level.path) == 1 else f'_ws.col.protocol == "{name}"'


def _rate(octets: NDArray[np.int64], seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bits per second; NaN where no time passed."""
    return np.asarray(np.divide(octets * 8.0, seconds, out=np.full(len(octets), np.nan), where=seconds > 0))


def _note(kind: Kind, rest: Rest) -> str:
    if not rest.packets:
        return ""
    what = f"At least {rest.rows:,} smaller conversations" if kind.has_ports else "Some smaller conversations"
    return (
        f"{what} ({rest.packets:,} packets, {rest.bytes:,} bytes) are not listed: "
        "there were more than are kept apart, so counts of those listed may be too low."
    )
