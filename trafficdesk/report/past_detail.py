"""What a report of a span tells besides the sums, as the keys of a capture's summary; and why a part is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.metrics.delays import KINDS
from trafficdesk.metrics.packet_lengths import CLASSES, class_title

if TYPE_CHECKING:
    from trafficdesk.metrics.snapshot import Latency
    from trafficdesk.store.history import Span
    from trafficdesk.store.history_detail import HistoryDetail

_DEVICES: Final = 50
_NONE: Final = {
    "packet_lengths": ("Packet lengths", "None were recorded in this time."),
    "devices": ("Devices", "No link-layer address was recorded in this time."),
    "latency_ms": ("Latency", "No handshake and no DNS query was seen answered in this time."),
    "threats": ("On threat lists", "Nothing of this time's traffic was on one, or none was in use."),
    "models": ("Model", "No model was fitted in this time."),
}
"""Heading of each part, and why it is left out."""


def detail_of(detail: HistoryDetail, span: Span) -> dict[str, Any]:
    """Keys of `Report.summary`.

    Raises
    ------
    StoreError
        If the history can't be asked.
    """
    quality = detail.quality(span)
    delays = detail.delays(span)
    told: dict[str, Any] = {
        "packet_lengths": {"rows": [_length(*one) for one in detail.lengths(span)]},
        "devices": [one | {"maker": _maker(one["mac"])} for one in detail.devices(span, _DEVICES)],
        "latency_ms": {kind: _latency(one) for kind, one in delays.items()},
        "threats": detail.threats(span),
        "models": detail.models(span),
    }
    there = {
        "packet_lengths": bool(told["packet_lengths"]["rows"]),
        "latency_ms": any(one.n for one in delays.values()),
    }
    missing = {name: words for name, words in _NONE.items() if not there.get(name, bool(told[name]))}
    return {name: value for name, value in told.items() if name not in missing} | {
        "missing": list(missing.values()),
        "slowest": [
            {"kind": kind, "address": address, **_latency(one)}
            for kind in KINDS
            for address, one in detail.slowest(span, kind)
        ],
        "unique_mac": detail.device_count(span),
        "flagged": quality["flagged"],
        "scored": quality["scored"],
        "unscored": quality["unscored"],
        "dropped": {place: quality[f"dropped_{place}"] for place in ("kernel", "queue", "disk")},
    }


def _length(least: int, packets: int, octets: int) -> dict[str, Any]:
    row = int(np.searchsorted(CLASSES, least, "right")) - 1
    return {"length_bytes": class_title(row), "packets": packets, "bytes": octets}


def _maker(mac: str) -> str:
    """Who made a device, as far as the registry of addresses says."""
    from trafficdesk.decode.manufacturers import short_manufacturer

    return short_manufacturer(int(mac.replace(":", ""), 16)) if mac else ""


def _latency(latency: Latency) -> dict[str, Any]:
    known = latency.n > 0
    return {
        "median": round(latency.median_ms, 3) if known else None,
        "p95": round(latency.p95_ms, 3) if known else None,
        "n": latency.n,
    }
