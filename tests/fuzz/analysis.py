"""Frames through everything that `analyze` and the window do with them after decoding."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

from tests.fuzz.frames import block_between, check_batch, kinds_of, unpacked
from trafficdesk.cli.analyze import Analysis
from trafficdesk.decode.frames import decode_named
from trafficdesk.detect.detector import Detector
from trafficdesk.metrics.tables import TrafficTables
from trafficdesk.settings.declared import DetectionSettings

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

_BITS: Final = 6
"""Tables small enough to be full."""


def check_analysis(data: bytes) -> Iterable[Hashable]:
    """Any frames are counted, named, scored and written as rows: one line each, every row accounted for."""
    frames = list(unpacked(data))
    batch = decode_named(block_between(frames, b""))
    check_batch(batch, len(frames))
    if not frames:
        return []
    out = io.BytesIO()
    analysis = Analysis(Detector(DetectionSettings()), out, TrafficTables(_BITS))
    analysis.feed(batch)
    analysis.finish()
    assert out.getvalue().count(b"\n") == len(frames)
    session = analysis.session
    assert session.scored + session.unscored + session.pending == len(frames)
    return kinds_of(batch)
