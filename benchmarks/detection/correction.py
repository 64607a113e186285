"""Ten times "Expected" on one benign family: what becomes of its other flags, and of attacks.

What is said of rows changes nothing that is learned, so one plain run of each mixture tells what would be flagged with
and without: the labels are asked about the flagged rows that the detector remembers. Labels are given on the first half
of an everyday half hour, ten at most, incidents first, then single rows spread over it; what they do is counted on
the second half, on two other half hours (other devices, other runs of the same, other hosts), and on attack captures
spliced into the first one. Nothing of it was tuned on the attack captures; margins and cosine (`detect/likeness.py`)
were set with sight of the everyday half hour of seed 1.
"""

from __future__ import annotations

import tempfile
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.detection import corpus, splice
from benchmarks.detection.figure import Figure, Options
from benchmarks.detection.prequential import STEP_ROWS
from trafficdesk.capture.synthetic.sample import write_sample
from trafficdesk.detect.correction_questions import LookAt, subject_of
from trafficdesk.detect.corrections import Corrections
from trafficdesk.detect.detector import Detector
from trafficdesk.detect.families import FAMILIES, UNUSUAL
from trafficdesk.detect.labelling import Pointed, label_of
from trafficdesk.detect.labels import Stance
from trafficdesk.settings import DetectionSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch

LABELS = 10
LEAST_FLAGS = 40
"""A family with fewer flags in the half hour says nothing about its other traffic."""
OTHER_HALF_HOURS = 2
QUICK_EVERY, EVERY = 12, 3
"""Every n-th attack capture."""


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A detector after its run, and the incident of each row."""

    detector: Detector
    incident: NDArray[np.int64]


def measure(options: Options) -> list[Figure]:
    """Every family that everyday traffic is flagged as."""
    settings = DetectionSettings(seed=options.seed)
    base, lan = splice.everyday(options.captures, options.seed)
    run = _ran(Detector(settings), base.batch)
    others = [
        _ran(Detector(settings), splice.everyday(options.captures, options.seed + more)[0].batch)
        for more in range(1, 2 if options.quick else 1 + OTHER_HALF_HOURS)
    ]
    half = int(np.searchsorted(base.batch["timestamp_ns"], _middle(base.batch)))
    flagged = run.detector.memory.flagged
    said = {}
    for family in np.unique(flagged.family[flagged.ids < half]).tolist():
        mine = flagged.ids[(flagged.family == family) & (flagged.ids < half)]
        if len(mine) >= LEAST_FLAGS:
            said[family] = _labels(run, family, mine)
    figures = [_calmed(family, labels, run, others, half) for family, labels in said.items()]
    return figures + _recall(options, settings, base, lan, said)


def synthetic(options: Options) -> list[Figure]:
    """The sample's half hour made anew with other seeds: what is said of one family there, elsewhere; and of others."""
    seeds = range(20, 23 if options.quick else 20 + LABELS)
    with tempfile.TemporaryDirectory() as folder:
        said = [_made(Path(folder), seed, options) for seed in seeds]
        others = [_made(Path(folder), seed, options) for seed in range(40, 41 if options.quick else 43)]
    figures = []
    named = np.unique(np.concatenate([run.detector.memory.flagged.family for run in said]))
    for family in named[(named > 0) & (named != UNUSUAL)].tolist():
        labels = Corrections()
        for run in said:
            flagged = run.detector.memory.flagged
            for number in np.unique(run.incident[flagged.ids[flagged.family == family]]).tolist():
                ids = flagged.ids[(run.incident[flagged.ids] == number) & (flagged.family == family)]
                pointed = Pointed(Stance.EXPECTED, "", FAMILIES[family].name, "", len(ids), 0)
                look = LookAt(ids).answered(run.detector)
                labels = labels.with_entries(label_of(labels.next_number, pointed, look))
                if len(labels) == LABELS:
                    break
        rows = [subject_of(run.detector.memory.flagged) for run in others]
        gone = [labels.spoken(one) > 0 for one in rows]
        mine = sum(int((one.family == family).sum()) for one in rows)
        calmed = sum(
            int((hushed & (one.family == family)).sum()) for one, hushed in zip(rows, gone, strict=True)
        )
        other = sum(
            int((hushed & (one.family != family)).sum()) for one, hushed in zip(rows, gone, strict=True)
        )
        figures.append(
            Figure(
                f"flags gone after {len(labels)} expected: {FAMILIES[family].name}, other seeds",
                calmed / mine if mine else float("nan"),
                0.8,
                note=f"{mine:,} -> {mine - calmed:,}; of other families lost {other}",
                digits=3,
            )
        )
    return figures


def _made(folder: Path, seed: int, options: Options) -> Run:
    path = folder / f"{seed}.pcapng"
    write_sample(path, seed=seed)
    return _ran(Detector(DetectionSettings(seed=options.seed)), corpus.read(path))


def _ran(detector: Detector, batch: PacketBatch, start: int = 0) -> Run:
    incident = np.zeros(len(batch), np.int64)
    for at in range(start, len(batch), STEP_ROWS):
        step = detector.process(batch.slice(at, min(at + STEP_ROWS, len(batch))))
        incident[step.first_id : step.first_id + len(step)] = step.incident
        incident[step.joined_ids] = step.joined_incident
    return Run(detector, incident)


def _middle(batch: PacketBatch) -> int:
    times = batch["timestamp_ns"]
    return int(times[0]) + int(times[-1] - times[0]) // 2


def _labels(run: Run, family: int, ids: NDArray[np.int64]) -> Corrections:
    """Ten of "Expected": incidents first, then single rows spread over those that belong to none."""
    numbers = [number for number in np.unique(run.incident[ids]).tolist() if number][:LABELS]
    groups = [ids[run.incident[ids] == number] for number in numbers]
    single = ids[run.incident[ids] == 0]
    room = min(LABELS - len(groups), len(single))
    groups += [single[at : at + 1] for at in np.linspace(0, len(single) - 1, room).astype(int).tolist()]
    corrections = Corrections()
    for group in groups:
        pointed = Pointed(Stance.EXPECTED, "", FAMILIES[family].name, "", len(group), 0)
        look = LookAt(group).answered(run.detector)
        corrections = corrections.with_entries(label_of(corrections.next_number, pointed, look))
    return corrections


def _calmed(family: int, labels: Corrections, run: Run, others: list[Run], half: int) -> Figure:
    shares = []
    before = after = 0
    for number, other in enumerate([run, *others]):
        rows = other.detector.memory.flagged
        mine = rows.where((rows.family == family) & ((rows.ids >= half) | (number > 0)))
        left = int((labels.spoken(subject_of(mine)) == 0).sum())
        shares.append(f"{len(mine):,} -> {left:,}")
        before, after = before + len(mine), after + left
    name = f"flags gone after {len(labels)} expected: {FAMILIES[family].name}"
    note = "second half, other half hours: " + ", ".join(shares)
    return Figure(name, 1 - after / before if before else float("nan"), 0.8, note=note, digits=3)


def _recall(
    options: Options,
    settings: DetectionSettings,
    base: corpus.Labelled,
    lan: splice.Lan,
    said: dict[int, Corrections],
) -> list[Figure]:
    times = base.batch["timestamp_ns"]
    rows = int(np.searchsorted(times, times[0] + int(np.ptp(times) * splice.BEGIN_SHARES[0])))
    rows = rows // STEP_ROWS * STEP_ROWS
    begun = Detector(settings)
    _ran(begun, base.batch.slice(0, rows))
    attacks = found = 0
    lost = dict.fromkeys(said, 0)
    worst: dict[int, tuple[float, str]] = dict.fromkeys(said, (0.0, "none"))
    names = corpus.attack_only(options.captures)[:: QUICK_EVERY if options.quick else EVERY]
    for number, name in enumerate(names):
        mixed = splice.spliced(
            base, lan, corpus.labelled(options.captures, name), 1_000 * options.seed + number
        )
        last = int(np.flatnonzero(mixed.attack)[-1]) + 1
        run = _ran(deepcopy(begun), mixed.batch.slice(0, last), rows)
        flagged = run.detector.memory.flagged
        flagged = flagged.where(mixed.attack[flagged.ids])
        count = int(mixed.attack.sum())
        attacks, found = attacks + count, found + len(flagged)
        for family, labels in said.items():
            gone = int((labels.spoken(subject_of(flagged)) > 0).sum())
            lost[family] += gone
            worst[family] = max(worst[family], (gone / count, name))
    return [
        Figure(
            f"points of attack rows lost by it: {FAMILIES[family].name}",
            100 * lost[family] / max(attacks, 1),
            2,
            at_most=True,
            note=f"{len(names)} attacks, {found:,} of {attacks:,} rows flagged without; most: "
            f"{100 * worst[family][0]:.1f} points of {worst[family][1]}",
            digits=2,
        )
        for family in said
    ]
