"""The display filter that asks for what one cell shows; "Apply as filter" writes it into the line. No Qt here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.packets.display_filter import filter_for_value
from trafficdesk.packets.protocol import EtherType
from trafficdesk.ui.models.packet_page import IDENTITY_COLUMNS, Column

if TYPE_CHECKING:
    from trafficdesk.packets.log import PacketLog

_NANOSECONDS: Final = 1_000_000_000
_SIDES: Final = {Column.SOURCE: "src", Column.DESTINATION: "dst"}
_FIELDS: Final = {
    Column.NUMBER: "frame.number",
    Column.PROTOCOL: "_ws.col.protocol",
    Column.LENGTH: "frame.len",
}


def filter_for_cell(log: PacketLog, packet_id: int, column: int, text: str) -> str:
    """An expression, empty where the cell is none to filter by."""
    if column in _SIDES:
        return _for_endpoint(log, packet_id, Column(column), text)
    if column in _FIELDS:
        value = text.replace(",", "") if column != Column.PROTOCOL else text
        return filter_for_value(_FIELDS[Column(column)], value)
    if column in IDENTITY_COLUMNS:
        return _for_identity(log, packet_id, Column(column), text)
    if column == Column.SCORE and text:
        return f"td.score >= {text}"
    if column == Column.FINDING and text:
        incident = int(log.column("incident", np.array([packet_id]))[0])
        return filter_for_value("td.incident", incident) if incident else "td.flagged == 1"
    return ""


def combined(present: str, joint: str, added: str) -> str:
    """`present` and `added` joined by `&&` or `||`, in brackets where they need them."""
    return f"({present.strip()}) {joint} ({added})" if present.strip() else added


def filter_for_range(start_ns: int, stop_ns: int) -> str:
    """Packets of a span of time, its end not included."""
    return f"frame.time_epoch >= {_seconds(start_ns)} && frame.time_epoch < {_seconds(stop_ns)}"


def _for_identity(log: PacketLog, packet_id: int, column: Column, text: str) -> str:
    """Of the values themselves: what the cell shows may be escaped."""
    ids = np.array([packet_id])
    if column == Column.PROGRAM:
        program = log.identities.programs[int(log.column("program", ids)[0])]
        if program.name:
            return filter_for_value("td.program", program.name)
        return filter_for_value("td.program.source", program.certainty.words) if program.certainty else ""
    if column == Column.HOST:
        host = log.identities.hosts[int(log.column("host", ids)[0])]
        return filter_for_value("td.host", host.name) if host.name else ""
    if column == Column.INTERFACE:
        return _for_interface(log, packet_id, text)
    if column == Column.COUNTRY and text:
        return filter_for_value("td.country", text)
    return text and filter_for_value("td.asn", text.partition(" ")[0].removeprefix("AS"))


def _for_interface(log: PacketLog, packet_id: int, text: str) -> str:
    number = int(log.column("interface", np.array([packet_id]))[0])
    name = log.interfaces[number] if number < len(log.interfaces) else ""
    if name:
        return filter_for_value("frame.interface_name", name)
    return text and filter_for_value("frame.interface_id", number)


def _for_endpoint(log: PacketLog, packet_id: int, column: Column, text: str) -> str:
    if not text:
        return ""
    side = _SIDES[column]
    network = int(log.column("network", np.array([packet_id]))[0])
    if network in (EtherType.IPV4, EtherType.IPV6):
        return filter_for_value(f"ip.{side}", text)
    return filter_for_value(f"arp.{side}.proto_ipv4" if network == EtherType.ARP else f"eth.{side}", text)


def _seconds(timestamp_ns: int) -> str:
    whole, rest = divmod(timestamp_ns, _NANOSECONDS)
    return f"{whole}.{rest:09d}".rstrip("0").rstrip(".")
