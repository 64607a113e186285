"""The display filter that asks for what one cell shows; "Apply as filter" writes it into the line. No Qt here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.packets.display_filter import filter_for_value
from trafficdesk.packets.protocol import EtherType
from trafficdesk.ui.models.packet_page import IDENTITY_COLUMNS, Column, endpoint_texts

if TYPE_CHECKING:
    from trafficdesk.packets.log import PacketLog

_NANOSECONDS: Final = 1_000_000_000
_LONGEST_TEXT: Final = 500
"""Characters that a filter is written for."""
_SIDES: Final = {Column.SOURCE: "src", Column.DESTINATION: "dst"}
_ENDS: Final = {Column.SOURCE: "source", Column.DESTINATION: "destination"}
_FIELDS: Final = {
    Column.NUMBER: "frame.number",
    Column.PROTOCOL: "_ws.col.protocol",
    Column.LENGTH: "frame.len",
}


def filter_for_cell(log: PacketLog, packet_id: int, column: int, text: str) -> str:
    """An expression, empty where the cell is none to filter by."""
    if column in _SIDES:
        return _for_endpoint(log, packet_id, Column(column))
    if column in _FIELDS:
        value = text.replace(",", "") if column != Column.PROTOCOL else text
        return filter_for_value(_FIELDS[Column(column)], value)
    if column in _OF_THE_PACKET:
        return _OF_THE_PACKET[Column(column)](log, packet_id)
    if column == Column.COMMENT:
        return _for_comment(log, packet_id)
    if column in IDENTITY_COLUMNS:
        return _for_identity(log, packet_id, Column(column), text)
    return _for_finding(log, packet_id) if column == Column.FINDING and text else _for_score(column, text)


def shown_address(log: PacketLog, packet_id: int, column: int) -> str:
    """The address behind a cell of a source or a destination, whatever name is shown there; else empty."""
    if column not in _ENDS:
        return ""
    return endpoint_texts(log.take(np.array([packet_id])), _ENDS[Column(column)])[0]


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
    if column in {Column.INTERFACE, Column.LIKENESS}:
        named = _for_interface if column == Column.INTERFACE else _for_likeness
        return named(log, packet_id, text)
    if column == Column.COUNTRY and text:
        return filter_for_value("td.country", text)
    return text and filter_for_value("td.asn", text.partition(" ")[0].removeprefix("AS"))


def _for_likeness(log: PacketLog, packet_id: int, _text: str) -> str:
    for name in ("label", "application"):
        words = log.identities.labels[int(log.column(name, np.array([packet_id]))[0])]
        if words:
            return filter_for_value(f"td.{name}", words)
    return ""


def _for_score(column: int, text: str) -> str:
    return f"td.score >= {text}" if column == Column.SCORE and text else ""


def _for_finding(log: PacketLog, packet_id: int) -> str:
    incident = int(log.column("incident", np.array([packet_id]))[0])
    return filter_for_value("td.incident", incident) if incident else "td.flagged == 1"


def _for_time(log: PacketLog, packet_id: int) -> str:
    return f"frame.time_epoch == {_seconds(int(log.column('timestamp_ns', np.array([packet_id]))[0]))}"


def _for_text(log: PacketLog, packet_id: int) -> str:
    """Of what the application says (DNS name, TLS server name, request); nothing else in the info is compared with."""
    raw = log.take(np.array([packet_id])).text_of(0)
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return ""
    return filter_for_value("td.text", text) if 0 < len(text) <= _LONGEST_TEXT and text.isprintable() else ""


def _for_comment(log: PacketLog, packet_id: int) -> str:
    """Of what the cell shows: its lines are comments, or lines of one."""
    said = log.identities.notes.comments(packet_id)
    if any(len(text) > _LONGEST_TEXT or not text.isprintable() for text in said):
        return "frame.comment"
    return " && ".join(filter_for_value("frame.comment", text) for text in said)


def _for_interface(log: PacketLog, packet_id: int, text: str) -> str:
    number = int(log.column("interface", np.array([packet_id]))[0])
    name = log.interfaces[number] if number < len(log.interfaces) else ""
    if name:
        return filter_for_value("frame.interface_name", name)
    return text and filter_for_value("frame.interface_id", number)


def _for_endpoint(log: PacketLog, packet_id: int, column: Column) -> str:
    """Of the address, whatever name is shown for it."""
    side, text = _SIDES[column], shown_address(log, packet_id, column)
    if not text:
        return ""
    network = int(log.column("network", np.array([packet_id]))[0])
    if network in (EtherType.IPV4, EtherType.IPV6):
        return filter_for_value(f"ip.{side}", text)
    return filter_for_value(f"arp.{side}.proto_ipv4" if network == EtherType.ARP else f"eth.{side}", text)


def _seconds(timestamp_ns: int) -> str:
    whole, rest = divmod(timestamp_ns, _NANOSECONDS)
    return f"{whole}.{rest:09d}".rstrip("0").rstrip(".")


def _for_threat(log: PacketLog, packet_id: int) -> str:
    threat = log.identities.threats[int(log.column("threat", np.array([packet_id]))[0])]
    return filter_for_value("td.threat", threat.list_name) if threat.list_name else ""


_OF_THE_PACKET: Final = {Column.TIME: _for_time, Column.INFO: _for_text, Column.THREAT: _for_threat}
"""Columns whose text is not what is compared."""
