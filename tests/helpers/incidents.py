"""Incidents for tests of what comes after detection."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from trafficdesk.detect.finding import Incident, Reason


def a_reason(**changes: Any) -> Reason:
    base = Reason(
        feature="destination_ports",
        value=212.0,
        unit="ports",
        window_s=60.0,
        usual_high=6.0,
        words="about 212 destination ports on 192.0.2.20 in 60 s; usually <= 6",
    )
    return replace(base, **changes)


def an_incident(**changes: Any) -> Incident:
    base = Incident(
        id=7,
        family="port scan",
        start_ns=1_700_000_010_000_000_000,
        end_ns=1_700_000_025_000_000_000,
        culprit="192.0.2.66",
        peers=("192.0.2.20", "192.0.2.21"),
        packets=212,
        severity=80,
        sentence="192.0.2.66 tried 212 ports of 192.0.2.20 in 15 s.",
        reasons=(a_reason(),),
        first_packet_id=40,
        announced=1,
        model_id=1,
    )
    return replace(base, **changes)
