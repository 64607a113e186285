"""One CSV row per incident."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from trafficdesk.export import cells
from trafficdesk.export.summary_json import threat_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import IO

    from trafficdesk.detect.finding import Incident

INCIDENT_COLUMNS: Final = (
    "id",
    "family",
    "start_ns",
    "end_ns",
    "culprit",
    "peers",
    "packets",
    "severity",
    "sentence",
    "threat",
)


def write_incidents_csv(stream: IO[bytes], incidents: Iterable[Incident]) -> None:
    """Write header and rows; peers are separated by spaces."""
    stream.write(cells.line(INCIDENT_COLUMNS))
    for incident in incidents:
        stream.write(
            cells.line(
                (
                    incident.id,
                    incident.family,
                    incident.start_ns,
                    incident.end_ns,
                    incident.culprit,
                    " ".join(incident.peers),
                    incident.packets,
                    incident.severity,
                    incident.sentence,
                    threat_of(incident),
                )
            )
        )
