"""Captures as what a classifier learns from: batches with the detector's features, one capture after another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trafficdesk.cli.terminal import Progress
from trafficdesk.errors import BadCaptureFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trafficdesk.features import Observation
    from trafficdesk.packets.batch import PacketBatch

STEP_ROWS = 8_192


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """Some packets of one capture."""

    batch: PacketBatch
    """Numbered within its capture, from 0."""
    observation: Observation


def observed(name: str, words: str) -> Iterator[Observed]:
    """Batches of one capture, with features that know nothing of any other.

    Raises
    ------
    BadCaptureFile
        Where reading stops.
    """
    from trafficdesk.capture.pcap_file import CaptureFile
    from trafficdesk.decode import Conversations, decode_named
    from trafficdesk.features import FeatureExtractor

    extractor, conversations, first_id = FeatureExtractor(), Conversations(), 0
    with CaptureFile(name) as file, Progress(words) as bar:
        for block in file.blocks():
            whole = conversations.follow(decode_named(block.numbered(first_id)))
            first_id += len(whole)
            for start in range(0, len(whole), STEP_ROWS):
                batch = whole.slice(start, min(start + STEP_ROWS, len(whole)))
                yield Observed(batch, extractor.observe(batch))
            bar.show(file.progress)


def each_observed(
    files: Sequence[str], doing: str, faults: list[BadCaptureFile]
) -> Iterator[tuple[int, Observed]]:
    """Every file's batches with the file's number; a broken file's fault is noted and the next one read."""
    for number, name in enumerate(files):
        words = f"{doing} {number + 1} of {len(files)}" if len(files) > 1 else doing
        try:
            for one in observed(name, words):
                yield number, one
        except BadCaptureFile as error:
            faults.append(error)
