"""The tables that a report of a span of the history is made of, as CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from trafficdesk.export.atomic import atomic_file
from trafficdesk.export.cells import line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_TABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "hosts": ("address", "name", "sent_packets", "sent_bytes", "received_packets", "received_bytes"),
    "devices": ("mac", "maker", "name", "addresses", "first_ns", "last_ns", "packets", "bytes"),
    "threats": ("list", "entry", "met", "dated_s", "packets", "first_ns", "last_ns"),
    "slowest": ("kind", "address", "median", "p95", "n"),
    "gaps": ("interface", "start_ns", "end_ns", "reason"),
    "models": ("capture", "number", "fitted_ns", "rows", "fit_ms", "seed"),
    "incidents": (
        "capture",
        "number",
        "family",
        "culprit",
        "peers",
        "start_ns",
        "end_ns",
        "packets",
        "severity",
        "sentence",
    ),
}
"""Columns of each; those without rows are written, too, so that a script finds them."""
_LENGTHS: Final = ("length_bytes", "packets", "bytes")
_PAIRS: Final = ("address_a", "address_b", "program", "host", "packets", "bytes", "duration_s")


def write_past_tables(folder: Path, summary: Mapping[str, Any]) -> None:
    """Write every table of `report_of_span`'s summary.

    Raises
    ------
    ExportError
        If one can't be written.
    """
    for name, columns in _TABLES.items():
        _write(folder / f"{name}.csv", columns, summary.get(name, []))
    _write(folder / "packet_lengths.csv", _LENGTHS, summary.get("packet_lengths", {}).get("rows", []))
    _write(folder / "conversations.csv", _PAIRS, summary["conversations"]["IPv4"]["rows"])
    delays = [{"kind": kind, **delay} for kind, delay in summary.get("latency_ms", {}).items()]
    _write(folder / "latency.csv", ("kind", "median", "p95", "n"), delays)


def _write(path: Path, columns: tuple[str, ...], rows: Iterable[Mapping[str, Any]]) -> None:
    with atomic_file(path) as out:
        out.write(line(columns))
        for row in rows:
            out.write(line(tuple(_cell(row[name]) for name in columns)))


def _cell(value: object) -> Any:
    return " ".join(map(str, value)) if isinstance(value, list) else value
