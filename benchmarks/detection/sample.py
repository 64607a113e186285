"""The sample that comes with the program: every planted incident found, none else, and a better ranking than the textbook's."""

from __future__ import annotations

import numpy as np

from benchmarks.detection import corpus
from benchmarks.detection.figure import Figure, Options
from benchmarks.detection.measures import area_under_curve, true_positive_rate
from benchmarks.detection.prequential import judged, textbook
from trafficdesk.capture.synthetic import generate
from trafficdesk.paths import sample_capture
from trafficdesk.settings import DetectionSettings


def measure(options: Options) -> list[Figure]:
    """Needs no corpus."""
    sample = generate()
    attack = np.array(sample.incidents) > 0
    batch = corpus.read(sample_capture())
    said = judged(batch, DetectionSettings(seed=options.seed))
    plain = textbook(batch, options.seed)
    planted = {(truth.family, truth.culprit) for truth in sample.truths}
    found = {(incident.family, incident.culprit) for incident in said.incidents.values()}
    naive = area_under_curve(plain, attack)
    return [
        Figure(
            "planted incidents found", len(planted & found) / len(planted), 1.0, note=f"of {len(planted)}"
        ),
        Figure(
            "others named",
            len(found - planted),
            0.0,
            at_most=True,
            note=", ".join(map(str, sorted(found - planted))),
        ),
        Figure("AUC", area_under_curve(said.score, attack), naive, note=f"textbook forest {naive:.3f}"),
        Figure(
            "TPR at 1 % FPR",
            true_positive_rate(said.score, attack, 0.01),
            note=f"textbook forest {true_positive_rate(plain, attack, 0.01):.3f}",
        ),
        Figure("benign rows flagged", float(said.flagged[~attack].mean())),
    ]
