"""`Replay`: what was recorded of an evidence, told again row by row as the detector told it; nothing is judged anew."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from trafficdesk.detect.finding import Detection, ModelState

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.detect.model_record import ModelRecord
    from trafficdesk.detect.proof import Proof
    from trafficdesk.evidence.opening import Opened


class Replay:
    """Of the packets in an evidence's capture, which are numbered from 0 here.

    Parameters
    ----------
    evidence : with a recording.
    """

    def __init__(self, evidence: Opened) -> None:
        recording = evidence.recording
        assert recording is not None
        rows = np.flatnonzero(recording.kept)
        self._ids, self._proof = recording.ids[rows], recording.proof
        self._score, self._verdict = recording.score[rows], recording.verdict[rows]
        self._family, self._incident = recording.family[rows], recording.incident[rows]
        here = np.isin(recording.flagged.ids, self._ids)
        self._flagged = recording.flagged.where(here)
        self._places = np.searchsorted(self._ids, self._flagged.ids)
        mine = np.flatnonzero(self._incident == evidence.incident.id)
        first = int(mine[0]) if len(mine) else 0
        self._told = replace(evidence.incident, first_packet_id=first)
        models = recording.proof.models if recording.proof is not None else ()
        records = [model.record for model in models]
        named = [record for record in records if record.number == evidence.incident.model_id]
        self._state = _state(next(iter(named or records), None))

    def __len__(self) -> int:
        return len(self._score)

    def proof(self, packet_ids: NDArray[np.int64]) -> Proof | None:
        """What the scores of packets were computed from, to be handed on; None = it was not recorded."""
        if self._proof is None:
            return None
        here = self._proof.where(np.isin(self._proof.ids, self._ids))
        numbered = replace(here, ids=np.searchsorted(self._ids, here.ids).astype(np.int64))
        return numbered.where(np.isin(numbered.ids, packet_ids))

    def detection(self, start_id: int, stop_id: int) -> Detection:
        """What was said of consecutive packets; of such as were not recorded, nothing."""
        first, last = np.searchsorted(self._places, (start_id, stop_id))
        flagged = slice(first, last)
        rows = slice(start_id, stop_id)
        missing = (0, stop_id - start_id - len(self._score[rows]))
        return Detection(
            first_id=start_id,
            score=np.pad(self._score[rows], missing, constant_values=np.nan),
            verdict=np.pad(self._verdict[rows], missing),
            family=np.pad(self._family[rows], missing),
            incident=np.pad(self._incident[rows], missing),
            flagged_ids=self._places[flagged].astype(np.int64),
            reason_features=self._flagged.features[flagged],
            reason_values=self._flagged.values[flagged],
            reason_usual=self._flagged.usual[flagged],
            reason_ends=self._flagged.ends[flagged],
            incidents=(self._told,) if not start_id else (),
            model=self._state,
        )


def _state(record: ModelRecord | None) -> ModelState:
    """Of a model that is not in force: it was."""
    if record is None:
        return ModelState()
    known = ModelState()
    return ModelState(
        learned=max(record.rows, known.needed),
        model_id=record.number,
        rows=record.rows,
        fitted_at_ns=record.fitted_at_ns,
        refits=record.number,
        window_rows=record.rows,
        early=record.early,
        record=record,
    )
