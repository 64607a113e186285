"""The summary of a capture as JSON: what `analyze` and `monitor` write; the keys are a promise to scripts."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from trafficdesk import __version__
from trafficdesk.capture.loss import PLACES
from trafficdesk.capture.source import CaptureStatistics
from trafficdesk.detect.listed import FEATURE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import IO

    from trafficdesk.capture.source import Gap
    from trafficdesk.detect.finding import Incident
    from trafficdesk.detect.listed import Sighting
    from trafficdesk.detect.model_record import ModelRecord
    from trafficdesk.detect.why import Why
    from trafficdesk.metrics import Latency, MetricsSnapshot, Talker
    from trafficdesk.metrics.tables import TrafficTables
    from trafficdesk.packets.identities import Threat


@dataclass(frozen=True, slots=True)
class Summary:
    """One capture, analysed."""

    metrics: MetricsSnapshot
    incidents: tuple[Incident, ...] = ()
    flagged: int = 0
    scored: int = 0
    unscored: int = 0
    own: int = 0
    """Packets of TrafficDesk's own conversations, which are not judged; with the two above they are all."""
    lost: CaptureStatistics = field(default_factory=CaptureStatistics)
    seconds: dict[str, float] = field(default_factory=dict)
    """Keys read, decode, features, detect, total; NaN = not known."""
    seed: int = 0
    tables: TrafficTables | None = None
    """Conversations and the like; None leaves their keys out."""
    gaps: tuple[Gap, ...] = ()
    """Spans in which an interface could not be captured on."""
    suppressed: tuple[int, int] = (0, 0)
    """Incidents and packets that would be told of, had a person not said otherwise."""
    threats: tuple[tuple[Threat, Sighting], ...] = ()
    """What threat lists had of the traffic, most packets first."""
    models: tuple[ModelRecord, ...] = ()
    """What it takes to fit each model again."""
    explanations: dict[int, Why] = field(default_factory=dict)
    """Of the incidents that were asked about, by id."""


def write_summary(stream: IO[bytes], summary: Summary) -> None:
    """Write the JSON object and a line feed."""
    text = json.dumps(summary_of(summary), indent=1, ensure_ascii=False, allow_nan=False)
    # A lone surrogate (an undecodable byte) becomes its JSON escape.
    stream.write(f"{text}\n".encode("utf-8", "backslashreplace"))


def summary_of(summary: Summary) -> dict[str, Any]:
    """The JSON object."""
    metrics = summary.metrics
    return {
        "version": __version__,
        "seed": summary.seed,
        "models": [asdict(record) for record in summary.models],
        "packets": metrics.packets,
        "bytes": metrics.bytes,
        "first_ns": metrics.first_ns,
        "last_ns": metrics.last_ns,
        "protocols": {
            name: {"packets": packets, "bytes": octets} for name, packets, octets in metrics.protocols
        },
        "top_sources": _talkers(metrics.top_sources),
        "top_destinations": _talkers(metrics.top_destinations),
        "unique_ip": metrics.unique_ip,
        "unique_ip_exact": metrics.unique_ip_exact,
        "unique_mac": metrics.unique_mac,
        "unique_mac_exact": metrics.unique_mac_exact,
        "throughput_bps": round(metrics.throughput_bps, 1),
        "peak_throughput_bps": round(metrics.peak_bps, 1),
        "latency_ms": {"tcp_handshake": _latency(metrics.tcp_handshake), "dns": _latency(metrics.dns)},
        "incidents": [
            incident_of(incident, summary.explanations.get(incident.id)) for incident in summary.incidents
        ],
        "flagged": summary.flagged,
        "suppressed": dict(zip(("incidents", "packets"), summary.suppressed, strict=True)),
        "scored": summary.scored,
        "unscored": summary.unscored,
        "own": summary.own,
        "dropped": {place.name: place.count(summary.lost) for place in PLACES},
        "threats": [_threat(*item) for item in summary.threats],
        "gaps": [asdict(gap) for gap in summary.gaps],
        "seconds": {name: _number(value, 3) for name, value in summary.seconds.items()},
        **(tables_of(summary.tables) if summary.tables is not None else {}),
    }


def tables_of(tables: TrafficTables) -> dict[str, Any]:
    """Conversations and endpoints by kind, the heaviest 1,000 of each, protocol hierarchy and packet lengths."""
    from trafficdesk.export.sheet_json import objects
    from trafficdesk.metrics.conversations import Kind
    from trafficdesk.metrics.traffic_sheets import conversation_sheet, endpoint_sheet, length_sheet

    span_s = (tables.last_ns - tables.first_ns) / 1e9
    return {
        "conversations": {
            kind.value: objects(
                conversation_sheet(tables.conversations(kind), tables.first_ns, tables.identities), "bytes"
            )
            for kind in Kind
        },
        "endpoints": {
            kind.value: objects(endpoint_sheet(tables.endpoints(kind), tables.identities), "bytes")
            for kind in Kind
        },
        "packet_lengths": objects(length_sheet(tables.lengths(), span_s)),
        "protocol_hierarchy": [
            {"protocols": list(level.path), "packets": level.packets, "bytes": level.bytes}
            for level in tables.hierarchy()
        ],
    }


def incident_of(incident: Incident, why: Why | None = None) -> dict[str, Any]:
    """One incident as a JSON object, with its explanation where one was asked for."""
    return {
        "id": incident.id,
        "family": incident.family,
        "start_ns": incident.start_ns,
        "end_ns": incident.end_ns,
        "culprit": incident.culprit,
        "peers": list(incident.peers),
        "packets": incident.packets,
        "severity": incident.severity,
        "opened_ns": incident.opened_ns,
        "model": incident.model_id,
        "sentence": incident.sentence,
        "looks_like": incident.looks_like or None,
        "threat": threat_of(incident) or None,
        "reasons": [
            {
                "feature": reason.feature,
                "value": _number(reason.value),
                "unit": reason.unit,
                "window_s": _number(reason.window_s),
                "usual_high": _number(reason.usual_high),
                "words": reason.words,
            }
            for reason in incident.reasons
        ],
        **({"explanation": explanation_of(why)} if why is not None else {}),
    }


def explanation_of(why: Why) -> dict[str, Any]:
    """Why the row of an incident that stands out most was flagged, as a JSON object."""
    from trafficdesk.features import FEATURES

    return {
        "packet": why.packet_id + 1,
        "score": _number(why.score, 4),
        "model": why.judged_by,
        "seed": why.seed,
        "explained_by_model": why.told_by,
        "combination": why.together,
        "unusual_today": why.unusual_today,
        "reasons": [
            {
                "feature": FEATURES[reason.feature].name,
                "value": _number(reason.value),
                "unit": FEATURES[reason.feature].unit,
                "usual_high": _number(reason.usual),
                "usual_median": _number(reason.median),
                "share_below": _number(reason.share, 4),
                "usual_from": _number(reason.limit),
                "because": list(reason.because),
                "words": " ".join(filter(None, (reason.place, reason.what_if))),
            }
            for reason in why.reasons
        ],
        "usual_together": [
            {"feature": FEATURES[index].name, "value": _number(value), "unit": FEATURES[index].unit}
            for index, value in why.enough
        ],
    }


def threat_of(incident: Incident) -> str:
    """What a threat list has of an incident's rows, in words; empty = nothing."""
    return next((reason.words for reason in incident.reasons if reason.feature == FEATURE), "")


def _threat(threat: Threat, sighting: Sighting) -> dict[str, Any]:
    return {
        "list": threat.list_name,
        "entry": threat.entry,
        "met": threat.met,
        "dated_s": threat.dated_s,
        "packets": sighting.packets,
        "first_ns": sighting.first_ns,
        "last_ns": sighting.last_ns,
    }


def _talkers(talkers: Iterable[Talker]) -> list[dict[str, Any]]:
    return [{"address": item.address, "packets": item.packets, "bytes": item.bytes} for item in talkers]


def _latency(latency: Latency) -> dict[str, Any]:
    return {"median": _number(latency.median_ms, 3), "p95": _number(latency.p95_ms, 3), "n": latency.n}


def _number(value: float, digits: int | None = None) -> float | None:
    """JSON knows no NaN (RFC 8259 section 6): null."""
    value = float(value)
    if not math.isfinite(value):
        return None
    return round(value, digits) if digits is not None else value
