"""`Report`: what a report tells, and how it is laid before the templates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.metrics.rates import Series
from trafficdesk.report.charts import heat_map, length_chart, protocol_chart, volume_chart

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trafficdesk.detect.finding import ModelState
    from trafficdesk.metrics import MetricsSnapshot
    from trafficdesk.report.drawing import Drawing

_SHOWN: Final = 20
"""Rows of a table."""
_PROTOCOLS: Final = 15
_INCIDENTS: Final = 200
_STEPS: Final = 24
"""Rows of the table of volume over time."""
_BETWEEN: Final = ("IPv4", "IPv6")
_MEASURED: Final = {"tcp_handshake": "TCP handshake", "dns": "DNS response"}
"""Delays, as a person calls them."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a report tells."""

    title: str
    """File name, interface or span of time."""
    summary: Mapping[str, Any]
    """The keys of `analyze --json`; those that are not known are left out, and their parts with them."""
    metrics: MetricsSnapshot | None = None
    """For the volume over time, where there is no `series`."""
    series: Series | None = None
    """What happened over time."""
    model: ModelState | None = None
    """None = not known."""
    notes: tuple[str, ...] = ()
    """What a reader must know of where the numbers come from, a sentence each."""
    files: tuple[Mapping[str, Any], ...] = ()
    """Of many captures, each: `name`, `fault`, `incident_count`, and keys of its summary."""

    @property
    def over_time(self) -> Series:
        """`series`, else the volume of `metrics`."""
        if self.series is not None:
            return self.series
        if self.metrics is None or not len(self.metrics.seconds):
            return Series()
        octets = self.metrics.bytes_per_s.astype(np.float64)
        return Series(self.metrics.seconds, octets[:, None], ("bytes",), 1)


def charts_of(report: Report) -> dict[str, Drawing]:
    """By name, those for which there is something to draw."""
    series = report.over_time
    drawn = {
        "volume": volume_chart(series),
        "protocols": protocol_chart(_protocols(report.summary)),
        "lengths": length_chart(_lengths(report.summary)),
        "correlation": heat_map(series) if len(series.names) > 1 else None,
    }
    return {name: drawing for name, drawing in drawn.items() if drawing is not None}


def context_of(report: Report) -> dict[str, Any]:
    """What the templates are given, but for the charts."""
    summary = report.summary
    return {
        "title": report.title,
        "summary": summary,
        "protocols": _protocols(summary),
        "lengths": _lengths(summary),
        "conversations": list(_conversations(summary))[:_SHOWN],
        "incidents": sorted(summary["incidents"], key=lambda one: (-one["severity"], one["start_ns"]))[
            :_INCIDENTS
        ],
        "incident_count": summary.get("incident_count", len(summary["incidents"])),
        "files": report.files,
        "steps": list(_steps(report.over_time)),
        "correlation": _correlation(report.over_time),
        "model": report.model,
        "notes": report.notes,
        "shown": _SHOWN,
        "measured": _MEASURED,
    }


def _protocols(summary: Mapping[str, Any]) -> list[tuple[str, int, int, float]]:
    total = max(1, int(summary["bytes"]))
    return [
        (name, share["packets"], share["bytes"], 100 * share["bytes"] / total)
        for name, share in list(summary["protocols"].items())[:_PROTOCOLS]
    ]


def _lengths(summary: Mapping[str, Any]) -> list[tuple[str, int, int]]:
    rows = summary.get("packet_lengths", {}).get("rows", [])
    return [(row["length_bytes"], row["packets"], row["bytes"]) for row in rows]


def _conversations(summary: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The heaviest ones between two addresses."""
    kinds = summary.get("conversations", {})
    rows = [row for kind in _BETWEEN for row in kinds.get(kind, {}).get("rows", [])]
    for row in sorted(rows, key=lambda row: -(row["bytes"] or 0)):
        names = (row.get("program"), row.get("host"))
        yield {
            "a": row["address_a"],
            "b": row["address_b"],
            "who": ", ".join(dict.fromkeys(name for name in names if name)),
            "packets": row["packets"] or 0,
            "bytes": row["bytes"] or 0,
            "duration_s": row.get("duration_s"),
        }


def _correlation(series: Series) -> list[tuple[str, list[float]]]:
    """(measure, its correlation with each); none where fewer than two change."""
    r = series.correlation()
    told = np.flatnonzero(np.isfinite(np.diag(r)))
    return [(series.names[row], r[row, told].tolist()) for row in told] if len(told) > 1 else []


def _steps(series: Series) -> Iterator[tuple[int, float, float | None]]:
    """(begin in ns, bytes, packets) by the minute or more, so that the table stays short."""
    if series.bins < 2:
        return
    coarse = series.widened(60) if series.width_s < 60 <= series.bins * series.width_s else series
    coarse = coarse.at_most(_STEPS)
    packets = coarse.of("packets") if "packets" in coarse.names else None
    for row, (start, octets) in enumerate(zip(coarse.starts, coarse.of("bytes"), strict=True)):
        yield int(start) * 1_000_000_000, float(octets), None if packets is None else float(packets[row])
