"""Captures in which nothing happened: every incident is a false one. Each is opened afresh, as a file is."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.detection import corpus
from benchmarks.detection.figure import Figure, Options
from benchmarks.detection.prequential import judged
from trafficdesk.settings import DetectionSettings

if TYPE_CHECKING:
    from pathlib import Path

KINDS = {
    "IoT set-up": "iot_sentinel/*/*.pcap",
    "home IoT over days": "tjoconnor_iot/pcaps/*.pcap",
    "Echo": "alexa_voice/haipeng_li/*.pcap",
    "DNS": "dns_normal_100k.pcap",
    "Kitsune's first 1,000": "kitsune_mini/*.pcap",
}
QUICK = 6


def measure(options: Options) -> list[Figure]:
    """Every benign capture, by kind and overall."""
    figures = []
    alarms: list[int] = []
    hours: list[float] = []
    for kind, pattern in KINDS.items():
        paths = sorted((options.captures / "benign").glob(pattern))
        if options.quick:
            paths = paths[:: max(1, len(paths) // QUICK)]
        told = [_alarms(path, options) for path in paths]
        alarms += [one[0] for one in told]
        hours += [one[1] for one in told]
        count, spent = sum(one[0] for one in told), sum(one[1] for one in told)
        note = f"{count} in {spent:.1f} h of {len(paths)} captures"
        figures.append(
            Figure(f"false incidents per hour, {kind}", count / max(spent, 1e-9), note=note, digits=3)
        )
    quiet = float(np.mean([alarm == 0 for alarm in alarms])) if alarms else 0.0
    short = [(alarm, hour) for alarm, hour in zip(alarms, hours, strict=True) if hour < 24]
    return [
        *figures,
        Figure(
            "false incidents per hour, overall",
            sum(alarms) / max(sum(hours), 1e-9),
            1.0,
            at_most=True,
            digits=3,
        ),
        Figure(
            "the same without captures over days",
            sum(alarm for alarm, _ in short) / max(sum(hour for _, hour in short), 1e-9),
            digits=3,
        ),
        Figure("captures without any", quiet, 0.5, note=f"of {len(alarms)}"),
    ]


def _alarms(path: Path, options: Options) -> tuple[int, float]:
    batch = corpus.read(path)
    said = judged(batch, DetectionSettings(seed=options.seed))
    if options.verbose and said.incidents:
        families = Counter(incident.family for incident in said.incidents.values())
        print(f"    {path.parent.name}/{path.name}: {dict(families)}")
        for incident in list(said.incidents.values())[:6]:
            print(f"        {incident.sentence[:150]}")
    return len(said.incidents), float(np.ptp(batch["timestamp_ns"])) / 3.6e12 if len(batch) else 0.0
