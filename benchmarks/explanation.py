"""Are explanations right? Known behaviours are injected into real rows, and the reasons told are compared with them.

Rows of captures pass the real detector; behind its last model, ordinary rows are drawn and 1, 2 or 3 behaviours of each
are pushed beyond what the reference has shown: `far` as in DETECTION.md section 7 (30 to 100 % of the range beyond its
end), `near` just beyond the 99.9 % value. Only rows that the detector flags count for "the first reason is right";
those it does not flag are never explained. The speed of the bulk path is measured on the same rows.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from _support import row

from trafficdesk.capture.pcap_file import CaptureFile
from trafficdesk.decode import decode
from trafficdesk.detect.behaviours import BEHAVIOURS, OF_FEATURE
from trafficdesk.detect.combination import combination
from trafficdesk.detect.detector import Detector
from trafficdesk.detect.explanation import explain
from trafficdesk.detect.why_question import unusual
from trafficdesk.features import FEATURES
from trafficdesk.paths import sample_capture
from trafficdesk.settings import DetectionSettings

ROWS = 400
"""Injected rows per number of behaviours."""
NEEDED = 0.95
LEAST_RATE = 50_000
MOST_PACKETS = 60_000
LEAST_BYTES = 600_000
"""Smaller captures hold too few packets for a model."""
CAPTURES = Path(__file__).parents[2] / "shared" / "captures"
INJECTED = tuple(
    number
    for number, behaviour in enumerate(BEHAVIOURS)
    if len(behaviour.told) and any(FEATURES[column].modelled for column in behaviour.told)
)


def main() -> int:
    """Exit code: 0 first reasons are right and the bulk path is fast enough, 1 not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "captures", nargs="*", type=Path, help="default: the sample and what lies in ../shared/captures"
    )
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    good = True
    for path in chosen.captures or default_captures():
        detector = analysed(path, chosen.seed)
        if detector.model_in_force is None or detector.model_in_force.early:
            continue  # too few packets for a model that flags
        good &= judge(path.name, detector, np.random.default_rng(chosen.seed))
    return 0 if good else 1


def default_captures() -> list[Path]:
    """Our sample, and the largest capture of each kind where they are at hand."""
    found = [
        path for path in CAPTURES.glob("**/*.pcap*") if path.is_file() and path.stat().st_size >= LEAST_BYTES
    ]
    found.sort(key=lambda path: path.stat().st_size)
    largest = {path.relative_to(CAPTURES).parts[:2]: path for path in found}
    return [sample_capture(), *sorted(largest.values())]


def analysed(path: Path, seed: int) -> Detector:
    """The detector after the first packets of a capture."""
    detector, packets = Detector(DetectionSettings(seed=seed)), 0
    with CaptureFile(path) as capture:
        for block in capture.blocks():
            batch = decode(block)
            detector.process(batch)
            packets += len(batch)
            if packets >= MOST_PACKETS:
                break
    return detector


def judge(name: str, detector: Detector, random: np.random.Generator) -> bool:
    """Print what came of one capture's rows; whether it is good enough."""
    model = detector.model_in_force
    ordinary = detector.memory.ordinary.values
    ordinary = ordinary[~unusual(model)(ordinary)]
    good, told = True, []
    for reach in ("far", "near"):
        for count in (1, 2, 3):
            rows, truth = injected(ordinary, model.reference, count, reach, random)
            flagged = unusual(model)(rows)
            first, all_told = rightness(rows[flagged], truth[flagged], model)
            what = f"{count} behaviour{'s' if count > 1 else ''} {reach} beyond"
            shares = f"first reason right {first:.3f}, all of them told {all_told:.3f}"
            told.append(
                (what, shares if flagged.any() else "none flagged", f"{flagged.mean():.0%} of {ROWS} flagged")
            )
            good &= not flagged.any() or first >= NEEDED
    for line in told:
        row(f"{name}: {line[0]}", line[1], line[2])
    many = np.repeat(ordinary[:2_000], 10, axis=0)
    rate = 0.0
    for _ in range(3):
        began = time.perf_counter()
        explain(many, model.reference)
        rate = max(rate, len(many) / (time.perf_counter() - began))
    rows, truth = injected(ordinary, model.reference, 1, "far", random)
    began = time.perf_counter()
    features = combination(rows, model).features
    peer = len(rows) / (time.perf_counter() - began)
    right = truth[np.arange(len(rows)), [OF_FEATURE[index] for index in features[:, 0].tolist()]].mean()
    row(
        f"{name}: rows explained",
        f"{rate:,.0f} rows/s",
        f"{rate / peer:.0f} times ablation of the forest, right about {right:.3f}",
    )
    return good and rate >= LEAST_RATE


def injected(
    ordinary: np.ndarray, reference: object, count: int, reach: str, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Rows with `count` behaviours changed, and (rows, behaviours) which."""
    rows = ordinary[random.integers(0, len(ordinary), ROWS)].copy()
    truth = np.zeros((ROWS, len(BEHAVIOURS)), np.bool_)
    low, high = reference.sorted_columns[:, 0], reference.sorted_columns[:, -1]
    for number in range(ROWS):
        for behaviour in random.choice(INJECTED, count, replace=False):
            columns = BEHAVIOURS[behaviour].told
            if reach == "far":
                beyond = (high[columns] - low[columns] + 2) * random.uniform(0.3, 1.0)
                rows[number, columns] = high[columns] + beyond
            else:
                rows[number, columns] = reference.q999[columns] + random.uniform(0.5, 1.0)
            truth[number, behaviour] = True
    return rows, truth


def rightness(rows: np.ndarray, truth: np.ndarray, model: object) -> tuple[float, float]:
    """Share of rows whose first reason was injected, and of those of which all injected ones are told."""
    if not len(rows):
        return float("nan"), float("nan")
    features = explain(rows, model.reference).features
    behaviour = np.vectorize(lambda index: OF_FEATURE[index] if index >= 0 else -1)(features)
    every = np.arange(len(rows))
    first = truth[every, behaviour[:, 0]]
    hits = np.stack([(behaviour[:, place] >= 0) & truth[every, behaviour[:, place]] for place in range(3)])
    return float(first.mean()), float((hits.sum(axis=0) == truth.sum(axis=1)).mean())


if __name__ == "__main__":
    sys.exit(main())
