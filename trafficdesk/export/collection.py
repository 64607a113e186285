"""Many captures, each analysed on its own, as one JSON object and as CSV: per file, all together, every incident.

What is written depends on what was found alone; times that a computer took are not part of it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from trafficdesk.export import cells
from trafficdesk.export.incidents_csv import INCIDENT_COLUMNS
from trafficdesk.packets.printable import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import IO

FILE_COLUMNS: Final = (
    "file", "status", "packets", "bytes", "first_ns", "last_ns", "throughput_bps", "unique_ip", "unique_mac",
    "flagged", "scored", "unscored", "incidents", "most_severe", "fault",
)  # fmt: skip
_COPIED: Final = FILE_COLUMNS[2:12]
_INTERNAL: Final = ("addresses", "rates", "details")
"""Keys of an outcome that are for adding up and for the log."""
_LONGEST: Final = 4_096

Told = tuple[str, dict[str, Any]]
"""A file's path, and what is told of it: `status`, `fault`, and what `analyze --json` says of one."""


def write_files_csv(stream: IO[bytes], files: Iterable[Told]) -> None:
    """Header, and one row per file; what is not known is empty."""
    stream.write(cells.line(FILE_COLUMNS))
    for path, told in files:
        incidents = told["incidents"]
        most_severe = max((one["severity"] for one in incidents), default=None)
        row = (
            shown_path(path),
            told["status"],
            *(told.get(name) for name in _COPIED),
            len(incidents) if "packets" in told else None,
            most_severe,
            told["fault"],
        )
        stream.write(cells.line(row))


def write_collection_incidents_csv(stream: IO[bytes], files: Iterable[Told]) -> None:
    """As the incidents of one capture, with the file's name in front."""
    stream.write(cells.line(("file", *INCIDENT_COLUMNS)))
    for path, told in files:
        for incident in told["incidents"]:
            row = {**incident, "peers": " ".join(incident["peers"])}
            stream.write(cells.line((shown_path(path), *(row[name] for name in INCIDENT_COLUMNS))))


def write_collection_json(stream: IO[bytes], sums: Mapping[str, Any], files: Iterable[Told]) -> None:
    """The sums' keys, then `files`: a list in order of names, each with its own incidents; a file at a time."""
    head = json.dumps(sums, indent=1, allow_nan=False)
    stream.write(f'{head[:-2]},\n "files": ['.encode())
    between = "\n  "
    for path, told in files:
        kept = {name: value for name, value in told.items() if name not in _INTERNAL}
        stream.write((between + json.dumps({"file": path, **kept}, allow_nan=False)).encode())
        between = ",\n  "
    stream.write(b"\n ]\n}\n")


def shown_path(path: str) -> str:
    """A file's path with nothing in it that hides or steers."""
    return shown(path, _LONGEST)
