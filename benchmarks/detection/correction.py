"""Ten times "Expected" on one benign family: what becomes of its other flags, and of attacks.

What is said of rows changes nothing that is learned, so one plain run tells what would be flagged with and without: the
labels are asked about the flagged rows that the detector remembers. Three questions:

* `synthetic`: one family of the sample made anew with other seeds, and all other families.
* `over_days`: recorded home devices. Ten labels at most are given on flags of a capture's first half, drawn from the
  list, and counted on its second half: flags of the same kind (the family; of what only the model finds odd, the first
  reason), and beside it all flags. Who points at a row of an incident means the incident.
* `everyday`: the same of half an hour in which something new begins every minute, counted on what other devices begin
  to do later and elsewhere. It has no target: what a label says of one device is not meant to hold for another, nor for
  clearly more. And attack captures are spliced into it: none of their flags may be lost.

Margins and distance (`detect/exemplars.py`) were set with sight of the everyday half hours of seeds 1 to 3, never of
attacks; that a beacon's known gaps only count how long it has gone on was seen in `over_days`.
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
from trafficdesk.detect.explanation import explain
from trafficdesk.detect.families import FAMILIES, UNUSUAL
from trafficdesk.detect.labelling import Pointed, label_of
from trafficdesk.detect.labels import Stance
from trafficdesk.detect.suppression import behaviour_of
from trafficdesk.settings import DetectionSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.detect.memory import RememberedRows
    from trafficdesk.detect.reference import Reference
    from trafficdesk.packets.batch import PacketBatch

LABELS = 10
DAYS = "benign/tjoconnor_iot/pcaps/*.pcap"
OTHER_HALF_HOURS = 2
QUICK_EVERY, EVERY = 12, 3
"""Every n-th attack capture."""


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A detector after its run, and the incident of each row."""

    detector: Detector
    incident: NDArray[np.int64]


def measure(options: Options) -> list[Figure]:
    """Home devices over days, and half hours in which everything is new."""
    return [*over_days(options), *everyday(options)]


def over_days(options: Options) -> list[Figure]:
    """Each recorded device's first half, and what follows."""
    same = gone = more = more_gone = 0
    captures = sorted(options.captures.glob(DAYS))[: 1 if options.quick else None]
    for path in captures:
        batch = corpus.read(path)
        run = _ran(Detector(DetectionSettings(seed=options.seed)), batch)
        model = run.detector.model_in_force
        if model is None:
            continue
        flagged = run.detector.memory.flagged
        first = batch["timestamp_ns"][flagged.ids] < _middle(batch)
        labels = _labels(run, flagged.ids[first])
        spoken = labels.spoken(subject_of(flagged)) > 0
        kinds = _kinds(flagged, model.reference)
        known = ~first & np.isin(kinds, np.unique(kinds[first]))
        same, gone = same + int(known.sum()), gone + int((known & spoken).sum())
        more, more_gone = more + int((~first).sum()), more_gone + int((~first & spoken).sum())
    return [
        Figure(
            "flags gone after ten expected, devices over days",
            gone / max(same, 1),
            0.8,
            note=f"{same:,} -> {same - gone:,} of the kinds seen before, in {len(captures)} captures",
            digits=3,
        ),
        Figure("the same with kinds never seen before", more_gone / max(more, 1), note=f"{more:,}", digits=3),
    ]


def everyday(options: Options) -> list[Figure]:
    """What the labels do to other devices, and to attacks."""
    settings = DetectionSettings(seed=options.seed)
    base, lan = splice.everyday(options.captures, options.seed)
    run = _ran(Detector(settings), base.batch)
    others = [
        _ran(Detector(settings), splice.everyday(options.captures, options.seed + more)[0].batch)
        for more in range(1, 2 if options.quick else 1 + OTHER_HALF_HOURS)
    ]
    half = int(np.searchsorted(base.batch["timestamp_ns"], _middle(base.batch)))
    flagged = run.detector.memory.flagged
    labels = _labels(run, flagged.ids[flagged.ids < half])
    later = [flagged.where(flagged.ids >= half), *(other.detector.memory.flagged for other in others)]
    gone = sum(int((labels.spoken(subject_of(rows)) > 0).sum()) for rows in later)
    count = sum(map(len, later))
    return [
        Figure("of what other devices begin to do", gone / max(count, 1), note=f"{count:,} flags", digits=3),
        *_recall(options, settings, base, lan, labels),
    ]


def _kinds(rows: RememberedRows, reference: Reference) -> NDArray[np.str_]:
    """(rows,) what each flag is about."""
    first = explain(rows.values, reference).features[:, 0]
    odd = (rows.family == UNUSUAL) | (rows.family == 0)
    names = np.array([family.name for family in FAMILIES])[rows.family]
    reasons = np.array([f"unusual {behaviour_of(index)}" for index in first.tolist()] or [""])
    return np.where(odd, reasons[: len(rows)], names)


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


def _labels(run: Run, ids: NDArray[np.int64]) -> Corrections:
    """Ten of "Expected" on flags spread over the list; who points at a row of an incident means the incident."""
    corrections = Corrections()
    done: set[int] = set()
    spread = np.argsort(np.random.default_rng(0).random(len(ids)))
    for packet_id in ids[spread].tolist():
        number = int(run.incident[packet_id])
        if packet_id in done or len(corrections) == LABELS:
            continue
        group = ids[run.incident[ids] == number] if number else np.array([packet_id])
        done.update(group.tolist())
        pointed = Pointed(Stance.EXPECTED, "", "", "", len(group), 0)
        look = LookAt(group).answered(run.detector)
        corrections = corrections.with_entries(label_of(corrections.next_number, pointed, look))
    return corrections


def _recall(
    options: Options,
    settings: DetectionSettings,
    base: corpus.Labelled,
    lan: splice.Lan,
    labels: Corrections,
) -> list[Figure]:
    times = base.batch["timestamp_ns"]
    rows = int(np.searchsorted(times, times[0] + int(np.ptp(times) * splice.BEGIN_SHARES[0])))
    rows = rows // STEP_ROWS * STEP_ROWS
    begun = Detector(settings)
    _ran(begun, base.batch.slice(0, rows))
    attacks = found = lost = 0
    worst = (0.0, "none")
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
        gone = int((labels.spoken(subject_of(flagged)) > 0).sum())
        attacks, found, lost = attacks + count, found + len(flagged), lost + gone
        worst = max(worst, (gone / count, name))
    return [
        Figure(
            "points of attack rows lost by it",
            100 * lost / max(attacks, 1),
            2,
            at_most=True,
            note=f"{len(names)} attacks, {found:,} of {attacks:,} rows flagged without; most: "
            f"{100 * worst[0]:.1f} points of {worst[1]}",
            digits=2,
        )
    ]
