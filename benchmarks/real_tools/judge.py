"""Lay each recorded attack into everyday traffic of the same network, after half an hour of it, and say what was found."""

from __future__ import annotations

import struct
import tempfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.detection.corpus import joined, read
from benchmarks.detection.prequential import Begun, begun, judged
from trafficdesk.settings import DetectionSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.real_tools.attacks import Attack
    from trafficdesk.detect.finding import Incident
    from trafficdesk.packets.batch import PacketBatch

    Frame = tuple[int, bytes]

LEARNED_S = 1_980
"""Everyday traffic before an attack: a network is known after half an hour."""
BEFORE_S, AFTER_S = 20, 60
_SECOND_NS = 1_000_000_000
_MICRO, _NANO = 0xA1B2C3D4, 0xA1B23C4D


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was said of one attack."""

    attack: Attack
    verdict: str
    """`found`, `other name`, `missed`; of what is no attack `quiet` or `told`."""
    incidents: tuple[tuple[Incident, float], ...]
    """Those that claim its rows, or any told meanwhile, with the delay in s."""
    others: int
    """Incidents that claim none of its rows: false ones."""
    rows: int
    flagged: int


class Judge:
    """Holds the everyday traffic and the detector that has learned it.

    Parameters
    ----------
    everyday : capture of everyday use, longer than `LEARNED_S`.
    """

    def __init__(self, everyday: Path, *, seed: int = 1) -> None:
        frames = frames_of(everyday)
        learned = next(
            at for at, (time, _) in enumerate(frames) if time - frames[0][0] > LEARNED_S * _SECOND_NS
        )
        self._settings = DetectionSettings(seed=seed)
        self._later = frames[learned:]
        self._before = decoded(frames[:learned])
        self._begun: Begun = begun(self._before, self._settings, learned)
        self.false_before = sum(
            1 for step in self._begun.steps for one in step.incidents if one.announced == 1
        )
        """Incidents in the everyday traffic before any attack."""

    def __call__(self, attack: Attack, capture: Path) -> Outcome:
        """Judge one attack."""
        recorded = frames_of(capture)
        begin = self._later[0][0] + BEFORE_S * _SECOND_NS
        own = [
            (begin + round((time - recorded[0][0]) * attack.stretch), frame, True) for time, frame in recorded
        ]
        stop = own[-1][0] + AFTER_S * _SECOND_NS
        meanwhile = [(time, frame, False) for time, frame in self._later if time <= stop]
        mixed = sorted((*own, *meanwhile), key=lambda row: row[0])
        batch = joined([self._before, decoded([(time, frame) for time, frame, _ in mixed])])
        mine = np.concatenate([np.zeros(len(self._before), np.bool_), [row[2] for row in mixed]])
        said = judged(batch, self._settings, watched_from_ns=begin, after=self._begun)
        late = {number for number, opened in said.opened_ns.items() if opened >= self._later[0][0]}
        claiming = late & set(np.unique(said.incident[mine]).tolist())
        told = tuple(
            (said.incidents[number], max(0.0, (said.opened_ns[number] - begin) / _SECOND_NS))
            for number in sorted(claiming)
        )
        return Outcome(
            attack,
            _verdict(attack, [incident for incident, _ in told]),
            told,
            len(late - claiming),
            int(mine.sum()),
            int((said.flagged & mine).sum()),
        )


def _verdict(attack: Attack, incidents: Sequence[Incident]) -> str:
    if not attack.families:
        return "told" if incidents else "quiet"
    right = [
        one
        for one in incidents
        if one.family in attack.families.split("|")
        and (not attack.culprits or one.culprit in attack.culprits)
    ]
    return "found" if right else "other name" if incidents else "missed"


def decoded(frames: Sequence[Frame]) -> PacketBatch:
    """Frames as `analyze` reads them from a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "frames.pcap")
        with path.open("wb") as stream:
            stream.write(struct.pack("<IHHiIII", _NANO, 2, 4, 0, 0, 262_144, 1))
            for time, frame in frames:
                seconds, rest = divmod(time, _SECOND_NS)
                stream.write(struct.pack("<IIII", seconds, rest, len(frame), len(frame)) + frame)
        return read(path)


def frames_of(path: Path) -> list[Frame]:
    """Time in ns and bytes of every frame of a pcap file of this computer's byte order; a cut one at the end is left out."""
    data = path.read_bytes()
    scale = {_MICRO: 1_000, _NANO: 1}[struct.unpack_from("<I", data)[0]]
    starts = [24]
    while starts[-1] + 16 <= len(data):
        starts.append(starts[-1] + 16 + struct.unpack_from("<I", data, starts[-1] + 8)[0])
    frames = []
    for start, stop in pairwise(starts):
        if stop <= len(data):
            seconds, rest = struct.unpack_from("<II", data, start)
            frames.append((seconds * _SECOND_NS + rest * scale, data[start + 16 : stop]))
    return frames
