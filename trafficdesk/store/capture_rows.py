"""What was found in a capture as rows of the history: values after the sensor and the capture, in the schema's order."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from trafficdesk.store.columns import NAME_LENGTH

if TYPE_CHECKING:
    from trafficdesk.capture.source import Gap
    from trafficdesk.detect.finding import Incident, ModelState

_ADDRESS_LENGTH: Final = 64


def incident_row(incident: Incident, *, suppressed: bool) -> tuple[Any, ...]:
    """Of `schema.INCIDENT`."""
    return (
        incident.id,
        incident.family,
        incident.culprit[:_ADDRESS_LENGTH],
        json.dumps(incident.peers),
        incident.start_ns,
        incident.end_ns,
        incident.packets,
        incident.severity,
        incident.sentence,
        json.dumps([asdict(reason) for reason in incident.reasons]),
        incident.model_id,
        suppressed,
    )


def gap_row(gap: Gap) -> tuple[Any, ...]:
    """Of `schema.GAP`."""
    return (gap.interface[:_ADDRESS_LENGTH], gap.start_ns, gap.end_ns or 0, gap.reason[:NAME_LENGTH])


def model_row(model: ModelState, seed: int) -> tuple[Any, ...]:
    """Of `schema.MODEL`."""
    return (model.model_id, model.fitted_at_ns, model.rows, round(model.fit_ms), seed)
