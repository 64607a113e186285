"""Packets per second of one core: features alone, and everything from bytes to incidents.

The analysis refits by the traffic's own clock, so it is measured on traffic as fast as what is claimed: the sample's
packets again and again, `RATE` of them a second. In a file of a slow network refits by time cost more than packets do;
how much is said beside it.
"""

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
from trafficdesk.packets.batch import PacketBatch
from trafficdesk.settings import DetectionSettings

if TYPE_CHECKING:
    from pathlib import Path


BEGIN_NS = 1_700_000_000_000_000_000
KITSUNE = 237.0
"""Packets/s of Kitsune's Python implementation on its Mirai capture (measured 2026-11, see DETECTION.md)."""
PACKETS, QUICK_PACKETS, TIMES = 400_000, 100_000, 3
STEP_ROWS = 8_192
RATE = 75_000
"""Packets/s of the traffic."""
SLOW_PACKETS = 40_000


def measure(options: Options) -> list[Figure]:
    """Processor time, the best of three runs: other programs on the machine don't count."""
    packets = QUICK_PACKETS if options.quick else PACKETS
    keep_freed_memory()
    with working_folder() as folder:
        path = big_capture(folder / "big.pcap", packets)
        features = min(_features_s(path) for _ in range(TIMES))
        times = [_whole_s(path, RATE) for _ in range(TIMES)]
        slow = _whole_s(big_capture(folder / "slow.pcap", SLOW_PACKETS), None)[1]
    whole = min(sum(one) for one in times)
    decoding, analysis = (min(one[which] for one in times) for which in range(2))
    return [
        Figure("features, packets/s", packets / features, 250_000),
        Figure("analysis (features to incidents), packets/s", packets / analysis, 75_000),
        Figure(
            "the same of a network of 23 packets/s", SLOW_PACKETS / slow, note="a refit every 30 s of traffic"
        ),
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


def _whole_s(path: Path, rate: int | None) -> tuple[float, float]:
    """Seconds of reading and decoding, and of the rest; `rate` None = at the capture's own pace."""
    detector, conversations = Detector(DetectionSettings()), Conversations()
    decoding = rest = 0.0
    with CaptureFile(path) as capture:
        begun = time.process_time()
        for block in capture.blocks():
            batch = conversations.follow(decode(block))
            decoded = time.process_time()
            decoding += decoded - begun
            if rate is not None:
                batch = _hurried(batch, rate)
            begun = time.process_time()
            for at in range(0, len(batch), STEP_ROWS):
                detector.process(batch.slice(at, min(at + STEP_ROWS, len(batch))))
            rest += time.process_time() - begun
            begun = time.process_time()
    return decoding, rest


def _hurried(batch: PacketBatch, rate: int) -> PacketBatch:
    """The same packets, `rate` a second."""
    times = BEGIN_NS + batch.ids * (1_000_000_000 // rate)
    return PacketBatch(batch.first_id, {**batch.columns, "timestamp_ns": times}, batch.text)
