"""The store's answers as tables, charts' numbers, gaps and incidents. No Qt here."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.capture.source import Gap
from trafficdesk.detect.finding import Incident, Reason
from trafficdesk.metrics.sheets import Form, Sheet, SheetColumn, text_keys, texts
from trafficdesk.metrics.snapshot import MetricsSnapshot
from trafficdesk.packets.display_filter import filter_for_value
from trafficdesk.store.history import Talker
from trafficdesk.ui.history_request import OTHERS
from trafficdesk.ui.wording import family_title

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from trafficdesk.store.history import Span

EXPECTED: Final = "expected"
"""What is said of an incident that a correction calmed."""
NS: Final = 1_000_000_000
_NO_CAPTURE: Final = "No capture was running."
_LEAST_GAP_NS: Final = 2 * NS
"""A capture's status is written every few seconds, so its last moments seem not to be covered."""
_STATUS_NS: Final = 10 * NS


def snapshot_of(
    volume: Sequence[tuple[int, int, int]],
    protocols: Sequence[tuple[str, int, int]],
    span: Span,
    step: int,
) -> MetricsSnapshot:
    """Numbers for the charts: the whole span in bins of `step` seconds; `volume`: (time in s, packets, bytes)."""
    start, stop = span.start_s // step * step, -(-span.end_s // step) * step
    seconds = np.arange(start, stop, step, dtype=np.int64)
    packets, octets = np.zeros(len(seconds), np.int64), np.zeros(len(seconds), np.int64)
    if volume:
        table = np.array(volume, np.int64)
        at = (table[:, 0] - start) // step
        inside = (at >= 0) & (at < len(seconds))
        np.add.at(packets, at[inside], table[inside, 1])
        np.add.at(octets, at[inside], table[inside, 2])
    # Means over a minute need not be whole, other than those of a second.
    rates: list[Any] = [octets / step, packets / step]
    return MetricsSnapshot(
        packets=int(packets.sum()),
        bytes=int(octets.sum()),
        first_ns=start * NS,
        last_ns=stop * NS,
        seconds=seconds,
        widths=np.full(len(seconds), step, np.int64),
        bytes_per_s=rates[0],
        packets_per_s=rates[1],
        protocols=tuple(protocols),
    )


def protocols_of(conversations: Iterable[dict[str, Any]]) -> list[tuple[str, int, int]]:
    """(name, packets, bytes) of what conversations carried, heaviest first."""
    packets: Counter[str] = Counter()
    octets: Counter[str] = Counter()
    for one in conversations:
        packets[one["protocol"]] += one["low_packets"] + one["high_packets"]
        octets[one["protocol"]] += one["low_bytes"] + one["high_bytes"]
    return [(name or "other", packets[name], size) for name, size in octets.most_common()]


def peers_of(conversations: Iterable[dict[str, Any]], host: str) -> list[Talker]:
    """Whom `host` talked to, as seen from them, heaviest first."""
    sums: dict[str, list[int]] = {}
    for one in conversations:
        mine, theirs = ("low", "high") if one["low"] == host else ("high", "low")
        counts = sums.setdefault(one[theirs], [0, 0, 0, 0])
        for place, name in enumerate(
            (f"{theirs}_packets", f"{theirs}_bytes", f"{mine}_packets", f"{mine}_bytes")
        ):
            counts[place] += one[name]
    talkers = [Talker(address, *counts) for address, counts in sums.items()]
    return sorted(talkers, key=lambda one: -(one.sent_bytes + one.received_bytes))


def gaps_of(
    gaps: Sequence[dict[str, Any]], captures: Sequence[dict[str, Any]], span: Span
) -> tuple[Gap, ...]:
    """When nothing could be captured, and when no capture ran at all."""
    ends = {(one["sensor"], one["capture"]): one["ended_ns"] for one in captures}
    low, high = span.start_s * NS, span.end_s * NS
    found = []
    for one in gaps:
        end = one["end_ns"] or ends.get((one["sensor"], one["capture"]), 0)
        if end > low:
            found.append(Gap(one["interface"], max(one["start_ns"], low), min(end, high), one["reason"]))
    at = low
    for began, ended in sorted((one["capture"], one["ended_ns"] + _STATUS_NS) for one in captures):
        if began - at > _LEAST_GAP_NS:
            found.append(Gap("", at, began, _NO_CAPTURE))
        at = max(at, ended)
    if high - at > _LEAST_GAP_NS:
        found.append(Gap("", at, high, _NO_CAPTURE))
    return tuple(found)


def incident_of(number: int, told: dict[str, Any]) -> Incident:
    """An incident as the charts mark it; `number` tells those of several captures apart."""
    return Incident(
        id=number,
        family=told["family"],
        start_ns=told["start_ns"],
        end_ns=told["end_ns"],
        culprit=told["culprit"],
        peers=tuple(told["peers"]),
        packets=told["packets"],
        severity=told["severity"],
        sentence=told["sentence"],
        reasons=tuple(Reason(**reason) for reason in told["reasons"]),
        first_packet_id=-1,
        announced=0,
        model_id=told["model"],
    )


def host_sheet(talkers: Sequence[Talker], names: Mapping[str, str]) -> Sheet:
    """Addresses, what they were called, and what they sent and received."""
    addresses = [one.address for one in talkers]
    called = [names.get(address, "") for address in addresses]
    columns = (
        SheetColumn("address", "Address", Form.TEXT, texts([address or OTHERS for address in addresses])),
        SheetColumn("name", "Name", Form.TEXT, texts(called)),
        _numbers("bytes", "Bytes", Form.BYTES, [one.sent_bytes + one.received_bytes for one in talkers]),
        _numbers("bytes_sent", "Bytes sent", Form.BYTES, [one.sent_bytes for one in talkers]),
        _numbers("bytes_received", "Bytes received", Form.BYTES, [one.received_bytes for one in talkers]),
        _numbers("packets_sent", "Packets sent", Form.COUNT, [one.sent_packets for one in talkers]),
        _numbers(
            "packets_received", "Packets received", Form.COUNT, [one.received_packets for one in talkers]
        ),
    )
    return Sheet(columns, text_keys(addresses), lambda row: address_filter(addresses[row]))


def conversation_sheet(rows: Sequence[dict[str, Any]]) -> Sheet:
    """Conversations with the program behind them and the name of the other end."""

    def of(name: str) -> list[Any]:
        return [one[name] for one in rows]

    def total(kind: str) -> list[int]:
        return [one[f"low_{kind}"] + one[f"high_{kind}"] for one in rows]

    columns = (
        SheetColumn("address_a", "Address A", Form.TEXT, texts([one or OTHERS for one in of("low")])),
        _numbers("port_a", "Port A", Form.PORT, of("low_port")),
        SheetColumn("address_b", "Address B", Form.TEXT, texts([one or OTHERS for one in of("high")])),
        _numbers("port_b", "Port B", Form.PORT, of("high_port")),
        SheetColumn("protocol", "Protocol", Form.TEXT, texts(of("protocol"))),
        SheetColumn("program", "Program", Form.TEXT, texts(of("program"))),
        SheetColumn("host", "Host", Form.TEXT, texts(of("host"))),
        _numbers("bytes", "Bytes", Form.BYTES, total("bytes")),
        _numbers("packets", "Packets", Form.COUNT, total("packets")),
        _numbers("bytes_a_to_b", "Bytes A → B", Form.BYTES, of("low_bytes")),
        _numbers("bytes_b_to_a", "Bytes B → A", Form.BYTES, of("high_bytes")),
        SheetColumn("first", "First", Form.TEXT, texts([moment(at) for at in of("first_ns")])),
        SheetColumn("last", "Last", Form.TEXT, texts([moment(at) for at in of("last_ns")])),
    )
    keys = text_keys(
        [
            f"{one['low']} {one['low_port']} {one['high']} {one['high_port']} {one['ip_protocol']}"
            for one in rows
        ]
    )
    return Sheet(columns, keys, lambda row: conversation_filter(rows[row]))


def incident_sheet(told: Sequence[dict[str, Any]]) -> Sheet:
    """Incidents."""
    columns = (
        SheetColumn("start", "Began", Form.TEXT, texts([moment(one["start_ns"]) for one in told])),
        _numbers("severity", "Severity", Form.COUNT, [one["severity"] for one in told]),
        SheetColumn("family", "What", Form.TEXT, texts([family_title(one["family"]) for one in told])),
        SheetColumn("culprit", "By", Form.TEXT, texts([one["culprit"] for one in told])),
        _numbers("packets", "Packets", Form.COUNT, [one["packets"] for one in told]),
        SheetColumn(
            "said", "You said", Form.TEXT, texts([EXPECTED if one["suppressed"] else "" for one in told])
        ),
        SheetColumn("sentence", "In words", Form.TEXT, texts([one["sentence"] for one in told])),
    )
    aside = (
        SheetColumn("end", "Ended", Form.TEXT, texts([moment(one["end_ns"]) for one in told])),
        SheetColumn("reasons", "Reasons", Form.TEXT, texts([_reasons(one) for one in told])),
    )
    keys = text_keys([f"{one['sensor']} {one['capture']} {one['number']}" for one in told])
    return Sheet(columns, keys, lambda row: address_filter(told[row]["culprit"]), aside=aside)


def capture_sheet(rows: Sequence[dict[str, Any]]) -> Sheet:
    """Captures and what they lost."""

    def counted(*names: str) -> list[int]:
        return [sum(one[name] for name in names) for one in rows]

    columns = (
        SheetColumn("began", "Began", Form.TEXT, texts([moment(one["capture"]) for one in rows])),
        SheetColumn("until", "Until", Form.TEXT, texts([moment(one["ended_ns"]) for one in rows])),
        SheetColumn("source", "On", Form.TEXT, texts([one["source"] for one in rows])),
        _numbers("packets", "Packets", Form.COUNT, counted("packets")),
        _numbers("bytes", "Bytes", Form.BYTES, counted("bytes")),
        _numbers("lost", "Lost", Form.COUNT, counted("dropped_kernel", "dropped_queue", "dropped_disk")),
        _numbers("unscored", "Not analysed", Form.COUNT, counted("unscored")),
    )
    keys = text_keys([f"{one['sensor']} {one['capture']}" for one in rows])
    return Sheet(columns, keys, _nothing)


def address_filter(address: str) -> str:
    """The display filter that asks for an address; empty where it is none."""
    if not address or address == OTHERS:
        return ""
    field = "eth.addr" if address.count(":") == 5 and len(address) == 17 else "ip.addr"
    return filter_for_value(field, address)


def conversation_filter(one: dict[str, Any]) -> str:
    """The display filter that asks for what two ends told one another."""
    ports = {6: "tcp.port", 17: "udp.port"}.get(one["ip_protocol"])
    parts = [address_filter(one[end]) for end in ("low", "high")]
    if ports:
        known = [one[f"{end}_port"] for end in ("low", "high") if one[f"{end}_port"] >= 0]
        parts += [filter_for_value(ports, port) for port in known]
    return " && ".join(filter(None, parts))


def moment(time_ns: int) -> str:
    """Local date and time, in an order that sorts; empty for none."""
    return f"{datetime.fromtimestamp(time_ns // NS).astimezone():%Y-%m-%d %H:%M:%S}" if time_ns > 0 else ""


def _reasons(told: dict[str, Any]) -> str:
    return "; ".join(str(reason["words"]) for reason in told["reasons"])


def _numbers(name: str, title: str, form: Form, values: Sequence[int]) -> SheetColumn:
    column: NDArray[np.int64] = np.array(values, np.int64)
    return SheetColumn(name, title, form, column)


def _nothing(_row: int) -> str:
    return ""
