"""Explanations for tests of what shows them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from trafficdesk.detect.why import Why, WhyReason
from trafficdesk.features import INDEX


def a_why_reason(name: str = "pair_ports_60s", **changes: Any) -> WhyReason:
    sample = np.sort(np.log1p(np.linspace(0, 6, 500))).astype(np.float32)
    base = WhyReason(feature=INDEX[name], value=212.0, usual=6.0, median=3.0, sample=sample, limit=12.0)
    return replace(base, **changes)


def a_why(**changes: Any) -> Why:
    base = Why(
        packet_id=1_203,
        family="port scan",
        score=3.4,
        judged_by=12,
        told_by=12,
        reasons=(a_why_reason(), a_why_reason("unanswered_60s", value=198.0, limit=float("nan"))),
        together=False,
        holds=True,
        enough=(),
        score_today=1.4,
        unusual_today=True,
    )
    return replace(base, **changes)
