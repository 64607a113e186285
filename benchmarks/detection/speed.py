"""Packets per second of one core: features alone, and everything from bytes to incidents."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from benchmarks._support import big_capture, working_folder
from benchmarks.detection.figure import Figure, Options
from trafficdesk.capture.pcap_file import CaptureFile
from trafficdesk.decode import Conversations, decode
from trafficdesk.detect.allocation import keep_freed_memory
from trafficdesk.detect.detector import Detector
from trafficdesk.features import FeatureExtractor
from trafficdesk.settings import DetectionSettings

if TYPE_CHECKING:
    from pathlib import Path

KITSUNE = 237.0
"""Packets/s of Kitsune's Python implementation on its Mirai capture (measured 2026-11, see DETECTION.md)."""
PACKETS, QUICK_PACKETS, TIMES = 400_000, 100_000, 3
STEP_ROWS = 8_192


def measure(options: Options) -> list[Figure]:
    """Processor time, the best of three runs: other programs on the machine don't count."""
    packets = QUICK_PACKETS if options.quick else PACKETS
    keep_freed_memory()
    with working_folder() as folder:
        path = big_capture(folder / "big.pcap", packets)
        features = min(_features_s(path) for _ in range(TIMES))
        times = [_whole_s(path) for _ in range(TIMES)]
    whole = min(sum(one) for one in times)
    decoding = min(one[0] for one in times)
    return [
        Figure("features, packets/s", packets / features, 250_000),
        Figure("analysis (features to incidents), packets/s", packets / (whole - decoding), 75_000),
        Figure(
            "from bytes to incidents, packets/s", packets / whole, note=f"decoding {packets / decoding:,.0f}"
        ),
        Figure("times Kitsune's features in Python", packets / features / KITSUNE, 1_000),
        Figure("times Kitsune, everything", packets / whole / KITSUNE),
    ]


def _features_s(path: Path) -> float:
    extractor, spent = FeatureExtractor(), 0.0
    with CaptureFile(path) as capture:
        for block in capture.blocks():
            batch = decode(block)
            begun = time.process_time()
            for at in range(0, len(batch), STEP_ROWS):
                extractor.update(batch.slice(at, min(at + STEP_ROWS, len(batch))))
            spent += time.process_time() - begun
    return spent


def _whole_s(path: Path) -> tuple[float, float]:
    """Seconds of reading and decoding, and of the rest."""
    detector, conversations = Detector(DetectionSettings()), Conversations()
    decoding = rest = 0.0
    with CaptureFile(path) as capture:
        begun = time.process_time()
        for block in capture.blocks():
            batch = conversations.follow(decode(block))
            decoded = time.process_time()
            decoding += decoded - begun
            for at in range(0, len(batch), STEP_ROWS):
                detector.process(batch.slice(at, min(at + STEP_ROWS, len(batch))))
            begun = time.process_time()
            rest += begun - decoded
    return decoding, rest
