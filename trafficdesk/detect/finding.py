"""What the detector says: reasons, incidents, the model's state, and the result of one step.

Values only; they cross the process border by pickle between our own processes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from trafficdesk.classify.looks import Looks
from trafficdesk.packets.log import Verdict

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.detect.model_record import ModelRecord


@dataclass(frozen=True, slots=True)
class Reason:
    """One behaviour that is not usual."""

    feature: str
    """Name in `features.FEATURES`, or the rule's measure."""
    value: float
    unit: str
    window_s: float
    """Seconds the value spans; 0 = this packet alone."""
    usual_high: float
    """The reference's 99 % value, in the same unit."""
    words: str
    """"about 212 destination ports on 192.168.1.20 in 60 s; usually <= 6"."""


@dataclass(frozen=True, slots=True)
class Incident:
    """Flagged rows of one culprit and one family, merged while the gaps are short."""

    id: int
    """1-based, unique within a capture; the same id with more packets replaces the earlier value."""
    family: str
    """Name in `detect.families`, or "unusual"."""
    start_ns: int
    end_ns: int
    culprit: str
    """Address as text."""
    peers: tuple[str, ...]
    """Addresses, most flagged rows first, at most 10."""
    packets: int
    """Flagged rows so far."""
    severity: int
    """0 to 100."""
    sentence: str
    reasons: tuple[Reason, ...]
    first_packet_id: int
    announced: int
    """How many times it is worth telling a person: grows at the opening, then at tenfold growth or after 10 min."""
    model_id: int
    """Model in force when it opened; 0 = rules only."""
    opened_ns: int = 0
    """When its evidence sufficed: its delay is counted from `start_ns`."""
    timeline: tuple[int, ...] = ()
    """Flagged rows in equal steps from `start_ns` on; see `detect.timeline`."""
    step_s: float = 0.0
    """Seconds of each step."""
    looks_like: str = ""
    """What more than half of its rows look like to a classifier, in words; empty = nothing."""

    @property
    def delay_s(self) -> float:
        """From its first flagged row to its opening."""
        return max(self.opened_ns - self.start_ns, 0) / 1e9


@dataclass(frozen=True, slots=True)
class ModelState:
    """Where the model stands."""

    learned: int = 0
    """Rows admitted so far; below `needed` rules alone flag."""
    needed: int = 3_000
    learned_s: float = 0.0
    """Live: seconds learned from so far; below `needed_s`, too, rules alone flag."""
    needed_s: float = 0.0
    model_id: int = 0
    """Number of the model in force; 0 = none yet."""
    rows: int = 0
    """Rows the model in force was fitted on."""
    fitted_at_ns: int = 0
    """Capture time of the last fit."""
    fit_ms: float = 0.0
    refits: int = 0
    window_rows: int = 0
    """Rows in the rolling window now."""
    early: bool = False
    """The model in force ranks what comes, but knows too little to flag it."""
    network_s: float = 0.0
    """Live: seconds of traffic learned from on this network, also before this capture."""
    network_needed_s: float = 0.0
    """Below it, what the model calls unusual may only be new to it; 0 = of a file."""
    line: int = 0
    """Severity that an incident needs to be told, as the alert budget stands; 0 = not known yet."""
    record: ModelRecord | None = None
    """What it takes to fit the model in force again."""
    network: str = ""
    """Live: name of the network's baseline, see `baseline.KnownNetwork.key`; empty = not known."""

    @property
    def speaks(self) -> bool:
        """Whether there is a model that may flag rows."""
        return self.model_id > 0 and not self.early

    @property
    def learning(self) -> bool:
        """Whether what is said should be taken for what a newcomer says."""
        return not self.speaks or self.network_s < self.network_needed_s

    @property
    def learning_share(self) -> float:
        """How far learning is, 0 to 1: until the model may flag, then until it knows its network."""
        if self.speaks:
            return min(self.network_s / self.network_needed_s, 1.0) if self.network_needed_s else 1.0
        return min(1.0, self._rows_share, self._time_share)

    @property
    def learning_words(self) -> str:
        """The same in numbers, of what is missing most: "1,204 of 3,000 packets", "41 of 60 s", "12 of 30 minutes"."""
        if self.speaks:
            return f"{self.network_s // 60:,.0f} of {self.network_needed_s / 60:,.0f} minutes"
        if self._time_share < self._rows_share:
            return f"{min(self.learned_s, self.needed_s):,.0f} of {self.needed_s:,.0f} s"
        return f"{min(self.learned, self.needed):,} of {self.needed:,} packets"

    @property
    def _rows_share(self) -> float:
        # Never quite all of them before the first fit.
        return min(self.learned / max(self.needed - 1, 1), 1.0)

    @property
    def _time_share(self) -> float:
        return self.learned_s / self.needed_s if self.needed_s else 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """What one step of the detector said of the rows it was given.

    Arrays over all rows of the step have shape (rows,); those over flagged rows have shape (flagged, 3), most telling
    first, feature -1 = fewer reasons than three.
    """

    first_id: int
    score: NDArray[np.float32]
    """High = anomalous, 1.0 = threshold of the model; NaN where nothing is known yet and no rule fired."""
    verdict: NDArray[np.uint8]
    """`packets.log.Verdict` bits."""
    family: NDArray[np.uint8]
    """Index in `detect.families.FAMILIES`, 0 = none."""
    incident: NDArray[np.int32]
    """Incident id, 0 = none."""
    flagged_ids: NDArray[np.int64]
    """(flagged,) ascending packet_ids."""
    reason_features: NDArray[np.int16]
    """Index in `features.FEATURES`."""
    reason_values: NDArray[np.float32]
    """In the feature's unit."""
    reason_usual: NDArray[np.float32]
    """The reference's 99 % value in the feature's unit, NaN = no reference yet."""
    incidents: tuple[Incident, ...] = ()
    """Incidents opened or changed in this step."""
    joined_ids: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    """Earlier rows that an incident claimed when it opened."""
    joined_incident: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    """Incident id of each of `joined_ids`."""
    model: ModelState = ModelState()
    ids: NDArray[np.int64] | None = None
    """(rows,) packet_ids, ascending; None = consecutive from `first_id`."""
    corrected_ids: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    """(corrected,) ascending packet_ids of flagged rows of which a person's label speaks."""
    corrected_by: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    """(corrected,) the label's number, negative where it says suspicious."""
    plain_score: NDArray[np.float32] = field(default_factory=lambda: np.empty(0, np.float32))
    """(corrected,) what they score without it."""
    plain_verdict: NDArray[np.uint8] = field(default_factory=lambda: np.empty(0, np.uint8))
    """(corrected,) what is said of them without it."""
    reason_ends: NDArray[np.int8] | None = None
    """Which end of the row is told of: 0 = source, 1 = destination, -1 = neither; None = of none."""
    label: Looks = field(default_factory=Looks)
    """Rows that look like what a person labelled."""
    application: Looks = field(default_factory=Looks)
    """Rows that behave like an application which their protocol leaves open."""

    def __len__(self) -> int:
        return len(self.score)

    @property
    def row_ids(self) -> NDArray[np.int64]:
        """(rows,) packet_id of every row."""
        if self.ids is not None:
            return self.ids
        return np.arange(self.first_id, self.first_id + len(self), dtype=np.int64)

    def rows_of(self, packet_ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Row of each of `packet_ids`, all of which must be here."""
        return packet_ids - self.first_id if self.ids is None else np.searchsorted(self.ids, packet_ids)

    def spread(self, start_id: int, stop_id: int) -> Detection:
        """The same of every packet from `start_id` to before `stop_id`: those left out are skipped ones."""
        at = self.row_ids - start_id
        rows = stop_id - start_id

        def scattered(values: NDArray[Any], filler: float) -> NDArray[Any]:
            out = np.full(rows, filler, values.dtype)
            out[at] = values
            return out

        return replace(
            self,
            first_id=start_id,
            ids=None,
            score=scattered(self.score, np.nan),
            verdict=scattered(self.verdict, Verdict.SKIPPED),
            family=scattered(self.family, 0),
            incident=scattered(self.incident, 0),
        )
