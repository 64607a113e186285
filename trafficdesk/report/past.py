"""A report of a span of time, from the history."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk import __version__
from trafficdesk.metrics.rates import Series
from trafficdesk.report.content import Report
from trafficdesk.report.past_detail import detail_of

if TYPE_CHECKING:
    from trafficdesk.store.history import History, Span, Talker

_NS: Final = 1_000_000_000
_MINUTE: Final = 60
_SHOWN: Final = 20
_LISTED: Final = 1_000
"""Rows of the tables beside the report."""
_COMPARED: Final = 6
"""Protocols that are compared over time."""
_MOST_ADDRESSES: Final = 100_000
_NOTES: Final = (
    (
        "From the history: every packet that was captured live, by minute; conversations and delays are those of the "
        "hours, devices and hits on threat lists those of the days that this time lies in."
    ),
    "Devices are link-layer addresses that sent something; delays are told in steps of 9 %.",
)


def report_of_span(history: History, span: Span) -> Report:
    """What was recorded within `span`.

    Raises
    ------
    StoreError
        If the history can't be asked.
    """
    talkers = history.talkers(span, _MOST_ADDRESSES)
    detail = detail_of(history.detail, span)
    names = history.shown_names(_shown(talkers, detail.get("devices", [])))
    captures = history.captures_during(span)
    series = series_of(history, span)
    protocols = history.protocols(span)
    summary: dict[str, Any] = {
        "version": __version__,
        "packets": sum(packets for _, packets, _ in protocols),
        "bytes": sum(octets for _, _, octets in protocols),
        "first_ns": span.start_s * _NS,
        "last_ns": span.end_s * _NS,
        "protocols": {name: {"packets": packets, "bytes": octets} for name, packets, octets in protocols},
        "top_sources": _top(talkers, "sent", names),
        "top_destinations": _top(talkers, "received", names),
        "hosts": [_host(one, names) for one in talkers[:_LISTED]],
        "unique_ip": sum(1 for one in talkers if one.address),
        "unique_ip_exact": len(talkers) < _MOST_ADDRESSES and all(one.address for one in talkers),
        "incidents": [_incident(one) for one in history.incidents(span)],
        "conversations": {
            "IPv4": {"rows": [_pair(one) for one in history.conversations(span, limit=_LISTED)]}
        },
        "gaps": history.gaps(span),
        **detail,
        **({"devices": [_named(one, names) for one in detail["devices"]]} if "devices" in detail else {}),
    }
    begin, end = (f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M}" for at in (span.start_s, span.end_s))
    ran = "1 capture" if len(captures) == 1 else f"{len(captures):,} captures"
    notes = (f"{ran} ran in this time.", *_NOTES)
    whose = "" if span.sensor is None else f"{dict(history.sensors()).get(span.sensor, 'one machine')}: "
    return Report(f"{whose}{begin} to {end} UTC", summary, series=series, notes=notes)


def series_of(history: History, span: Span) -> Series:
    """Packets, bytes, flagged packets, incidents and the packets of the commonest protocols, by minute."""
    minutes: dict[int, dict[str, float]] = {}
    for start, packets, octets in history.volume(span):
        row = minutes.setdefault(start // _MINUTE * _MINUTE, {})
        row["packets"] = row.get("packets", 0) + packets
        row["bytes"] = row.get("bytes", 0) + octets
    for one in history.incidents(span):
        row = minutes.setdefault(int(one["start_ns"]) // _NS // _MINUTE * _MINUTE, {})
        row["incidents"] = row.get("incidents", 0) + 1
    for start, flagged in history.detail.flagged(span):
        minutes.setdefault(start, {})["flagged"] = flagged
    names = [name for name, _, _ in history.protocols(span)[:_COMPARED]]
    for start, name, packets in history.protocol_minutes(span, names):
        minutes.setdefault(start, {})[f" {name}"] = packets
    columns = ("packets", "bytes", "flagged", "incidents", *(f" {name}" for name in names))
    starts = np.array(sorted(minutes), np.int64)
    values = np.array(
        [[minutes[at].get(name, 0.0) for name in columns] for at in starts.tolist()], np.float64
    )
    shown = tuple(name.strip() for name in columns)
    return Series(starts, values.reshape(len(starts), len(columns)), shown, _MINUTE)


def _shown(talkers: list[Talker], devices: list[dict[str, Any]]) -> list[str]:
    """Addresses whose names are wanted."""
    listed = [one.address for one in talkers[:_LISTED]]
    top = [one.address for way in ("sent", "received") for one in _heaviest(talkers, way)]
    return [one for one in (*listed, *top, *(at for device in devices for at in device["addresses"])) if one]


def _named(device: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    return device | {"name": next((names[at] for at in device["addresses"] if at in names), "")}


def _host(one: Talker, names: dict[str, str]) -> dict[str, Any]:
    return {
        "address": one.address or "all others",
        "name": names.get(one.address, ""),
        "sent_packets": one.sent_packets,
        "sent_bytes": one.sent_bytes,
        "received_packets": one.received_packets,
        "received_bytes": one.received_bytes,
    }


def _heaviest(talkers: list[Talker], way: str) -> list[Talker]:
    return sorted(talkers, key=lambda one: -int(getattr(one, f"{way}_bytes")))[:_SHOWN]


def _top(talkers: list[Talker], way: str, names: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "address": one.address or "all others",
            "name": names.get(one.address, ""),
            "packets": getattr(one, f"{way}_packets"),
            "bytes": getattr(one, f"{way}_bytes"),
        }
        for one in _heaviest(talkers, way)
        if getattr(one, f"{way}_packets")
    ]


def _pair(one: dict[str, Any]) -> dict[str, Any]:
    ends = [
        f"{one[end] or 'all others'}{'' if one[f'{end}_port'] < 0 else ' port ' + str(one[f'{end}_port'])}"
        for end in ("low", "high")
    ]
    return {
        "address_a": ends[0],
        "address_b": ends[1],
        "program": one["program"],
        "host": one["host"],
        "packets": one["low_packets"] + one["high_packets"],
        "bytes": one["low_bytes"] + one["high_bytes"],
        "duration_s": (one["last_ns"] - one["first_ns"]) / _NS,
    }


def _incident(one: dict[str, Any]) -> dict[str, Any]:
    """Reasons as the summary of a capture has them; the history keeps their words."""
    reasons = [reason if isinstance(reason, dict) else {"words": str(reason)} for reason in one["reasons"]]
    return one | {"id": one["number"], "reasons": reasons}
