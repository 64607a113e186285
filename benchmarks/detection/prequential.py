"""One pass over a capture, every row judged before it is learned: our detector, and the textbook's forest."""

from __future__ import annotations

import time
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from trafficdesk.detect.detector import Detector
from trafficdesk.packets.address import halves
from trafficdesk.packets.log import FLAGGED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.detect.finding import Detection, Incident
    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.settings import DetectionSettings

STEP_ROWS = 1_000
LIVE_NS = 250_000_000
"""How long a live batch gathers."""
WATCHED_NS = 120 * 1_000_000_000
WINDOW, REFIT, WARM_UP = 10_000, 2_500, 3_000


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """What the detector said of a whole capture; arrays over (rows,)."""

    score: NDArray[np.float64]
    """High = anomalous; 0 before the first fit."""
    flagged: NDArray[np.bool_]
    family: NDArray[np.uint8]
    incident: NDArray[np.int64]
    """Incident that claims the row in the end, 0 = none."""
    incidents: dict[int, Incident]
    opened_ns: dict[int, int] = field(default_factory=dict)
    """Time of the last row of the batch in which each incident was first told."""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Begun:
    """A detector that has judged the first rows, and what it said of them."""

    detector: Detector
    steps: tuple[Detection, ...]
    rows: int


def begun(batch: PacketBatch, settings: DetectionSettings, rows: int) -> Begun:
    """Run a fresh detector over the first `rows` rows, some less to end with a whole step."""
    detector = Detector(settings)
    rows = rows // STEP_ROWS * STEP_ROWS
    steps = [detector.process(batch.slice(at, at + STEP_ROWS)) for at in range(0, rows, STEP_ROWS)]
    return Begun(detector, tuple(steps), rows)


def judged(
    batch: PacketBatch,
    settings: DetectionSettings,
    *,
    watched_from_ns: int | None = None,
    after: Begun | None = None,
) -> Judgement:
    """Run a fresh detector over `batch`, numbered from 0.

    Parameters
    ----------
    watched_from_ns : from there on, for two minutes, batches are as short as live ones, so that delays are true.
    after : goes on from there: the batch begins with the very rows that were judged already.
    """
    detector = deepcopy(after.detector) if after else Detector(settings)
    steps = list(after.steps) if after else []
    began = time.process_time()
    cuts = _cuts(batch["timestamp_ns"], watched_from_ns)
    for start, stop in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True):
        if after is None or start >= after.rows:
            steps.append(detector.process(batch.slice(start, stop)))
    incidents: dict[int, Incident] = {}
    opened_ns: dict[int, int] = {}
    claimed = np.zeros(len(batch), np.int64)
    for step in steps:
        stop = step.first_id + len(step)
        claimed[step.first_id : stop] = step.incident
        claimed[step.joined_ids] = step.joined_incident
        for incident in step.incidents:
            incidents[incident.id] = incident
            opened_ns.setdefault(incident.id, int(batch["timestamp_ns"][stop - 1]))
    verdict = np.concatenate([step.verdict for step in steps])
    return Judgement(
        score=np.nan_to_num(np.concatenate([step.score for step in steps])).astype(np.float64),
        flagged=(verdict & FLAGGED) != 0,
        family=np.concatenate([step.family for step in steps]),
        incident=claimed,
        incidents=incidents,
        opened_ns=opened_ns,
        seconds=time.process_time() - began,
    )


def _cuts(timestamps_ns: NDArray[np.int64], watched_from_ns: int | None) -> NDArray[np.intp]:
    rows = len(timestamps_ns)
    cuts = np.append(np.arange(0, rows, STEP_ROWS), rows)
    if watched_from_ns is not None:
        since = timestamps_ns - watched_from_ns
        changes = np.flatnonzero(np.diff(since // LIVE_NS)) + 1
        watched = changes[(since[changes] >= 0) & (since[changes] < WATCHED_NS)]
        cuts = np.union1d(cuts, watched)
    return np.unique(cuts)


def textbook(batch: PacketBatch, seed: int) -> NDArray[np.float64]:
    """Score per row of the forest that comes to mind first; 0 before its first fit.

    scikit-learn's IsolationForest on hashed addresses, protocol and length of the last 10,000 packets, refitted every
    2,500; a row is scored by a model that has not seen it.
    """
    from sklearn.ensemble import IsolationForest

    rows = naive_features(batch)
    scores = np.zeros(len(rows))
    forest, fitted = None, 0
    for start in range(0, len(rows), STEP_ROWS):
        if start >= WARM_UP and (forest is None or start - fitted >= REFIT):
            recent = rows[max(0, start - WINDOW) : start]
            forest = IsolationForest(n_estimators=100, random_state=seed, n_jobs=1).fit(recent)
            fitted = start
        if forest is not None:
            # scikit-learn: low = anomalous.
            scores[start : start + STEP_ROWS] = -forest.score_samples(rows[start : start + STEP_ROWS])
    return scores


def naive_features(batch: PacketBatch) -> NDArray[np.float32]:
    """(rows, 4): addresses hashed to numbers, protocol, length."""
    hashed = []
    for name in ("source", "destination"):
        pair = halves(batch[name])
        hashed.append((pair[:, 0] * np.uint64(31) + pair[:, 1]) % np.uint64(65_521))
    return np.stack([*hashed, batch["ip_protocol"], batch["length"]], axis=1).astype(np.float32)
