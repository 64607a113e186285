"""Captures that hold attacks and ordinary traffic as they were recorded: Westermo's factory, Lemay's SCADA network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.detection import corpus, splice
from benchmarks.detection.figure import Figure, Options
from benchmarks.detection.measures import area_under_curve, jaccard, true_positive_rate
from benchmarks.detection.prequential import judged, textbook
from trafficdesk.settings import DetectionSettings

if TYPE_CHECKING:
    from benchmarks.detection.corpus import Labelled
    from benchmarks.detection.prequential import Judgement

WESTERMO = "westermo/right_A.pcap"
MODBUS = (
    "modbus_lemay/moving_two_files_modbus_6RTU.pcap",
    "modbus_lemay/CnC_uploading_exe_modbus_6RTU_with_operate.pcap",
    "modbus_lemay/characterization_modbus_6RTU_with_operate.pcap",
)
"""In the order in which they were recorded, within 45 minutes on one network."""


def westermo(options: Options) -> list[Figure]:
    """Port scans, password guessing and ARP attacks in a factory's network."""
    capture = corpus.labelled(options.captures, WESTERMO)
    said = judged(capture.batch, DetectionSettings(seed=options.seed))
    _tell(options, capture, said)
    return _figures(
        capture,
        said,
        options.seed,
        {"AUC": 0.995, "TPR at 1 % FPR": 0.97, "TPR at 0.1 % FPR": 0.96},
        benign=0.002,
    )


def modbus(options: Options) -> list[Figure]:
    """Attacks in the application layer of a SCADA network, one after the other as in one long session."""
    captures = [corpus.labelled(options.captures, name) for name in MODBUS]
    whole = corpus.Labelled(
        "Modbus",
        corpus.joined([capture.batch for capture in captures]),
        np.concatenate([capture.label for capture in captures]),
    )
    said = judged(whole.batch, DetectionSettings(seed=options.seed))
    _tell(options, whole, said)
    figures = _figures(whole, said, options.seed, {"AUC": 0.93})
    for capture in captures:
        alone = judged(capture.batch, DetectionSettings(seed=options.seed))
        area = area_under_curve(
            alone.score[capture.attack | capture.benign], capture.attack[capture.attack | capture.benign]
        )
        figures.append(Figure(f"AUC of {capture.name.split('/')[1][:27]} alone", area))
    return figures


def seeds(options: Options) -> list[Figure]:
    """Whether chance decides what is flagged: two seeds on the same captures, attacks and half an hour without any."""
    batches = {
        "Westermo": corpus.labelled(options.captures, WESTERMO).batch,
        "Modbus": corpus.joined([corpus.labelled(options.captures, name).batch for name in MODBUS]),
        "everyday, no attack": splice.everyday(options.captures, options.seed)[0].batch,
    }
    both = either = 0
    figures = []
    for name, batch in batches.items():
        one, other = (
            judged(batch, DetectionSettings(seed=seed)).flagged for seed in (options.seed, options.seed + 1)
        )
        both, either = both + int((one & other).sum()), either + int((one | other).sum())
        note = f"{int((one & other).sum()):,} rows by both, {int((one ^ other).sum()):,} by one"
        figures.append(Figure(f"Jaccard, {name}", jaccard(one, other), note=note))
    return [Figure("Jaccard of all flagged rows", both / max(either, 1), 0.9), *figures]


def _figures(
    capture: Labelled, said: Judgement, seed: int, targets: dict[str, float], benign: float | None = None
) -> list[Figure]:
    known = capture.attack | capture.benign
    attack = capture.attack[known]
    plain = textbook(capture.batch, seed)[known]
    score = said.score[known]
    pairs = {
        "AUC": (area_under_curve(score, attack), area_under_curve(plain, attack)),
        "TPR at 1 % FPR": (true_positive_rate(score, attack, 0.01), true_positive_rate(plain, attack, 0.01)),
        "TPR at 0.1 % FPR": (
            true_positive_rate(score, attack, 0.001),
            true_positive_rate(plain, attack, 0.001),
        ),
    }
    return [
        *(
            Figure(name, ours, targets.get(name), note=f"textbook forest {naive:.3f}")
            for name, (ours, naive) in pairs.items()
        ),
        Figure("attack rows flagged", float(said.flagged[capture.attack].mean())),
        Figure("benign rows flagged", float(said.flagged[capture.benign].mean()), benign, at_most=True),
    ]


def _tell(options: Options, capture: Labelled, said: Judgement) -> None:
    if not options.verbose:
        return
    for number, incident in said.incidents.items():
        own = said.incident == number
        share = float(capture.attack[own].mean()) if own.any() else 0.0
        print(
            f"    {share:4.0%} attack, {incident.packets:6,} packets: {incident.family}: {incident.sentence[:110]}"
        )
