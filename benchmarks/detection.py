"""Detection on the sample: our detector against the textbook forest on the same rows, both prequential.

The textbook: IsolationForest on hashed addresses, protocol, ports and length of the last 10,000 packets, refitted
every 2,500. Each row is scored by a model that has not seen it.
"""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np
from _support import row
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score

from trafficdesk.capture.pcap_file import CaptureFile
from trafficdesk.capture.synthetic import generate
from trafficdesk.decode import decode
from trafficdesk.detect.detector import Detector
from trafficdesk.packets.log import FLAGGED
from trafficdesk.paths import sample_capture
from trafficdesk.settings.declared import DetectionSettings

STEP = 1_000
WINDOW, REFIT, WARM_UP = 10_000, 2_500, 3_000


def main() -> int:
    """Exit code: 0 we rank better than the textbook and find every incident, 1 not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    sample = generate()
    attack = np.array(sample.incidents) > 0
    with CaptureFile(sample_capture()) as capture:
        batches = [
            batch.slice(start, min(start + STEP, len(batch)))
            for block in capture.blocks()
            for batch in (decode(block),)
            for start in range(0, len(batch), STEP)
        ]
    print(
        f"Detection on {len(attack):,} packets of the sample, {int(attack.sum()):,} of them in {len(sample.truths)} incidents"
    )
    begin = time.perf_counter()
    score, flagged, found = ours(batches, chosen.seed)
    mine = figures("trafficdesk", score, flagged, attack, time.perf_counter() - begin)
    begin = time.perf_counter()
    plain = textbook(batches, chosen.seed)
    peer = figures("scikit-learn, textbook features", plain, plain > 0, attack, time.perf_counter() - begin)
    planted = {(truth.family, truth.culprit) for truth in sample.truths}
    row(
        "incidents found",
        f"{len(planted & found)} of {len(planted)}",
        f"others named: {sorted(found - planted) or 'none'}",
    )
    return 0 if mine > peer and found == planted else 1


def ours(batches: list, seed: int) -> tuple[np.ndarray, np.ndarray, set[tuple[str, str]]]:
    """Score and flag per row, and (family, culprit) of every incident."""
    detector = Detector(DetectionSettings(seed=seed))
    steps = [detector.process(batch) for batch in batches]
    found = {(incident.family, incident.culprit) for step in steps for incident in step.incidents}
    verdict = np.concatenate([step.verdict for step in steps])
    return np.nan_to_num(np.concatenate([step.score for step in steps])), (verdict & FLAGGED) != 0, found


def textbook(batches: list, seed: int) -> np.ndarray:
    """Score per row, above 0 = its own idea of an anomaly; 0 before the first fit."""
    rows = np.concatenate([naive_features(batch) for batch in batches])
    scores = np.zeros(len(rows))
    forest, fitted = None, 0
    for start in range(0, len(rows), STEP):
        if start >= WARM_UP and (forest is None or start - fitted >= REFIT):
            forest = IsolationForest(n_estimators=100, random_state=seed, n_jobs=1).fit(
                rows[max(0, start - WINDOW) : start]
            )
            fitted = start
        if forest is not None:
            # scikit-learn: low = anomalous.
            scores[start : start + STEP] = -forest.decision_function(rows[start : start + STEP])
    return scores


def naive_features(batch: object) -> np.ndarray:
    """What comes to mind first: addresses as numbers, protocol, ports, length."""
    hashed = [
        np.ascontiguousarray(batch[name]).view("u8").reshape(-1, 2)[:, 1] % 65_521
        for name in ("source", "destination")
    ]
    plain = [batch[name] for name in ("ip_protocol", "source_port", "destination_port", "length")]
    return np.stack([*hashed, *plain], axis=1).astype(np.float32)


def figures(name: str, score: np.ndarray, flagged: np.ndarray, attack: np.ndarray, seconds: float) -> float:
    """Print what matters of a ranking; returns its AUC."""
    area = float(roc_auc_score(attack, score))
    limit = np.quantile(score[~attack], 0.99)
    row(f"{name}: area under the curve", f"{area:.3f}", f"{len(score) / seconds:,.0f} rows/s")
    row("  attack rows above 99 % of the benign", f"{(score[attack] > limit).mean():.3f}")
    row(
        "  attack rows flagged, benign rows flagged",
        f"{flagged[attack].mean():.3f}, {flagged[~attack].mean():.4f}",
    )
    return area


if __name__ == "__main__":
    sys.exit(main())
