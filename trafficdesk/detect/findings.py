"""`FindingLog`: what the detector said so far, for the window and the exports; bounded, without the detector itself."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from trafficdesk.detect.explanation import TOLD
from trafficdesk.detect.families import FAMILIES, UNUSUAL
from trafficdesk.detect.finding import ModelState
from trafficdesk.detect.words import combination, name_of, reason_of, sentence_of, together

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from trafficdesk.detect.finding import Detection, Incident, Reason

MAX_ROWS: Final = 500_000
"""Flagged rows whose reasons are kept; some 40 bytes each."""
MAX_INCIDENTS: Final = 5_000


_CHUNK_ROWS: Final = 4_096


@dataclass(frozen=True, slots=True, eq=False)
class FlaggedRows:
    """Reasons of flagged rows, ascending by id; arrays over (rows,) and (rows, 3)."""

    ids: NDArray[np.int64]
    family: NDArray[np.uint8]
    features: NDArray[np.int16]
    values: NDArray[np.float32]
    usual: NDArray[np.float32]
    ends: NDArray[np.int8]

    @classmethod
    def of(cls, detection: Detection) -> Self:
        """The flagged rows of one step."""
        ids = detection.flagged_ids
        return cls(
            ids,
            detection.family[detection.rows_of(ids)],
            detection.reason_features,
            detection.reason_values,
            detection.reason_usual,
            np.full(detection.reason_features.shape, -1, np.int8)
            if detection.reason_ends is None
            else detection.reason_ends,
        )

    @classmethod
    def none(cls) -> Self:
        """No rows."""
        shape = (0, TOLD)
        return cls(
            np.empty(0, np.int64),
            np.empty(0, np.uint8),
            np.empty(shape, np.int16),
            np.empty(shape, np.float32),
            np.empty(shape, np.float32),
            np.empty(shape, np.int8),
        )

    def where(self, chosen: NDArray[np.bool_]) -> FlaggedRows:
        """The chosen rows."""
        return FlaggedRows(*(getattr(self, item.name)[chosen] for item in fields(self)))

    def followed_by(self, other: FlaggedRows) -> FlaggedRows:
        """Both end to end."""
        names = (item.name for item in fields(self))
        return FlaggedRows(*(np.concatenate([getattr(self, name), getattr(other, name)]) for name in names))


class FindingLog:
    """Incidents, reasons of flagged rows and the model's state.

    Parameters
    ----------
    max_rows : flagged rows whose reasons are kept; the oldest leave first, some thousand at a time.
    ends : names of a packet's source and destination, empty where they are not known any more.
    """

    def __init__(
        self, max_rows: int = MAX_ROWS, ends: Callable[[int], tuple[str, str]] | None = None
    ) -> None:
        self._max_rows = max_rows
        self._ends = ends or _nameless
        self._chunks: list[FlaggedRows] = []
        self._rows = 0
        self._incidents: dict[int, Incident] = {}
        self._in_order: tuple[Incident, ...] | None = ()
        self.model = ModelState()
        """As of the last step."""

    @property
    def incidents(self) -> tuple[Incident, ...]:
        """Every incident so far in order of opening, newest value of each."""
        if self._in_order is None:
            self._in_order = tuple(self._incidents.values())
        return self._in_order

    @property
    def last_number(self) -> int:
        """Id of the incident opened last; 0 = none yet."""
        return max(self._incidents, default=0)

    def add(self, detection: Detection) -> None:
        """Take the result of one step, which follows the former."""
        self.model = detection.model
        for incident in detection.incidents:
            self._incidents[incident.id] = incident
            self._in_order = None
        while len(self._incidents) > MAX_INCIDENTS:
            del self._incidents[next(iter(self._incidents))]
        if len(detection.flagged_ids):
            self._append(FlaggedRows.of(detection))

    def replace(self, incidents: Iterable[Incident]) -> None:
        """Take other values of incidents that are here."""
        for incident in incidents:
            if incident.id in self._incidents:
                self._incidents[incident.id] = incident
        self._in_order = None

    def incident(self, number: int) -> Incident | None:
        """The incident of that id, or None."""
        return self._incidents.get(number)

    def reasons_of(self, packet_id: int) -> tuple[Reason, ...]:
        """Why a packet was flagged, most telling first; empty when it was not, or so long ago that it is forgotten."""
        found = self._find(packet_id)
        if found is None:
            return ()
        chunk, row = found
        columns = (chunk.features, chunk.values, chunk.usual, chunk.ends)
        told = zip(*(column[row].tolist() for column in columns), strict=True)
        ends = self._ends(packet_id)
        return tuple(
            reason_of(index, value, usual, name_of(index, end, ends))
            for index, value, usual, end in told
            if index >= 0
        )

    def sentence_of(self, packet_id: int) -> str:
        """One line that says why a packet was flagged; empty when it was not."""
        found = self._find(packet_id)
        if found is None:
            return ""
        chunk, row = found
        family, reasons = int(chunk.family[row]), self.reasons_of(packet_id)
        title = FAMILIES[family].title
        if family == UNUSUAL and together(reasons):
            return f"{title}: {combination(reasons)}"
        return sentence_of(title, reasons)

    def flagged_between(self, first_id: int, stop_id: int) -> NDArray[np.int64]:
        """Ascending packet_ids, from `first_id` to before `stop_id`, whose reasons are known; from any thread."""
        chunks = [chunk.ids for chunk in list(self._chunks)]
        here = [ids[slice(*np.searchsorted(ids, (first_id, stop_id)))] for ids in chunks]
        return np.concatenate(here) if here else np.empty(0, np.int64)

    def reason_features(self, ids: NDArray[np.int64]) -> NDArray[np.int16]:
        """(ids, told) features that are reasons of packets (ascending ids), -1 = none or forgotten."""
        told = np.full((len(ids), TOLD), -1, np.int16)
        for chunk in self._chunks:
            first, stop = np.searchsorted(ids, (chunk.ids[0], chunk.ids[-1] + 1))
            at = np.minimum(np.searchsorted(chunk.ids, ids[first:stop]), len(chunk.ids) - 1)
            here = chunk.ids[at] == ids[first:stop]
            told[first:stop][here] = chunk.features[at[here]]
        return told

    def flagged_rows(self, ids: NDArray[np.int64]) -> FlaggedRows:
        """Those of the packets `ids` whose reasons are known, ascending; from any thread."""
        out = FlaggedRows.none()
        for chunk in list(self._chunks):
            out = out.followed_by(chunk.where(np.isin(chunk.ids, ids)))
        return out

    def _append(self, flagged: FlaggedRows) -> None:
        self._rows += len(flagged.ids)
        if self._chunks and len(self._chunks[-1].ids) < _CHUNK_ROWS:
            flagged = self._chunks.pop().followed_by(flagged)
        self._chunks.append(flagged)
        while self._rows > self._max_rows and len(self._chunks) > 1:
            self._rows -= len(self._chunks.pop(0).ids)

    def _find(self, packet_id: int) -> tuple[FlaggedRows, int] | None:
        at = bisect_right(self._chunks, packet_id, key=lambda chunk: int(chunk.ids[0])) - 1
        if at < 0:
            return None
        chunk = self._chunks[at]
        row = int(np.searchsorted(chunk.ids, packet_id))
        if row < len(chunk.ids) and int(chunk.ids[row]) == packet_id:
            return chunk, row
        return None


def _nameless(_packet_id: int) -> tuple[str, str]:
    return "", ""
