"""Frames through everything that `analyze` and the window do with them after decoding."""

from __future__ import annotations

import io
import json
import struct
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from tests.fuzz.frames import block_between, check_batch, kinds_of, unpacked
from trafficdesk.cli.analyze import Analysis, summary_lines, summary_of_analysis
from trafficdesk.decode import Conversations
from trafficdesk.decode.frames import decode_named
from trafficdesk.detect.detector import Detector
from trafficdesk.export.summary_json import write_summary
from trafficdesk.metrics.tables import TrafficTables
from trafficdesk.settings.declared import DetectionSettings

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from trafficdesk.packets.block import FrameBlock

CLOCK: Final = struct.Struct("<qB")
"""Nanoseconds of the first frame, and by how many bits what a frame lacks is shifted to be its distance from it."""
_BITS: Final = 6
"""Tables small enough to be full."""
_TIMES: Final = np.iinfo(np.int64)


def _block(data: bytes) -> FrameBlock:
    first, shift = CLOCK.unpack_from(data)
    frames = list(unpacked(data[CLOCK.size :]))
    block = block_between(frames, b"")
    distances = [(more - (more >> 15 << 16)) << (shift & 63) for _, _, more in frames]
    times = [min(max(first + distance, _TIMES.min), _TIMES.max) for distance in distances]
    return replace(block, timestamps_ns=np.array(times, np.int64))


def check_analysis(data: bytes) -> Iterable[Hashable]:
    """Any frames at any times are counted, named, scored and written: one line each, every row accounted for."""
    if len(data) < CLOCK.size:
        return []
    block = _block(data)
    batch = Conversations().follow(decode_named(block))
    check_batch(batch, len(block))
    if not len(block):
        return []
    out, told = io.BytesIO(), io.BytesIO()
    analysis = Analysis(Detector(DetectionSettings()), out, TrafficTables(_BITS))
    analysis.feed(batch)
    analysis.finish()
    assert out.getvalue().count(b"\n") == len(block)
    session = analysis.session
    assert session.scored + session.unscored + session.pending == len(block)
    summary = summary_of_analysis(analysis, 1)
    assert list(summary_lines(summary))
    write_summary(told, summary)
    assert json.loads(told.getvalue())["packets"] == len(block)
    return kinds_of(batch)
